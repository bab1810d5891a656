using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Convolutions of one to three spatial axes, their transposes, and what windows have in common.</summary>
internal static class ConvolutionOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("Conv2D", c => Convolve(c, 2)), new("Conv3D", c => Convolve(c, 3)),
        new("DepthwiseConv2dNative", Depthwise),
        new("Conv2DBackpropInput", c => Transposed(c, 2, depthwise: false)), new("Conv3DBackpropInputV2", c => Transposed(c, 3, depthwise: false)),
        new("DepthwiseConv2dNativeBackpropInput", c => Transposed(c, 2, depthwise: true)),
        new("Conv2DBackpropInputV2", c => Transposed(c, 2, depthwise: false)), new("Conv3DBackpropInput", c => Transposed(c, 3, depthwise: false)),
        new("Dilation2D", Dilation),
    ];

    /// <summary>Where the channels of an image lie, and with that the meaning of every list of window sizes.</summary>
    /// <param name="ChannelsFirst">Whether the channels come before the spatial axes.</param>
    /// <param name="Spatial">The number of spatial axes.</param>
    internal readonly record struct Layout(bool ChannelsFirst, int Spatial)
    {
        /// <summary>The layout that the attribute data_format names.</summary>
        public static Layout Of(OpContext c, int spatial)
        {
            string last = spatial switch { 1 => "NWC", 2 => "NHWC", _ => "NDHWC" }, first = spatial switch { 1 => "NCW", 2 => "NCHW", _ => "NCDHW" };
            return new Layout(c.Choice("data_format", last, last, first) == first, spatial);
        }

        /// <summary>The image with its channels last.</summary>
        public Value ToLast(Value x)
        {
            if (x.Rank != Spatial + 2)
            {
                throw new ShapeException($"an input of shape {Shapes.Format(x.Shape)}, where rank {Spatial + 2} is needed");
            }
            return ChannelsFirst ? Lax.MoveAxis(x, 1, -1) : x;
        }

        /// <summary>A channels-last image in this layout.</summary>
        public Value FromLast(Value x) => ChannelsFirst ? Lax.MoveAxis(x, -1, 1) : x;

        /// <summary>The spatial entries of a list with one entry an axis; those of batch and channels must be 1.</summary>
        public long[] SpatialOf(long[] list, string what)
        {
            if (list.Length != Spatial + 2)
            {
                throw new ShapeException($"{what} ({string.Join(", ", list)}) for {Spatial} spatial axes");
            }
            return list[0] == 1 && list[ChannelsFirst ? 1 : ^1] == 1 ? ChannelsFirst ? list[2..] : list[1..^1]
                : throw OpContext.Unsupported($"{what} ({string.Join(", ", list)}) along the batch or the channels");
        }

        /// <summary>Explicit paddings, a pair an axis, of the spatial axes.</summary>
        public (long[] Low, long[] High) Explicit(long[] paddings)
        {
            if (paddings.Length != 2 * (Spatial + 2))
            {
                throw new ShapeException($"{paddings.Length} explicit paddings for {Spatial} spatial axes");
            }
            int start = ChannelsFirst ? 2 : 1;
            return (Enumerable.Range(start, Spatial).Select(i => paddings[2 * i]).ToArray(), Enumerable.Range(start, Spatial).Select(i => paddings[(2 * i) + 1]).ToArray());
        }
    }

    /// <summary>The geometry of a window over spatial sizes, from the attributes strides, dilations, padding and explicit_paddings.</summary>
    internal static ConvolutionGeometry Geometry(OpContext c, Layout layout, ReadOnlySpan<long> sizes, ReadOnlySpan<long> window, long groups)
    {
        long[] ones = Enumerable.Repeat(1L, layout.Spatial + 2).ToArray();
        long[] strides = layout.SpatialOf(c.Ints("strides", ones), "strides"), dilations = layout.SpatialOf(c.Ints("dilations", ones), "dilations");
        string padding = c.Choice("padding", "VALID", "SAME", "VALID", "EXPLICIT");
        long[] paddings = c.Ints("explicit_paddings");
        if (padding != "EXPLICIT")
        {
            return Lax.Geometry(sizes, window, strides, dilations, padding == "SAME", groups);
        }
        (long[] low, long[] high) = layout.Explicit(paddings);
        return new ConvolutionGeometry(strides, dilations, low, high, groups);
    }

    // Conv2D(input, filter (window, Cin / groups, Cout); strides, padding, explicit_paddings, data_format, dilations)
    private static OpResult Convolve(OpContext c, int spatial)
    {
        Layout layout = Layout.Of(c, spatial);
        return layout.FromLast(Convolution(c, layout, layout.ToLast(c[0]), c[1]));
    }

    /// <summary>The convolution of a channels-last image.</summary>
    internal static Value Convolution(OpContext c, Layout layout, Value x, Value kernel)
    {
        long inside = kernel.Shape[^2];
        if (inside == 0 || x.Shape[^1] % inside != 0)
        {
            throw new ShapeException($"a filter of shape {Shapes.Format(kernel.Shape)} for {x.Shape[^1]} channels");
        }
        return Lax.Convolution(x, kernel, Geometry(c, layout, x.Shape.AsSpan()[1..^1], kernel.Shape.AsSpan()[..layout.Spatial], x.Shape[^1] / inside));
    }

    private static OpResult Depthwise(OpContext c)
    {
        Layout layout = Layout.Of(c, 2);
        return layout.FromLast(DepthwiseConvolution(c, layout, layout.ToLast(c[0]), c[1]));
    }

    /// <summary>Each channel with its own filters: a convolution of as many groups; the filter is (window, Cin, multiplier).</summary>
    internal static Value DepthwiseConvolution(OpContext c, Layout layout, Value x, Value filter)
    {
        Value kernel = Lax.Reshape(filter, filter.Shape[0], filter.Shape[1], 1, filter.Shape[2] * filter.Shape[3]);
        return Lax.Convolution(x, kernel, Geometry(c, layout, x.Shape.AsSpan()[1..^1], filter.Shape.AsSpan()[..2], filter.Shape[2]));
    }

    // Conv2DBackpropInput(input_sizes, filter, out_backprop): what Keras's Conv2DTranspose is.
    private static OpResult Transposed(OpContext c, int spatial, bool depthwise)
    {
        Layout layout = Layout.Of(c, spatial);
        // The sizes themselves, or in some versions a tensor that has them.
        long[] full = c[0].Rank == 1 ? c.Known(0) : c[0].Shape;
        long[] sizes = full.Length == spatial ? full : layout.ChannelsFirst ? full[2..] : full[1..^1];
        Value kernel = c[1], x = layout.ToLast(c[2]);
        long groups = 1;
        if (depthwise)
        {
            groups = kernel.Shape[^2];
            kernel = Lax.Reshape(kernel, kernel.Shape[0], kernel.Shape[1], 1, groups * kernel.Shape[^1]);
        }
        else if (full.Length > spatial)
        {
            groups = full[layout.ChannelsFirst ? 1 : ^1] / kernel.Shape[^2];
        }
        return layout.FromLast(Lax.TransposedConvolution(x, kernel, Geometry(c, layout, sizes, kernel.Shape.AsSpan()[..spatial], groups), sizes));
    }

    // Dilation2D(input, filter (h, w, C)): the largest of input + filter under the window; the first of equal ones takes the derivative.
    private static OpResult Dilation(OpContext c)
    {
        Value x = c[0], filter = c[1];
        var layout = new Layout(false, 2);
        long[] ones = [1, 1, 1, 1], window = filter.Shape[..2];
        long[] strides = layout.SpatialOf(c.Ints("strides", ones), "strides"), rates = layout.SpatialOf(c.Ints("rates", ones), "rates");
        ConvolutionGeometry g = Lax.Geometry(x.Shape.AsSpan()[1..^1], window, strides, rates, c.Choice("padding", "VALID", "SAME", "VALID") == "SAME");
        long[] output = g.OutputSizes(x.Shape.AsSpan()[1..^1], window);
        Value padded = Lax.Pad(x, [0, .. g.Low, 0], [0, .. g.High, 0], double.NegativeInfinity);
        Value? best = null;
        for (long i = 0; i < window[0]; i++)
        {
            for (long j = 0; j < window[1]; j++)
            {
                Value piece = Lax.Slice(padded, [0, i * rates[0], j * rates[1], 0], [x.Shape[0], output[0], output[1], x.Shape[3]], [1, strides[0], strides[1], 1]);
                Value sum = piece + Lax.Reshape(Lax.Slice(filter, [i, j, 0], [1, 1, -1]), x.Shape[3]);
                best = best is null ? sum : Lax.Maximum(best, sum);
            }
        }
        return best!;
    }
}
