using Google.Protobuf;
using Ntk.Core.Formats;
using Ntk.Core.Formats.Protos;
using Xunit;
using static Ntk.Core.Tests.Formats.GraphFixtures;

namespace Ntk.Core.Tests.Formats;

/// <summary>A survey lists what a model uses, and agrees with the import on what stands in the way.</summary>
public sealed class ModelSurveyTests : IDisposable
{
    private readonly GraphFixtures _fixtures = new();

    public void Dispose() => _fixtures.Dispose();

    public static TheoryData<string> Models => new("keras2/small_fcn/saved_model", "keras2/small_fcn/model.keras", "keras2/small_fcn/model.h5", "keras2/frozen_graph/frozen.pb",
        "keras2/function_f5/saved_model", "keras2/cond_module/saved_model", "graphs/tf1_loop", "graphs/frozen_loop/graph.pb", "graphs/tf1_res", "tfjs/control", "tfjs/functional/model.json");

    private static NtkModelPart[] Survey(string path, ImportOptions? options = null) => [.. ModelImporter.Survey(path, options)];

    private NtkModelPart[] Survey(GraphDef graph)
    {
        string path = _fixtures.Write(graph);
        NtkModelPart[] parts = Survey(path);
        Assert.All(parts, p => Assert.Equal(path, p.Path));
        return parts;
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void WhatImportsHasNothingInTheWay(string file)
    {
        NtkModelPart[] parts = Survey(Repository.Fixture(file));
        Assert.NotEmpty(parts);
        Assert.All(parts, p => Assert.True(p.Supported, p.ToString()));
        Assert.All(parts.Where(p => p.Reason is not null), p => Assert.Contains("never met", p.Reason, StringComparison.Ordinal));
        Assert.Equal(parts.Length, parts.Select(p => p.Name).Distinct().Count());
    }

    [Fact]
    public void LayersAreCountedByClass()
    {
        foreach (string file in new[] { "model.keras", "model.h5" })
        {
            NtkModelPart[] parts = Survey(Repository.Fixture("keras2", "small_fcn", file));
            Assert.Equal(3, Assert.Single(parts, p => p.Name == "Dense").Count);
            Assert.Equal("dense", Assert.Single(parts, p => p.Name == "Dense").Node);
            Assert.Equal("flatten", Assert.Single(parts, p => p.Name == "Flatten").Node);
        }
    }

    [Fact]
    public void OpsAreCountedAndObstaclesComeFirst()
    {
        NtkModelPart[] parts = Survey(new GraphDef
        {
            Node =
            {
                Placeholder("x"), Node("a", "Relu", ["x"]), Node("first", "NonMaxSuppressionV9", ["a"]), Node("second", "NonMaxSuppressionV9", ["first"]),
                Node("table", "LookupTableFindV2", ["second"]), Node("b", "Relu", ["table"]), Node("aside", "Sort9", ["x"]), Node("y", "Relu", ["b"]), Node("used", "NoOp", ["^aside"]),
            },
        });
        // What the output does not need is not asked for.
        Assert.Equal(["LookupTableFindV2", "NonMaxSuppressionV9"], parts.Where(p => !p.Supported).Select(p => p.Name));
        Assert.Equal([1, 2], parts[..2].Select(p => p.Count));
        Assert.Equal("first", parts[1].Node);
        Assert.Contains("text", parts[0].Reason, StringComparison.Ordinal);
        Assert.Equal(3, Assert.Single(parts, p => p.Name == "Relu").Count);
    }

    [Fact]
    public void AnAttributeThatCannotBeIsFoundByRunning()
    {
        NtkModelPart[] parts = Survey(new GraphDef { Node = { Placeholder("x"), Node("y", "LeakyRelu", ["x"], ("alpha", 0.1f), ("leak_differently", "yes")) } });
        // Without a shape nothing is run.
        Assert.All(parts, p => Assert.True(p.Supported));
        NodeDef input = Node("x", "Placeholder", [], ("dtype", DataType.DtFloat));
        input.Attr["shape"] = new AttrValue { Shape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dim { Size = -1 }, new TensorShapeProto.Types.Dim { Size = 3 } } } };
        parts = Survey(new GraphDef { Node = { input, Node("y", "LeakyRelu", ["x"], ("alpha", 0.1f), ("leak_differently", "yes")) } });
        NtkModelPart obstacle = Assert.Single(parts, p => !p.Supported);
        Assert.Equal("LeakyRelu", obstacle.Name);
        Assert.Contains("leak_differently", obstacle.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void ABranchCountsWhereItIsTaken(bool condition, bool supported)
    {
        NodeDef input = Node("x", "Placeholder", [], ("dtype", DataType.DtFloat));
        input.Attr["shape"] = new AttrValue { Shape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dim { Size = 3 } } } };
        var known = new TensorProto { Dtype = DataType.DtBool, TensorShape = new TensorShapeProto(), BoolVal = { condition } };
        NodeDef choice = Node("y", "If", ["c", "x"]);
        choice.Attr["then_branch"] = new AttrValue { Func = new NameAttrList { Name = "good" } };
        choice.Attr["else_branch"] = new AttrValue { Func = new NameAttrList { Name = "bad" } };
        FunctionDef Function(string name, string op) => new()
        {
            Signature = new OpDef { Name = name, InputArg = { new OpDef.Types.ArgDef { Name = "a" } }, OutputArg = { new OpDef.Types.ArgDef { Name = "b" } } },
            NodeDef = { Node("n", op, ["a"]) },
            Ret = { ["b"] = "n:out:0" },
        };
        NtkModelPart[] parts = Survey(new GraphDef
        {
            Node = { input, Node("c", "Const", [], ("value", known), ("dtype", DataType.DtBool)), choice },
            Library = new FunctionDefLibrary { Function = { Function("good", "Relu"), Function("bad", "NoSuchOp") } },
        });
        Assert.Equal(supported, Assert.Single(parts, p => p.Name == "NoSuchOp").Supported);
        Assert.NotNull(Assert.Single(parts, p => p.Name == "NoSuchOp").Reason);
        Assert.True(Assert.Single(parts, p => p.Name == "Relu").Supported);
    }

    [Fact]
    public void LayersThatAreCodeAreListedWithTheOthers()
    {
        static string Layer(string kind, string name, string config = "") => $$$"""{"class_name": "{{{kind}}}", "config": {"name": "{{{name}}}"{{{config}}} } }""";
        string layers = string.Join(",", Layer("InputLayer", "in", """, "batch_input_shape": [null, 4]"""), Layer("Lambda", "f"), Layer("ReLU", "r"), Layer("Lambda", "g"),
            Layer("Mine", "m"), Layer("Flatten", "flat", """, "unheard_of": 3"""));
        File.WriteAllText(_fixtures.New("model.json"), $$$"""
            {"modelTopology": {"class_name": "Sequential", "config": {"name": "s", "layers": [{{{layers}}}]}, "keras_version": "2.15.0"}, "weightsManifest": []}
            """);
        NtkModelPart[] parts = Survey(_fixtures.New("model.json"));
        Assert.Equal(["Flatten", "Lambda", "Mine"], parts.Where(p => !p.Supported).Select(p => p.Name));
        Assert.Equal(2, parts[1].Count);
        Assert.Equal("f", parts[1].Node);
        Assert.Contains("never executed", parts[1].Reason, StringComparison.Ordinal);
        Assert.Contains("unheard_of", parts[0].Reason, StringComparison.Ordinal);
        Assert.True(Assert.Single(parts, p => p.Name == "ReLU").Supported);
        NtkException error = Assert.Throws<NtkException>(() => ModelImporter.Import(_fixtures.New("model.json")));
        Assert.All(parts.Where(p => !p.Supported), p => Assert.Contains(p.Name, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void ADamagedFileIsAnError()
    {
        File.WriteAllBytes(_fixtures.New("a.keras"), [1, 2, 3]);
        Assert.Equal(NtkErrorId.FileCorrupt, Assert.Throws<NtkException>(() => Survey(_fixtures.New("a.keras"))).ErrorId);
    }
}
