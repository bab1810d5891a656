using Ntk.Core.Formats;
using Ntk.Core.Formats.Protos;
using Ntk.Core.Kernels;
using Xunit;
using static Ntk.Core.Tests.Formats.GraphFixtures;

namespace Ntk.Core.Tests.Formats;

/// <summary>TF 1's placeholders beside the data take values, and random numbers count only where the outputs depend on them.</summary>
public sealed class FeedTests : IDisposable
{
    private static readonly float[] s_weights = [.5f, -1, 2, .25f, 1, -.75f];
    private static readonly TensorShapeProto s_scalar = new(), s_two = new() { Dim = { new TensorShapeProto.Types.Dim { Size = -1 }, new TensorShapeProto.Types.Dim { Size = 2 } } };

    private readonly GraphFixtures _fixtures = new();

    public void Dispose() => _fixtures.Dispose();

    /// <summary>What TensorFlow 1's nn.dropout writes, of its releases before 1.13 and after, and what other libraries make of it.</summary>
    public static TheoryData<string> Dropouts => new("floor", "greater_equal", "select");

    private static NtkTensor Scalar(double value) => NtkTensor.FromArray(new[] { value }, []);

    private static Dictionary<string, NtkTensor> Feeds(string name, double value) => new() { [name] = Scalar(value) };

    // x · W, a dropout, tanh.
    private static GraphDef Dropout(string kind, DataType drawn = DataType.DtFloat)
    {
        NodeDef data = Node("x", "Placeholder", [], ("dtype", DataType.DtFloat), ("shape", s_two));
        NodeDef keep = Node("keep_prob", "Placeholder", [], ("dtype", DataType.DtFloat), ("shape", s_scalar));
        var graph = new GraphDef
        {
            Node =
            {
                data, keep, Constant("w", [2, 3], s_weights), Node("h", "MatMul", ["x", "w"]), Node("shape", "Shape", ["h"]), Node("draw", "RandomUniform", ["shape"], ("dtype", drawn), ("seed", 3L)),
                Constant("range", [], 1), Constant("minval", [], 0), Node("u0", "Cast", ["draw"], ("SrcT", drawn), ("DstT", DataType.DtFloat)), Node("u1", "Mul", ["u0", "range"]), Node("u", "Add", ["u1", "minval"]),
                Node("scaled", "RealDiv", ["h", "keep_prob"]),
            },
        };
        NodeDef[] mask = kind switch
        {
            "floor" => [Node("sum", "Add", ["keep_prob", "u"]), Node("mask", "Floor", ["sum"]), Node("kept", "Mul", ["scaled", "mask"])],
            _ =>
            [
                Constant("one", [], 1), Constant("zero", [], 0), Node("rate", "Sub", ["one", "keep_prob"]), Node("keeps", "GreaterEqual", ["u", "rate"]),
                kind == "select" ? Node("kept", "SelectV2", ["keeps", "scaled", "zero"]) : Node("mask", "Cast", ["keeps"], ("SrcT", DataType.DtBool), ("DstT", DataType.DtFloat)),
                .. kind == "select" ? Array.Empty<NodeDef>() : [Node("kept", "Mul", ["scaled", "mask"])],
            ],
        };
        graph.Node.AddRange(mask);
        graph.Node.Add(Node("y", "Tanh", ["kept"]));
        return graph;
    }

    [Theory]
    [MemberData(nameof(Dropouts))]
    public void ADropoutThatKeepsEverythingIsNone(string kind)
    {
        var plain = new GraphDef { Node = { Placeholder("x"), Constant("w", [2, 3], s_weights), Node("h", "MatMul", ["x", "w"]), Node("y", "Tanh", ["h"]) } };
        NtkModel expected = ModelImporter.Import(_fixtures.Write(plain, "plain.pb"));
        NtkTensor x = Tensor([2, 2], i => (i * .3f) - .4f);
        foreach ((DataType type, string name) in new[] { (DataType.DtFloat, "keep_prob"), (DataType.DtHalf, "keep_prob:0") })
        {
            NtkModel model = ModelImporter.Import(_fixtures.Write(Dropout(kind, type)), new ImportOptions { Feeds = Feeds(name, 1) });
            Assert.Equal("x", Assert.Single(model.Inputs).Name);
            Assert.Equal("w", Assert.Single(model.Parameters).Name);
            foreach (NtkPrecision precision in new[] { NtkPrecision.Single, NtkPrecision.Double })
            {
                var options = new KernelOptions { Precision = precision };
                AssertClose(NtkEngine.EmpiricalNtk(expected, [x], null, options)[0], NtkEngine.EmpiricalNtk(model, [x], null, options)[0], 0);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Dropouts))]
    public void ADropoutThatDropsIsRefused(string kind)
    {
        string path = _fixtures.Write(Dropout(kind));
        foreach (ImportOptions options in new[] { new ImportOptions(), new ImportOptions { Feeds = Feeds("keep_prob", .9999) } })
        {
            NtkException error = Assert.Throws<NtkException>(() => ModelImporter.Import(path, options));
            Assert.Equal(NtkErrorId.UnsupportedModel, error.ErrorId);
            Assert.Contains("'draw' (RandomUniform)", error.Message, StringComparison.Ordinal);
            Assert.Contains("keep_prob the value 1", error.Message, StringComparison.Ordinal);
            Assert.Contains("-Feed", error.Message, StringComparison.Ordinal);
            NtkModelPart part = Assert.Single(ModelImporter.Survey(path, options), p => !p.Supported);
            Assert.Equal("RandomUniform", part.Name);
        }
        Assert.All(ModelImporter.Survey(path, new ImportOptions { Feeds = Feeds("keep_prob", 1) }), p => Assert.True(p.Supported, p.ToString()));
    }

