using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>Layers that move elements: reshaping, cropping, padding, repeating.</summary>
internal static class ReshapingLayers
{
    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = new()
    {
        ["Flatten"] = Flatten,
        ["Reshape"] = Reshape,
        ["Permute"] = Permute,
        ["RepeatVector"] = RepeatVector,
        ["Cropping1D"] = (l, c) => Crop(l, c, 1),
        ["Cropping2D"] = (l, c) => Crop(l, c, 2),
        ["Cropping3D"] = (l, c) => Crop(l, c, 3),
        ["ZeroPadding1D"] = (l, c) => ZeroPad(l, c, 1),
        ["ZeroPadding2D"] = (l, c) => ZeroPad(l, c, 2),
        ["ZeroPadding3D"] = (l, c) => ZeroPad(l, c, 3),
        ["UpSampling1D"] = (l, c) => UpSample(l, c, 1),
        ["UpSampling2D"] = (l, c) => UpSample(l, c, 2),
        ["UpSampling3D"] = (l, c) => UpSample(l, c, 3),
    };

    private static void Flatten(KerasLayer layer, LayerConfig c)
    {
        bool first = c.ChannelsFirst();
        layer.Map = (_, x) =>
        {
            x = first && x.Rank > 2 ? Lax.MoveAxis(x, 1, -1) : x;
            return Lax.Reshape(x, x.Shape[0], Shapes.Count(x.Shape.AsSpan(1)));
        };
    }

    private static void Reshape(KerasLayer layer, LayerConfig c)
    {
        // Keras 3 writes null for a free size.
        long[] target = c.Find("target_shape") is { } list ? list.EnumerateArray().Select(d => d.ValueKind == System.Text.Json.JsonValueKind.Number ? d.GetInt64() : -1).ToArray() : c.Integers("target_shape", 0);
        layer.Map = (_, x) =>
        {
            long known = target.Where(d => d >= 0).Aggregate(1L, (n, d) => n * d), all = Shapes.Count(x.Shape.AsSpan(1));
            return Lax.Reshape(x, [x.Shape[0], .. target.Select(d => d >= 0 ? d : known == 0 ? 0 : all / known)]);
        };
    }

    private static void Permute(KerasLayer layer, LayerConfig c)
    {
        int[] order = [0, .. c.Integers("dims", 0).Select(d => (int)d)];
        layer.Map = (_, x) => Lax.Transpose(x, order);
    }

    private static void RepeatVector(KerasLayer layer, LayerConfig c)
    {
        long n = c.Integer("n");
        layer.Map = (_, x) => Lax.BroadcastTo(Lax.ExpandDims(x, 1), x.Shape[0], n, x.Shape[1]);
    }

    private static void Crop(KerasLayer layer, LayerConfig c, int rank)
    {
        (long Low, long High)[] by = Pairs(c, "cropping", rank, 1);
        int start = c.ChannelsFirst() ? 2 : 1;
        layer.Map = (_, x) =>
        {
            for (int i = 0; i < rank; i++)
            {
                long size = x.Shape[start + i] - by[i].Low - by[i].High;
                if (size < 0)
                {
                    throw new ShapeException($"cropping {by[i].Low} + {by[i].High} is more than {Shapes.Format(x.Shape)} has");
                }
                x = Lax.SliceAxis(x, start + i, by[i].Low, size);
            }
            return x;
        };
    }

    private static void ZeroPad(KerasLayer layer, LayerConfig c, int rank)
    {
        (long Low, long High)[] by = Pairs(c, "padding", rank, 1);
        int start = c.ChannelsFirst() ? 2 : 1;
        layer.Map = (_, x) =>
        {
            var low = new long[x.Rank];
            var high = new long[x.Rank];
            for (int i = 0; i < rank; i++)
            {
                (low[start + i], high[start + i]) = by[i];
            }
            return Lax.Pad(x, low, high);
        };
    }

    private static void UpSample(KerasLayer layer, LayerConfig c, int rank)
    {
        long[] factors = c.Extents(c.FirstOf("size", "length"), rank, 2);
        string method = c.Text("interpolation", "nearest");
        bool first = c.ChannelsFirst();
        layer.Map = (call, x) =>
        {
            if (method == "nearest")
            {
                for (int i = 0; i < rank; i++)
                {
                    x = Lax.Repeat(x, (first ? 2 : 1) + i, factors[i]);
                }
                return x;
            }
            x = ChannelOrder.ToLast(call.Float(x), first);
            return ChannelOrder.FromLast(ImageResizing.Resize(x, x.Shape[1] * factors[0], x.Shape[2] * factors[1], method), first);
        };
    }

    // One number for all, one for each axis, or a pair for each; in one dimension a pair for the only one.
    private static (long Low, long High)[] Pairs(LayerConfig c, string key, int rank, long absent)
    {
        if (c.Find(key) is not { } value)
        {
            return Enumerable.Repeat((absent, absent), rank).ToArray();
        }
        long[] numbers = JsonTree.Numbers(value).Select(d => (long)d).ToArray();
        return numbers.Length switch
        {
            1 => Enumerable.Repeat((numbers[0], numbers[0]), rank).ToArray(),
            2 when rank == 1 => [(numbers[0], numbers[1])],
            _ when numbers.Length == rank => numbers.Select(n => (n, n)).ToArray(),
            _ when numbers.Length == 2 * rank => Enumerable.Range(0, rank).Select(i => (numbers[2 * i], numbers[(2 * i) + 1])).ToArray(),
            _ => throw new ShapeException($"option '{key}' = {value} does not fit {rank} axes"),
        };
    }
}
