using Ntk.Core.Formats;
using Ntk.Core.Formats.Protos;
using Ntk.Core.Kernels;
using Ntk.Core.Tests.Formats;
using Xunit;
using static Ntk.Core.Tests.Formats.GraphFixtures;

namespace Ntk.Core.Tests.TensorFlow;

/// <summary>What no fixture can show: layouts that TensorFlow computes on accelerators only, attributes not understood, errors at a node, long chains.</summary>
public sealed class GraphTracerTests : IDisposable
{
    private readonly GraphFixtures _fixtures = new();

    public void Dispose() => _fixtures.Dispose();

    private NtkModel Model(params NodeDef[] nodes) => ModelImporter.Import(_fixtures.Write(new GraphDef { Node = { nodes } }));

    private static NtkTensor Run(NtkModel model, NtkTensor x) => NtkEngine.Run(model, [x], new RunOptions())[0];

    private static TensorProto Integers(params int[] values) => new()
    {
        Dtype = DataType.DtInt32, TensorShape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dim { Size = values.Length } } }, IntVal = { values },
    };

    private static NodeDef Indices(string name, params int[] values) => Node(name, "Const", [], ("value", Integers(values)), ("dtype", DataType.DtInt32));

    private static float Some(long i) => ((i * 37 % 23) - 11) / 7f;

    private static NodeDef Kernel(params long[] shape) => Constant("w", shape, Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(i => Some(i * 5)).ToArray());

    [Fact]
    public void APaddedConvolutionIsPaddingAndConvolution()
    {
        NtkTensor x = Tensor([2, 4, 3, 2], Some);
        var paddings = new TensorProto { Dtype = DataType.DtInt32, TensorShape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dim { Size = 4 }, new TensorShapeProto.Types.Dim { Size = 2 } } }, IntVal = { 0, 0, 1, 2, 2, 0, 0, 0 } };
        NodeDef[] shared = [Placeholder("x"), Kernel(3, 2, 2, 2), Node("p", "Const", [], ("value", paddings), ("dtype", DataType.DtInt32)), Indices("s", 5, 4)];
        (string, object)[] options = [("strides", new long[] { 1, 2, 1, 1 }), ("padding", "VALID")];
        NtkTensor Of(params NodeDef[] nodes) => Run(Model([.. shared, .. nodes]), x);
        NodeDef reflect = Node("r", "MirrorPad", ["x", "p"], ("mode", "REFLECT")), convolve = Node("y", "Conv2D", ["r", "w"], options);
        AssertClose(Of(reflect, convolve), Of(Node("y", "FusedPadConv2D", ["x", "p", "w"], [("mode", "REFLECT"), .. options])), 1e-6);
        AssertClose(Of(Node("z", "ResizeBilinear", ["x", "s"], ("align_corners", true)), Node("r", "MirrorPad", ["z", "p"], ("mode", "REFLECT")), convolve),
            Of(Node("y", "FusedResizeAndPadConv2D", ["x", "s", "p", "w"], [("mode", "REFLECT"), ("resize_align_corners", true), .. options])), 1e-6);
    }

    [Fact]
    public void RowsAreUpdatedAndAddedInPlaceOfOthers()
    {
        NtkTensor x = Tensor([3, 2], Some);
        NodeDef[] shared = [Placeholder("x"), Indices("i", 2, 0), Constant("v", [2, 2], 1, 2, 3, 4)];
        double[] Of(string op) => Elements(Run(Model([.. shared, Node("y", op, ["x", "i", "v"])]), x));
        double[] before = Elements(x);
        Assert.Equal(new double[] { 3, 4, before[2], before[3], 1, 2 }, Of("InplaceUpdate"));
        Assert.Equal(before.Zip(new double[] { 3, 4, 0, 0, 1, 2 }, (a, b) => Math.Round(a + b, 5)), Of("InplaceAdd").Select(a => Math.Round(a, 5)));
        Assert.Equal(before.Zip(new double[] { 3, 4, 0, 0, 1, 2 }, (a, b) => Math.Round(a - b, 5)), Of("InplaceSub").Select(a => Math.Round(a, 5)));
    }

    [Theory]
    [InlineData("BatchMatrixDiag", "MatrixDiag", 2)]
    [InlineData("BatchMatrixDiagPart", "MatrixDiagPart", 3)]
    public void TheFirstReleasesNamesMeanTheSame(string old, string now, int rank)
    {
        NtkTensor x = Tensor(new[] { 2, 3, 3 }[..rank], Some);
        NtkTensor Of(string op) => Run(Model(Placeholder("x"), Node("y", op, ["x"])), x);
        AssertClose(Of(now), Of(old), 1e-7);
    }

    [Theory]
    [InlineData("FFT", 1)]
    [InlineData("IFFT", 1)]
    [InlineData("FFT2D", 2)]
    [InlineData("IFFT2D", 2)]
    [InlineData("FFT3D", 3)]
    [InlineData("IFFT3D", 3)]
    public void TheFirstReleasesTransformsAreTheSums(string op, int axes)
    {
        NtkTensor x = Tensor([2, .. new[] { 3, 2, 5 }[..axes]], Some);
        NtkTensor Of(string name, string part) => Run(Model(Placeholder("x"), Node("s", "Sin", ["x"]), Node("z", "Complex", ["x", "s"]), Node("f", name, ["z"]), Node("y", part, ["f"])), x);
        AssertClose(Of(op, "Real"), Of("Batch" + op, "Real"), 1e-7);
        AssertClose(Of(op, "Imag"), Of("Batch" + op, "Imag"), 1e-7);
        // At frequency zero the real part is the sum, of the inverse the mean.
        double[] values = Elements(x), transformed = Elements(Of("Batch" + op, "Real"));
        int count = values.Length / 2;
        Assert.Equal(values[..count].Sum() / (op[0] == 'I' ? count : 1), transformed[0], 1e-5);
        Assert.Equal(values[count..].Sum() / (op[0] == 'I' ? count : 1), transformed[count], 1e-5);
    }

    [Fact]
    public void WhatABranchDoesNotGiveIsZero()
    {
        var shape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dim { Size = 2 }, new TensorShapeProto.Types.Dim { Size = 3 } } };
        NtkModel model = Model(Placeholder("x"), Node("none", "FakeParam", [], ("shape", shape), ("dtype", DataType.DtFloat)), Node("y", "AddV2", ["x", "none"]));
        AssertClose(Tensor([2, 3], Some), Run(model, Tensor([2, 3], Some)), 0);
        AssertClose(Tensor([2, 3], _ => Some(1)), Run(model, Tensor([1, 1], _ => Some(1))), 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void APieceMayBeginWhereTheDataSayButNotBeAsLong(bool moves)
    {
        // x[:, i : i + 2], and x[:, 0 : i + 2] or rather x[:, 0 · i : i + 2], where i is the index of the largest element.
        NtkModel model = Model(Placeholder("x"), Node("axis", "Const", [], ("value", new TensorProto { Dtype = DataType.DtInt32, IntVal = { 1 } }), ("dtype", DataType.DtInt32)),
            Node("at", "ArgMax", ["x", "axis"], ("output_type", DataType.DtInt32)), Indices("first", 0), Indices("one", 1), Indices("span", 2),
            Node("i", "Slice", ["at", "first", "one"]), Node("end", "AddV2", ["i", "span"]), Node("start", "Mul", ["i", moves ? "one" : "first"]),
            Node("begin", "ConcatV2", ["first", "start", "none"]), Node("stop", "ConcatV2", ["one", "end", "none"]), Node("none", "Const", [], ("value", new TensorProto { Dtype = DataType.DtInt32, IntVal = { 0 } }), ("dtype", DataType.DtInt32)),
            Indices("strides", 1, 1), Node("y", "StridedSlice", ["x", "begin", "stop", "strides"]));
        NtkTensor x = Tensor([1, 5], i => i == 2 ? 9 : i);
        if (!moves)
        {
            NtkException error = Assert.Throws<NtkException>(() => Run(model, x));
            Assert.Contains("each example would have a shape of its own", error.Message, StringComparison.Ordinal);
            return;
        }
        AssertClose(Tensor([1, 2], i => i == 0 ? 9 : 3), Run(model, x), 0);
    }

    [Theory]
    [InlineData("Conv2D", "SAME", 2)]
    [InlineData("Conv2D", "EXPLICIT", 1)]
    [InlineData("DepthwiseConv2dNative", "VALID", 1)]
    [InlineData("MaxPool", "SAME", 2)]
    [InlineData("AvgPool", "SAME", 2)]
    [InlineData("MaxPool", "EXPLICIT", 2)]
    public void ChannelsFirstIsChannelsLastTransposed(string op, string padding, long stride)
    {
        bool pool = op.EndsWith("Pool", StringComparison.Ordinal);
        NodeDef Windowed(string name, string input, bool first) => Node(name, op, pool ? [input] : [input, "w"],
            [
                ("data_format", first ? "NCHW" : "NHWC"), ("padding", padding), ("strides", first ? [1, 1, stride, stride] : new[] { 1, stride, stride, 1 }),
                .. padding == "EXPLICIT" ? new (string, object)[] { ("explicit_paddings", first ? [0L, 0, 0, 0, 1, 0, 0, 1] : new[] { 0L, 0, 1, 0, 0, 1, 0, 0 }) } : [],
                .. pool ? new (string, object)[] { ("ksize", first ? [1L, 1, 3, 2] : new[] { 1L, 3, 2, 1 }) } : [],
            ]);
        NodeDef weights = Kernel(3, 2, 4, 3);
        NtkTensor x = Tensor([2, 7, 6, 4], Some);
        NtkTensor last = Run(Model(Placeholder("x"), weights, Windowed("y", "x", false)), x);
        NtkTensor first = Run(Model(Placeholder("x"), weights, Indices("to", 0, 3, 1, 2), Indices("back", 0, 2, 3, 1), Node("t", "Transpose", ["x", "to"]),
            Windowed("c", "t", true), Node("y", "Transpose", ["c", "back"])), x);
        AssertClose(last, first, 1e-6);
    }

    [Fact]
    public void DilationSpreadsTheKernel()
    {
        NtkTensor x = Tensor([2, 9, 8, 2], Some);
        NtkTensor dilated = Run(Model(Placeholder("x"), Kernel(2, 2, 2, 3), Node("y", "Conv2D", ["x", "w"], ("padding", "SAME"), ("strides", new long[] { 1, 1, 1, 1 }), ("dilations", new long[] { 1, 3, 2, 1 }))), x);
        var spread = new float[4 * 3 * 6];
        for (int i = 0; i < 24; i++)
        {
            // (2, 2) becomes (4, 3) with zeros between.
            spread[(((i / 12 * 3 * 3) + (i / 6 % 2 * 2)) * 6) + (i % 6)] = Some(i * 5);
        }
        NtkTensor wide = Run(Model(Placeholder("x"), Constant("w", [4, 3, 2, 3], spread), Node("y", "Conv2D", ["x", "w"], ("padding", "SAME"), ("strides", new long[] { 1, 1, 1, 1 }))), x);
        AssertClose(wide, dilated, 1e-6);
    }

    [Fact]
    public void GroupsConvolveChannelsApart()
    {
        NtkTensor x = Tensor([1, 4, 4, 4], Some);
        NodeDef Conv(string name, string input, string kernel) => Node(name, "Conv2D", [input, kernel], ("padding", "VALID"), ("strides", new long[] { 1, 1, 1, 1 }));
        NtkTensor grouped = Run(Model(Placeholder("x"), Kernel(2, 2, 2, 6), Conv("y", "x", "w")), x);
        NodeDef axis = Node("axis", "Const", [], ("value", new TensorProto { Dtype = DataType.DtInt32, IntVal = { 3 } }), ("dtype", DataType.DtInt32));
        NtkTensor apart = Run(Model(Placeholder("x"), Kernel(2, 2, 2, 6), axis, Node("xs", "Split", ["axis", "x"], ("num_split", 2L)), Node("ws", "Split", ["axis", "w"], ("num_split", 2L)),
            Conv("a", "xs", "ws"), Conv("b", "xs:1", "ws:1"), Node("y", "ConcatV2", ["a", "b", "axis"])), x);
        AssertClose(apart, grouped, 1e-6);
    }

    [Fact]
    public void AnAttributeThatIsNotUnderstoodIsAnError()
    {
        NtkModel model = Model(Placeholder("x"), Node("y", "Relu", ["x"], ("sparsity", 0.5f)));
        NtkException error = Assert.Throws<NtkException>(() => Run(model, Tensor([2, 2], Some)));
        Assert.Equal(NtkErrorId.UnsupportedModel, error.ErrorId);
        Assert.Contains("sparsity", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMismatchNamesTheNodeAndItsOp()
    {
        NtkModel model = Model(Placeholder("x"), Kernel(3, 2), Node("y", "MatMul", ["x", "w"]));
        NtkException error = Assert.Throws<NtkException>(() => Run(model, Tensor([2, 5], Some)));
        Assert.Equal(NtkErrorId.ShapeMismatch, error.ErrorId);
        Assert.Contains("'y' (MatMul)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AScaleAndShiftAreParametersAndAScalarIsNot()
    {
        NtkModel model = Model(Placeholder("x"), Constant("gamma", [2], 2, 3), Constant("beta", [2], 1), Constant("half", [], 0.5f),
            Node("m", "Mul", ["x", "gamma"]), Node("a", "AddV2", ["m", "beta"]), Node("y", "Mul", ["a", "half"]));
        Assert.Equal(["gamma", "beta"], model.Parameters.Select(p => p.Name));
        Assert.Equal([1.0, 1.0], Elements(model.Parameters[1].Value!));
    }

    [Fact]
    public void ALongChainDoesNotOverflowTheStack()
    {
        const int Length = 100_000;
        var graph = new GraphDef { Node = { Placeholder("x"), Constant("w", [2], 1, 2), Node("n0", "Mul", ["x", "w"]) } };
        for (int i = 1; i <= Length; i++)
        {
            graph.Node.Add(Node($"n{i}", "Identity", [$"n{i - 1}"]));
        }
        AssertClose(Tensor([1, 2], i => 2 * (i + 1)), Run(ModelImporter.Import(_fixtures.Write(graph)), Tensor([1, 2], _ => 2)), 1e-6);
    }

    // while max(y) < 3: y = step(y), in TF 1's nodes.
    private NtkModel DoublingLoop(params NodeDef[] step) => Model([Placeholder("x"), Constant("w", [1], 2), Constant("limit", [], 3), Indices("all", 0, 1),
        Node("in", "Enter", ["x"], ("frame_name", "f")), Node("merge", "Merge", ["in", "next"]), Node("max", "Max", ["merge", "every"]),
        Node("every", "Enter", ["all"], ("frame_name", "f"), ("is_constant", true)), Node("top", "Enter", ["limit"], ("frame_name", "f"), ("is_constant", true)),
        Node("factor", "Enter", ["w"], ("frame_name", "f"), ("is_constant", true)),
        Node("less", "Less", ["max", "top"]), Node("cond", "LoopCond", ["less"]), Node("switch", "Switch", ["merge", "cond"]), .. step,
        Node("next", "NextIteration", ["step"]), Node("y", "Exit", ["switch"])]);

    [Fact]
    public void ALoopRunsAsOftenAsTheDataSay()
    {
        NtkModel model = DoublingLoop(Node("step", "Mul", ["switch:1", "factor"]));
        AssertClose(Tensor([1, 2], _ => 4), Run(model, Tensor([1, 2], _ => 1)), 1e-6);
        AssertClose(Tensor([1, 2], _ => 5), Run(model, Tensor([1, 2], _ => 5)), 1e-6);
        // The batch has one condition: 1, 2 and 1, 1 together take the two steps of the larger.
        AssertClose(Tensor([2, 1], i => i == 0 ? 2 : 4), Run(model, Tensor([2, 1], i => i + 1)), 1e-6);
    }

    [Fact]
    public void ALoopIsDifferentiatedThroughItsSteps()
    {
        NtkModel model = DoublingLoop(Node("step", "Mul", ["switch:1", "factor"]));
        // y = w² x after two steps, so dy/dw = 2 w x = 4.
        AssertClose(Tensor([1, 1], _ => 16), NtkEngine.EmpiricalNtk(model, [Tensor([1, 1], _ => 1)], null, new KernelOptions())[0], 1e-6);
    }

    [Fact]
    public void AShapeThatDependsOnTheNumberOfStepsIsRefused()
    {
        NtkModel model = DoublingLoop(Indices("axis", 1), Node("along", "Enter", ["axis"], ("frame_name", "f"), ("is_constant", true)), Node("twice", "Mul", ["switch:1", "factor"]), Node("step", "ConcatV2", ["twice", "twice", "along"]));
        NtkException error = Assert.Throws<NtkException>(() => Run(model, Tensor([1, 2], _ => 1)));
        Assert.Equal(NtkErrorId.UnsupportedModel, error.ErrorId);
        Assert.Contains("the shape of", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AConditionalOfTf1TakesTheSideThatTheDataSay()
    {
        // sum(x) < 0 ? w · x : √(w · x); on the side not taken the root is NaN, and so would its derivative be.
        NtkModel model = Model(Placeholder("x"), Constant("w", [2], 2), Constant("zero", [], 0), Indices("all", 0, 1), Node("sum", "Sum", ["x", "all"]), Node("less", "Less", ["sum", "zero"]),
            Node("p", "Mul", ["x", "w"]), Node("s", "Switch", ["p", "less"]), Node("root", "Sqrt", ["s"]), Node("same", "Identity", ["s:1"]), Node("y", "Merge", ["root", "same"]));
        AssertClose(Tensor([1, 2], i => i == 0 ? -2 : -8), Run(model, Tensor([1, 2], i => i == 0 ? -1 : -4)), 1e-6);
        AssertClose(Tensor([1, 2], i => i == 0 ? 2 : 4), Run(model, Tensor([1, 2], i => i == 0 ? 2 : 8)), 1e-6);
        NtkTensor Kernel(float a, float b) => NtkEngine.EmpiricalNtk(model, [Tensor([1, 2], i => i == 0 ? a : b)], null, new KernelOptions { TraceAxes = [-1] })[0];
        AssertClose(Tensor([1, 1], _ => (1 + 16) / 2f), Kernel(-1, -4), 1e-6);
        // d√(wx)/dw = x / (2 √(wx))
        AssertClose(Tensor([1, 1], _ => (0.25f + 1) / 2f), Kernel(2, 8), 1e-6);
    }
}