    [Fact]
    public void BoundsGoNoFurtherThanIsSure()
    {
        // Of float32, 1 − 2⁻²³ is drawn, and nothing above; 0 is drawn.
        foreach ((string op, float limit, bool sure) in new (string, float, bool)[]
        {
            ("Less", 1, true), ("Less", 1 - 1.1920929e-7f, false), ("LessEqual", 1 - 1.1920929e-7f, true), ("Greater", 0, false), ("GreaterEqual", 0, true), ("Greater", -1e-30f, true), ("Less", .5f, false),
        })
        {
            var graph = new GraphDef
            {
                Node =
                {
                    Node("x", "Placeholder", [], ("dtype", DataType.DtFloat), ("shape", s_two)), Node("shape", "Shape", ["x"]), Node("draw", "RandomUniform", ["shape"], ("dtype", DataType.DtFloat)),
                    Constant("limit", [], limit), Node("is", op, ["draw", "limit"]), Node("mask", "Cast", ["is"], ("SrcT", DataType.DtBool), ("DstT", DataType.DtFloat)), Node("y", "Mul", ["x", "mask"]),
                },
            };
            string path = _fixtures.Write(graph);
            if (sure)
            {
                NtkTensor x = Tensor([1, 2], i => i + 1);
                AssertClose(x, NtkEngine.Run(ModelImporter.Import(path), [x], new RunOptions())[0], 0);
            }
            else
            {
                Assert.Equal("draw", Assert.Throws<NtkException>(() => ModelImporter.Import(path)).Target);
            }
        }
    }

    [Fact]
    public void ADefaultIsTakenUnlessFed()
    {
        var graph = new GraphDef
        {
            Node =
            {
                Placeholder("x"), Constant("two", [], 2), Node("scale", "PlaceholderWithDefault", ["two"], ("dtype", DataType.DtFloat), ("shape", s_scalar)), Node("y", "Mul", ["x", "scale"]),
            },
        };
        NtkTensor x = Tensor([1, 2], i => i + 1);
        string path = _fixtures.Write(graph);
        AssertClose(Tensor([1, 2], i => 2 * (i + 1)), NtkEngine.Run(ModelImporter.Import(path), [x], new RunOptions())[0], 0);
        AssertClose(Tensor([1, 2], i => 5 * (i + 1)), NtkEngine.Run(ModelImporter.Import(path, new ImportOptions { Feeds = Feeds("scale", 5) }), [x], new RunOptions())[0], 0);
    }

    [Fact]
    public void WhatIsNoPlaceholderOrDoesNotFitIsRefused()
    {
        string path = _fixtures.Write(Dropout("floor"));
        NtkException Refused(string name, NtkTensor value) =>
            Assert.Throws<NtkException>(() => ModelImporter.Import(path, new ImportOptions { Feeds = new Dictionary<string, NtkTensor> { [name] = value } }));
        NtkException unknown = Refused("keep_porb", Scalar(1));
        Assert.Equal(NtkErrorId.TensorNotFound, unknown.ErrorId);
        Assert.Contains("'x' (?, 2) Float32, 'keep_prob' () Float32", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("'w'", Refused("w", Scalar(1)).Message, StringComparison.Ordinal);
        NtkException rank = Refused("keep_prob", NtkTensor.FromArray(new double[] { 1 }));
        Assert.Equal(NtkErrorId.ShapeMismatch, rank.ErrorId);
        Assert.Contains("'keep_prob' () Float32", rank.Message, StringComparison.Ordinal);

        GraphDef flag = Dropout("floor");
        flag.Node.First(n => n.Name == "keep_prob").Attr["dtype"] = new AttrValue { Type = DataType.DtBool };
        path = _fixtures.Write(flag);
        NtkException type = Refused("keep_prob", Scalar(.5));
        Assert.Equal(NtkErrorId.DTypeMismatch, type.ErrorId);
        Assert.Contains("-Feed['keep_prob']", type.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AScalarWithoutValueNamesFeed()
    {
        var graph = new GraphDef
        {
            Node = { Node("x", "Placeholder", [], ("dtype", DataType.DtFloat), ("shape", s_two)), Node("scale", "Placeholder", [], ("dtype", DataType.DtFloat), ("shape", s_scalar)), Node("y", "Mul", ["x", "scale"]) },
        };
        NtkModel model = ModelImporter.Import(_fixtures.Write(graph));
        NtkException error = Assert.Throws<NtkException>(() => Ntk.Core.Tensors.InputBinding.InOrder([Tensor([1, 2], i => i)], model.Inputs, false, "-X1"));
        Assert.Contains("-Feed @{ 'scale' = … }", error.Message, StringComparison.Ordinal);
    }
}
