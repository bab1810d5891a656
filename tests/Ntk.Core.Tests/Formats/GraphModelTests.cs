using Ntk.Core.Formats;
using Ntk.Core.Formats.Protos;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using Xunit;

namespace Ntk.Core.Tests.Formats;

/// <summary>Whole models: outputs, kernels, names and trainable flags as TensorFlow has them.</summary>
public sealed class GraphModelTests
{
    public static TheoryData<string, NtkPrecision> Models => new(
        new[] { "tied_module", "tied_module_text", "mlp_module", "unsigned_module", "frozen", "frozen_loop", "tf1_res", "tf1_loop" }.SelectMany(m => new[] { (m, NtkPrecision.Single), (m, NtkPrecision.Double) }));

    private static NtkModel Import(string name, ImportOptions? options = null)
    {
        string graph = Path.Combine(GraphFixtures.PathOf(name), "graph.pb");
        return ModelImporter.Import(File.Exists(graph) ? graph : GraphFixtures.PathOf(name), options);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void OutputsAndKernelsAreTensorFlows(string name, NtkPrecision precision) =>
        GraphFixtures.AssertAgrees(Import(name), Path.Combine(GraphFixtures.PathOf(name), "data.npz"), precision);

    [Fact]
    public void VariablesOfOneNameTakeTheObjectGraphsPath() =>
        Assert.Equal(["layers/0/b", "layers/0/w", "layers/1/b", "layers/1/w", "layers/2/b", "layers/2/w"], Import("mlp_module").Parameters.Select(p => p.Name).Order());

    [Fact]
    public void TrainableFlagsComeFromTheObjectGraph() =>
        Assert.Equal(["scale"], Import("tied_module").Parameters.Where(p => !p.Trainable).Select(p => p.Name));

    [Fact]
    public void TrainableFlagsOfTensorFlow1ComeFromItsCollection()
    {
        NtkModel model = Import("tf1_res");
        Assert.Equal(["moving_mean"], model.Parameters.Where(p => !p.Trainable).Select(p => p.Name));
        Assert.Equal([3, 5], model.Parameters.Single(p => p.Name == "part/w/part_1").Shape!);
    }

    [Fact]
    public void PartsOfAPartitionedVariableHaveTheirOwnValues()
    {
        NtkParameter[] parts = Import("tf1_res").Parameters.Where(p => p.Name.StartsWith("part/", StringComparison.Ordinal)).ToArray();
        Assert.Equal(2, parts.Length);
        Assert.NotEqual(GraphFixtures.Elements(parts[0].Value!), GraphFixtures.Elements(parts[1].Value!));
    }

    [Fact]
    public void AnotherSignatureCanBeChosen()
    {
        NtkModel model = Import("tf1_res", new ImportOptions { Signature = "other" });
        Assert.Equal("z", Assert.Single(model.Outputs).Name);
    }

    [Fact]
    public void WithoutASignatureTheModelsCallIsTaken()
    {
        NtkModel model = Import("unsigned_module");
        Assert.Equal(["answer", "hidden"], model.Outputs.Select(o => o.Name));
        Assert.Equal("x", Assert.Single(model.Inputs).Name);
        Assert.Equal(["first/b", "first/w", "scale", "second/b", "second/w"], model.Parameters.Select(p => p.Name).Order());
        Assert.Equal(["scale"], model.Parameters.Where(p => !p.Trainable).Select(p => p.Name));
    }

    [Theory]
    [InlineData("embed", "x", "output_0", 2)]
    [InlineData("second.__call__", "h", "output_0", 2)]
    [InlineData("similarity", "a, b", "output_0", 2)]
    public void AnyFunctionCanBeChosen(string function, string inputs, string output, int parameters)
    {
        NtkModel model = Import("unsigned_module", new ImportOptions { Signature = function });
        Assert.Equal(inputs, string.Join(", ", model.Inputs.Select(i => i.Name)));
        Assert.Equal(output, Assert.Single(model.Outputs).Name);
        Assert.Equal(parameters, model.Parameters.Count);
        Assert.Contains(function, ModelOutline.Signatures(GraphFixtures.PathOf("unsigned_module")));
        Assert.Equal(inputs, string.Join(", ", ModelOutline.Inputs(GraphFixtures.PathOf("unsigned_module"), function)));
    }

    [Fact]
    public void AFunctionGivesWhatTheWholeModelGivesThere()
    {
        using var file = new NpzFile(Path.Combine(GraphFixtures.PathOf("unsigned_module"), "data.npz"));
        NtkTensor x = file.Read("x"), embedded = NtkEngine.Run(Import("unsigned_module", new ImportOptions { Signature = "embed" }), [x], new RunOptions())[0];
        Assert.Equal(NtkEngine.Run(Import("unsigned_module"), [x], new RunOptions())[1].ToFlatArray(), embedded.ToFlatArray());
    }

    [Fact]
    public void ConstantsOfAFrozenGraphAreItsParameters()
    {
        NtkModel model = Import("frozen");
        Assert.Equal(6, model.Parameters.Count);
        Assert.All(model.Parameters, p => Assert.True(p.Trainable));
        Assert.Equal("GraphDef", model.Format);
    }

    [Theory]
    [InlineData("frozen")]
    [InlineData("frozen_loop")]
    [InlineData("tf1_res")]
    public void ShapesThatTheFileDoesNotSayAreFoundOut(string name)
    {
        NtkModel model = Import(name);
        using var file = new NpzFile(Path.Combine(GraphFixtures.PathOf(name), "data.npz"));
        int[] expected = file.Read("y").Shape;
        expected[0] = -1;
        Assert.Equal(expected, model.Outputs[0].Shape);
    }

    [Fact]
    public void AGraphCanBeCutAtNamedTensors()
    {
        NtkModel whole = Import("mlp_module");
        NtkModel cut = Import("mlp_module", new ImportOptions { OutputTensors = ["MatMul_1:0"] });
        Assert.Equal("MatMul_1", Assert.Single(cut.Outputs).Name);
        Assert.True(cut.Parameters.Count < whole.Parameters.Count);
        NtkTensor x = GraphFixtures.Tensor([2, 5], i => i);
        NtkTensor hidden = NtkEngine.Run(cut, [x], new RunOptions())[0];
        NtkModel rest = Import("mlp_module", new ImportOptions { InputTensors = ["MatMul_1"] });
        Assert.Equal("MatMul_1", Assert.Single(rest.Inputs).Name);
        GraphFixtures.AssertClose(NtkEngine.Run(whole, [x], new RunOptions())[0], NtkEngine.Run(rest, [hidden], new RunOptions())[0], 1e-6);
    }

    [Fact]
    public void AConstantThatWaitsForAnInputDoesNotNeedIt()
    {
        using var fixtures = new GraphFixtures();
        NodeDef scale = GraphFixtures.Constant("scale", [2], 2, 3);
        scale.Input.Add("^seal");
        var yes = new TensorProto { Dtype = DataType.DtBool, TensorShape = new TensorShapeProto(), BoolVal = { true } };
        string path = fixtures.Write(new GraphDef
        {
            Node =
            {
                GraphFixtures.Placeholder("x"), GraphFixtures.Placeholder("other"), GraphFixtures.Node("seal", "NoOp", ["^other"]), scale,
                GraphFixtures.Node("yes", "Const", [], ("value", yes), ("dtype", DataType.DtBool)), GraphFixtures.Node("switch", "Switch", ["x", "yes"]),
                GraphFixtures.Node("taken", "Exp", ["switch:1"]), GraphFixtures.Node("dead", "Neg", ["switch"]), GraphFixtures.Node("merge", "Merge", ["dead", "taken"]),
                GraphFixtures.Node("y", "Mul", ["merge", "scale"]),
            },
        });
        NtkModel model = NtkEngine.Import(path, new ImportOptions { InputTensors = ["x"], OutputTensors = ["y"] });
        Assert.Equal("x", Assert.Single(model.Inputs).Name);
        NtkTensor y = NtkEngine.Run(model, [GraphFixtures.Tensor([1, 2], i => i)], new RunOptions())[0];
        GraphFixtures.AssertClose(GraphFixtures.Tensor([1, 2], i => i == 0 ? 2 : 3 * MathF.E), y, 1e-6);
    }

    // TensorFlow's rule: up to version 21 an empty shape means an open one; tools that rewrite graphs leave the version out.
    [Theory]
    [InlineData(0, true)]
    [InlineData(21, true)]
    [InlineData(22, false)]
    public void AnOldPlaceholderWithoutSizesTakesAnyShape(int version, bool isOpen)
    {
        using var fixtures = new GraphFixtures();
        NodeDef x = GraphFixtures.Node("x", "Placeholder", [], ("dtype", DataType.DtFloat), ("shape", new TensorShapeProto()));
        NtkModel model = NtkEngine.Import(fixtures.Write(new GraphDef { Node = { x, GraphFixtures.Node("y", "Exp", ["x"]) }, Versions = new VersionDef { Producer = version } }), new ImportOptions());
        Assert.Equal(isOpen ? null : [], model.Inputs[0].Shape);
        if (isOpen)
        {
            Assert.Equal([2, 3], NtkEngine.Run(model, [GraphFixtures.Tensor([2, 3], i => i)], new RunOptions())[0].Shape);
        }
    }

    [Fact]
    public void WhatATrainingGraphRecordsIsNoOutput()
    {
        using var fixtures = new GraphFixtures();
        var text = new TensorProto { Dtype = DataType.DtString, TensorShape = new TensorShapeProto(), StringVal = { Google.Protobuf.ByteString.CopyFromUtf8("mean") } };
        NtkModel model = NtkEngine.Import(fixtures.Write(new GraphDef
        {
            Node =
            {
                GraphFixtures.Placeholder("x"), GraphFixtures.Node("y", "Exp", ["x"], ("T", DataType.DtFloat)), GraphFixtures.Node("tag", "Const", [], ("value", text), ("dtype", DataType.DtString)),
                GraphFixtures.Node("mean", "ScalarSummary", ["tag", "y"], ("T", DataType.DtFloat)), GraphFixtures.Node("spread", "HistogramSummary", ["tag", "y"], ("T", DataType.DtFloat)),
                GraphFixtures.Node("all", "MergeSummary", ["mean"], ("N", 1L)), GraphFixtures.Node("file", "Identity", ["tag"], ("T", DataType.DtString)),
                GraphFixtures.Node("result", "Neg", ["y"], ("T", DataType.DtFloat)),
            },
        }), new ImportOptions());
        Assert.Equal(["result"], model.Outputs.Select(o => o.Name));
    }
}
