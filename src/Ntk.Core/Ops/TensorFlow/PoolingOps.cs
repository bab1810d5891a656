using Ntk.Core.Autodiff;
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
        new("MaxPoolWithArgmax", c => Max(c, 2, c.Ints("ksize"), c.Ints("strides")), "output", "argmax"),
        new("AvgPool", c => Average(c, 2)), new("AvgPool3D", c => Average(c, 3)),
    ];

    // MaxPool(input; ksize, strides, padding, explicit_paddings, data_format)
    private static OpResult Max(OpContext c, int spatial, long[] size, long[] steps)
    {
        Layout layout = Layout.Of(c, spatial);
        long[] window = layout.SpatialOf(size, "ksize"), strides = layout.SpatialOf(steps, "strides");
        string padding = c.Choice("padding", "VALID", "SAME", "VALID", "EXPLICIT");
        long[] paddings = c.Ints("explicit_paddings");
        Value x = layout.ToLast(c[0]);
        if (padding == "EXPLICIT")
        {
            (long[] low, long[] high) = layout.Explicit(paddings);
            x = Lax.Pad(x, [0, .. low, 0], [0, .. high, 0], double.NegativeInfinity);
        }
        if (c.Bool("include_batch_in_index"))
        {
            throw OpContext.Unsupported("include_batch_in_index");
        }
        return layout.FromLast(Lax.MaxPool(x, window, strides, padding == "SAME"));
    }

    private static OpResult Average(OpContext c, int spatial)
    {
        Layout layout = Layout.Of(c, spatial);
        long[] window = layout.SpatialOf(c.Ints("ksize"), "ksize"), strides = layout.SpatialOf(c.Ints("strides"), "strides");
        return layout.FromLast(Lax.AveragePool(layout.ToLast(c[0]), window, strides, c.Choice("padding", "VALID", "SAME", "VALID") == "SAME"));
    }
}
