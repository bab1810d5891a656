using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>Pools under a window, over everything, and to a given size.</summary>
internal static class PoolingLayers
{
    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = new()
    {
        ["MaxPooling1D"] = (l, c) => Pool(l, c, 1, largest: true),
        ["MaxPooling2D"] = (l, c) => Pool(l, c, 2, largest: true),
        ["MaxPooling3D"] = (l, c) => Pool(l, c, 3, largest: true),
        ["MaxPool1D"] = (l, c) => Pool(l, c, 1, largest: true),
        ["MaxPool2D"] = (l, c) => Pool(l, c, 2, largest: true),
        ["MaxPool3D"] = (l, c) => Pool(l, c, 3, largest: true),
        ["AveragePooling1D"] = (l, c) => Pool(l, c, 1, largest: false),
        ["AveragePooling2D"] = (l, c) => Pool(l, c, 2, largest: false),
        ["AveragePooling3D"] = (l, c) => Pool(l, c, 3, largest: false),
        ["AvgPool1D"] = (l, c) => Pool(l, c, 1, largest: false),
        ["AvgPool2D"] = (l, c) => Pool(l, c, 2, largest: false),
        ["AvgPool3D"] = (l, c) => Pool(l, c, 3, largest: false),
        ["GlobalMaxPooling1D"] = (l, c) => Global(l, c, 1, largest: true),
        ["GlobalMaxPooling2D"] = (l, c) => Global(l, c, 2, largest: true),
        ["GlobalMaxPooling3D"] = (l, c) => Global(l, c, 3, largest: true),
        ["GlobalMaxPool1D"] = (l, c) => Global(l, c, 1, largest: true),
        ["GlobalMaxPool2D"] = (l, c) => Global(l, c, 2, largest: true),
        ["GlobalMaxPool3D"] = (l, c) => Global(l, c, 3, largest: true),
        ["GlobalAveragePooling1D"] = (l, c) => Global(l, c, 1, largest: false),
        ["GlobalAveragePooling2D"] = (l, c) => Global(l, c, 2, largest: false),
        ["GlobalAveragePooling3D"] = (l, c) => Global(l, c, 3, largest: false),
        ["GlobalAvgPool1D"] = (l, c) => Global(l, c, 1, largest: false),
        ["GlobalAvgPool2D"] = (l, c) => Global(l, c, 2, largest: false),
        ["GlobalAvgPool3D"] = (l, c) => Global(l, c, 3, largest: false),
        ["AdaptiveAveragePooling1D"] = (l, c) => Adaptive(l, c, 1, largest: false),
        ["AdaptiveAveragePooling2D"] = (l, c) => Adaptive(l, c, 2, largest: false),
        ["AdaptiveAveragePooling3D"] = (l, c) => Adaptive(l, c, 3, largest: false),
        ["AdaptiveMaxPooling1D"] = (l, c) => Adaptive(l, c, 1, largest: true),
        ["AdaptiveMaxPooling2D"] = (l, c) => Adaptive(l, c, 2, largest: true),
        ["AdaptiveMaxPooling3D"] = (l, c) => Adaptive(l, c, 3, largest: true),
    };

    private static void Pool(KerasLayer layer, LayerConfig c, int rank, bool largest)
    {
        // Keras 1 calls a one-dimensional window's options pool_length and stride.
        long[] window = c.Extents(c.FirstOf("pool_size", "pool_length"), rank, 2), strides = c.Extents(c.FirstOf("strides", "stride"), rank, window);
        bool first = c.ChannelsFirst(), same = ConvolutionLayers.IsSame(c.Text(c.FirstOf("padding", "border_mode"), "valid"));
        layer.Map = (call, x) =>
        {
            x = ChannelOrder.ToLast(call.Float(x), first);
            return ChannelOrder.FromLast(largest ? Lax.MaxPool(x, window, strides, same) : Lax.AveragePool(x, window, strides, same), first);
        };
    }

    private static void Global(KerasLayer layer, LayerConfig c, int rank, bool largest)
    {
        bool first = c.ChannelsFirst(), keep = c.Flag("keepdims", false);
        long[] axes = Enumerable.Range(first ? 2 : 1, rank).Select(a => (long)a).ToArray();
        layer.Map = (call, x) =>
        {
            x = call.Float(x);
            // Only the average of sequences looks at the mask.
            if (!largest && rank == 1 && call.Mask is { } mask)
            {
                Value weights = Lax.ExpandDims(Lax.Cast(mask, x.DType), first ? 1 : 2);
                return Lax.Sum(x * weights, axes, keep) / Lax.Sum(weights, axes, keep);
            }
            return largest ? Lax.Max(x, axes, keep) : Lax.Mean(x, axes, keep);
        };
    }

    // Output place i covers the input from ⌊i·n/m⌋ to ⌈(i+1)·n/m⌉.
    private static void Adaptive(KerasLayer layer, LayerConfig c, int rank, bool largest)
    {
        long[] sizes = c.Extents("output_size", rank);
        bool first = c.ChannelsFirst();
        layer.Map = (call, x) =>
        {
            x = call.Float(x);
            for (int i = 0; i < rank; i++)
            {
                int axis = i + (first ? 2 : 1);
                long n = x.Shape[axis], m = sizes[i];
                var parts = new List<Value>();
                for (long place = 0; place < m; place++)
                {
                    long begin = place * n / m, end = (((place + 1) * n) + m - 1) / m;
                    Value part = Lax.SliceAxis(x, axis, begin, end - begin);
                    parts.Add(largest ? Lax.Max(part, [axis], keepDims: true) : Lax.Mean(part, [axis], keepDims: true));
                }
                x = Lax.Concat(parts, axis);
            }
            return x;
        };
    }
}
