using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Protos;
using static Ntk.Core.Ops.TensorFlow.ElementwiseOps;
using static TorchSharp.torch;
using Layout = Ntk.Core.Ops.TensorFlow.ConvolutionOps.Layout;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>TensorFlow's gradients of single ops, which a graph holds where its author differentiated within the model.</summary>
internal static class GradientOps
{
    private const double SeluAlpha = 1.6732632423543772848170429916717;
    private const double SeluScale = 1.0507009873554804934193349852946;

    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        // Given the gradient and the op's operand or output.
        Two("ReluGrad", (g, x) => g * Positive(x)), Two("Relu6Grad", (g, x) => g * Positive(x) * Holds(Lax.Less(x, Lax.ScalarLike(x, 6)), x)),
        Two("EluGrad", (g, y) => g * Lax.Select(Negative(y), y + 1, Lax.ScalarLike(y, 1))),
        Two("SeluGrad", (g, y) => g * Lax.Select(Negative(y), y + (SeluAlpha * SeluScale), Lax.ScalarLike(y, SeluScale))),
        new("LeakyReluGrad", c => c[0] * Lax.Select(Lax.Greater(c[1], Lax.ScalarLike(c[1], 0)), Lax.ScalarLike(c[1], 1), Lax.ScalarLike(c[1], c.Float("alpha", 0.2f)))),
        Two("SoftplusGrad", (g, x) => g * Lax.Sigmoid(x)), Two("SoftsignGrad", (g, x) => g / Lax.Square(Lax.Abs(x) + 1)),
        // Given the op's output and the gradient.
        Two("SigmoidGrad", (y, g) => g * (y * (1 - y))), Two("TanhGrad", (y, g) => g * (1 - Lax.Square(y))),
        Two("SqrtGrad", (y, g) => g * 0.5 / y), Two("RsqrtGrad", (y, g) => g * (y * y * y * -0.5)), Two("ReciprocalGrad", (y, g) => -(g * y * y)), Two("InvGrad", (y, g) => -(g * y * y)),
        new("BiasAddGrad", BiasAdd), new("BroadcastGradientArgs", Broadcast, "r0", "r1"),
        new("StridedSliceGrad", StridedSlice), new("MirrorPadGrad", MirrorPad),
        new("AvgPoolGrad", c => AveragePool(c, 2)), new("AvgPool3DGrad", c => AveragePool(c, 3)),
        new("MaxPoolGrad", c => MaxPool(c, 2, c.Ints("ksize"), c.Ints("strides"))), new("MaxPool3DGrad", c => MaxPool(c, 3, c.Ints("ksize"), c.Ints("strides"))),
        new("MaxPoolGradV2", c => MaxPool(c, 2, c.Known(3), c.Known(4))),
        new("ResizeBilinearGrad", c => Resize(c, Interpolation.Linear, c[1].Shape[1..3])), new("ResizeBicubicGrad", c => Resize(c, Interpolation.Cubic, c[1].Shape[1..3])),
        new("ResizeNearestNeighborGrad", c => Resize(c, Interpolation.Nearest, c.Known(1))),
        new("Conv2DBackpropFilter", c => Filter(c, 2)), new("Conv3DBackpropFilterV2", c => Filter(c, 3)),
    ];

    private static Value Holds(Value condition, Value like) => Lax.Cast(condition, like.DType);

    private static Value Positive(Value x) => Holds(Lax.Greater(x, Lax.ScalarLike(x, 0)), x);

    private static Value Negative(Value y) => Lax.Less(y, Lax.ScalarLike(y, 0));

    private static OpResult BiasAdd(OpContext c)
    {
        bool first = c.Choice("data_format", "NHWC", "NHWC", "NCHW").StartsWith("NC", StringComparison.Ordinal);
        int channels = first ? 1 : c[0].Rank - 1;
        return Lax.Sum(c[0], Enumerable.Range(0, c[0].Rank).Where(a => a != channels).Select(a => (long)a).ToArray());
    }

    // BroadcastGradientArgs(s0, s1): along which axes each of two operands that broadcast together was repeated.
    private static OpResult Broadcast(OpContext c)
    {
        long[] a = c.Known(0), b = c.Known(1), all = Shapes.Broadcast(a, b);
        Value Repeated(long[] own) => ShapeOps.Vector(c[0], Enumerable.Range(0, all.Length).Where(i => i < all.Length - own.Length || own[i - (all.Length - own.Length)] == 1).Select(i => (long)i).ToArray());
        return new[] { Repeated(a), Repeated(b) };
    }

    // StridedSliceGrad(shape, begin, end, strides, dy; the masks of StridedSlice)
    private static OpResult StridedSlice(OpContext c)
    {
        SlicingOps.Masks masks = SlicingOps.Masks.Of(c);
        (long[] begin, long[] end, long[] strides) = (c.Known(1), c.Known(2), c.Known(3));
        return Lax.LinearAdjoint("strided_slice", (x, _) => SlicingOps.Piece(x, begin, end, strides, masks), c.Known(0), c[4]);
    }

    private static OpResult MirrorPad(OpContext c)
    {
        long[] flat = c.Known(1), low = flat.Where((_, i) => i % 2 == 0).ToArray(), high = flat.Where((_, i) => i % 2 == 1).ToArray();
        bool symmetric = c.Choice("mode", "", "REFLECT", "SYMMETRIC") == "SYMMETRIC";
        return Lax.LinearAdjoint("mirror_pad", (x, _) => Lax.MirrorPad(x, low, high, symmetric), c[0].Shape.Select((d, i) => d - low[i] - high[i]).ToArray(), c[0]);
    }

    // AvgPoolGrad(orig_input_shape, grad)
    private static OpResult AveragePool(OpContext c, int spatial)
    {
        Layout layout = Layout.Of(c, spatial);
        long[] window = layout.SpatialOf(c.Ints("ksize"), "ksize"), strides = layout.SpatialOf(c.Ints("strides"), "strides");
        bool same = c.Choice("padding", "VALID", "SAME", "VALID") == "SAME";
        return Lax.LinearAdjoint("avg_pool", (x, _) => layout.FromLast(Lax.AveragePool(layout.ToLast(x), window, strides, same)), c.Known(0), c[1]);
    }

    // MaxPoolGrad(orig_input, orig_output, grad): the places of the largest elements count as constants.
    private static OpResult MaxPool(OpContext c, int spatial, long[] size, long[] steps)
    {
        Layout layout = Layout.Of(c, spatial);
        PoolingOps.Window window = PoolingOps.Window.Of(c, layout, size, steps);
        Value places = Lax.MaxPoolPlaces(window.Pad(layout.ToLast(c[0])), window.Size, window.Strides, window.Same);
        return Lax.LinearAdjoint("max_pool", (x, read) => layout.FromLast(Lax.MaxPoolAt(window.Pad(layout.ToLast(x)), read[0], window.Size, window.Strides, window.Same)), c[0].Shape, c[2], places);
    }

    private static OpResult Resize(OpContext c, Interpolation interpolation, long[] from)
    {
        bool corners = c.Bool("align_corners"), centers = c.Bool("half_pixel_centers");
        long[] g = c[0].Shape;
        return Lax.LinearAdjoint("resize", (x, _) => Lax.Resize(x, g[1], g[2], interpolation, corners, centers), [g[0], .. from, g[3]], c[0]);
    }

    // Conv2DBackpropFilter(input, filter_sizes, out_backprop): a convolution whose channels are the examples; strides and dilations change places.
    private static OpResult Filter(OpContext c, int spatial)
    {
        Layout layout = Layout.Of(c, spatial);
        Value x = layout.ToLast(c[0]), rows = layout.ToLast(c[2]);
        long[] sizes = c.Known(1);
        if (sizes[^2] != x.Shape[^1])
        {
            throw OpContext.Unsupported("the gradient of a grouped convolution's filter");
        }
        var g = ConvolutionOps.Geometry(c, layout, x.Shape.AsSpan()[1..^1], sizes.AsSpan()[..spatial], 1);
        // What the last window leaves over is cut off, so that the result has the filter's size.
        long[] high = g.High.Select((h, i) => ((sizes[i] - 1) * g.Dilations[i]) + ((rows.Shape[i + 1] - 1) * g.Strides[i]) + 1 - x.Shape[i + 1] - g.Low[i]).ToArray();
        for (int i = 0; i < spatial; i++)
        {
            x = high[i] < 0 ? Lax.SliceAxis(x, i + 1, 0, x.Shape[i + 1] + high[i]) : x;
        }
        var turned = new Autodiff.Primitives.ConvolutionGeometry(g.Dilations, g.Strides, g.Low, high.Select(h => Math.Max(h, 0)).ToArray(), 1);
        // (Cin, spatial, N) with (spatial, N, Cout) → (Cin, window, Cout)
        Value result = Lax.Convolution(Lax.SwapAxes(x, 0, -1), Lax.MoveAxis(rows, 0, -2), turned);
        return Lax.MoveAxis(result, 0, -2);
    }
}
