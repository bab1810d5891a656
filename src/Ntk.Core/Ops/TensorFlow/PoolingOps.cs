using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Protos;
using static TorchSharp.torch;
using Layout = Ntk.Core.Ops.TensorFlow.ConvolutionOps.Layout;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Pools under a sliding window.</summary>
internal static class PoolingOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("MaxPool", c => Max(c, 2, c.Ints("ksize"), c.Ints("strides"))), new("MaxPool3D", c => Max(c, 3, c.Ints("ksize"), c.Ints("strides"))),
        new("MaxPoolV2", c => Max(c, 2, c.Known(1), c.Known(2))),
        new("MaxPoolWithArgmax", WithPlaces, "output", "argmax"),
        new("AvgPool", c => Average(c, 2)), new("AvgPool3D", c => Average(c, 3)),
    ];

    // MaxPool(input; ksize, strides, padding, explicit_paddings, data_format)
    private static OpResult Max(OpContext c, int spatial, long[] size, long[] steps)
    {
        Layout layout = Layout.Of(c, spatial);
        int channels = layout.ChannelsFirst ? 1 : size.Length - 1;
        if (size[channels] != 1)
        {
            return OverChannels(c, layout, size, steps, channels);
        }
        Window window = Window.Of(c, layout, size, steps);
        return layout.FromLast(Lax.MaxPool(window.Pad(layout.ToLast(c[0])), window.Size, window.Strides, window.Same));
    }

    /// <summary>A window and its padding, of which the explicit one is done by hand.</summary>
    internal readonly record struct Window(long[] Size, long[] Strides, bool Same, (long[] Low, long[] High)? Explicit)
    {
        /// <summary>The window that sizes, strides and the attributes padding and explicit_paddings describe.</summary>
        public static Window Of(OpContext c, Layout layout, long[] size, long[] steps)
        {
            string padding = c.Choice("padding", "VALID", "SAME", "VALID", "EXPLICIT");
            long[] paddings = c.Ints("explicit_paddings");
            return new Window(layout.SpatialOf(size, "ksize"), layout.SpatialOf(steps, "strides"), padding == "SAME", padding == "EXPLICIT" ? layout.Explicit(paddings) : null);
        }

        /// <summary>A channels-last image with its explicit padding.</summary>
        public Value Pad(Value x) => Explicit is { } p ? Lax.Pad(x, [0, .. p.Low, 0], [0, .. p.High, 0], double.NegativeInfinity) : x;
    }

    // The largest of groups of channels at each place; TensorFlow takes neither steps in space nor groups that overlap.
    private static OpResult OverChannels(OpContext c, Layout layout, long[] size, long[] steps, int channels)
    {
        _ = c.Text("padding", "VALID");
        _ = c.Ints("explicit_paddings");
        long group = size[channels], count = layout.ToLast(c[0]).Shape[^1];
        if (steps[channels] != group || count % group != 0 || size.Where((s, i) => i != channels && s != 1).Any() || steps.Where((s, i) => i != channels && s != 1).Any())
        {
            throw OpContext.Unsupported($"a pool over channels with ksize ({string.Join(", ", size)}) and strides ({string.Join(", ", steps)})");
        }
        Value x = layout.ToLast(c[0]);
        return layout.FromLast(Lax.Max(Lax.Reshape(x, [.. x.Shape[..^1], count / group, group]), [-1]));
    }

    // MaxPoolWithArgmax(input; include_batch_in_index): places count through height, width and channels, and through the examples where asked.
    private static OpResult WithPlaces(OpContext c)
    {
        bool whole = c.Bool("include_batch_in_index");
        ScalarType type = c.Type("Targmax", DataType.DtInt64);
        var layout = new Layout(false, 2);
        Window window = Window.Of(c, layout, c.Ints("ksize"), c.Ints("strides"));
        Value x = layout.ToLast(c[0]), padded = window.Pad(x);
        Value places = Lax.MaxPoolPlaces(padded, window.Size, window.Strides, window.Same);
        // Places lie in the padded image.
        var g = Lax.Geometry(x.Shape.AsSpan()[1..3], window.Size, window.Strides, [1, 1], window.Same);
        long wide = x.Shape[2] + g.Low[1] + g.High[1], channels = x.Shape[3];
        Value row = Lax.FloorDivide(places, Lax.ScalarLike(places, wide)) - g.Low[0], column = Lax.FloorMod(places, Lax.ScalarLike(places, wide)) - g.Low[1];
        Value index = (((row * x.Shape[2]) + column) * channels) + c.Trace.Constant(arange(channels, ScalarType.Int64));
        if (whole)
        {
            index += c.Trace.Constant((arange(x.Shape[0], ScalarType.Int64) * (x.Shape[1] * x.Shape[2] * channels)).reshape(-1, 1, 1, 1));
        }
        return new[] { Lax.MaxPoolAt(padded, places, window.Size, window.Strides, window.Same), Lax.Cast(index, type) };
    }

    private static OpResult Average(OpContext c, int spatial)
    {
        Layout layout = Layout.Of(c, spatial);
        long[] window = layout.SpatialOf(c.Ints("ksize"), "ksize"), strides = layout.SpatialOf(c.Ints("strides"), "strides");
        return layout.FromLast(Lax.AveragePool(layout.ToLast(c[0]), window, strides, c.Choice("padding", "VALID", "SAME", "VALID") == "SAME"));
    }
}
