using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Protos;
using static Ntk.Core.Ops.TensorFlow.ElementwiseOps;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Making tensors, joining, repeating and padding them.</summary>
internal static class ArrayOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        One("ZerosLike", x => Filled(x, x.Shape, 0)), One("OnesLike", x => Filled(x, x.Shape, 1)),
        new("Fill", c => Lax.BroadcastTo(c[1], c.Known(0))),
        // What a branch gives that the other does not need.
        new("FakeParam", c => c.Trace.Constant(zeros(Array.ConvertAll(c.Shape("shape") ?? [], d => (long)Math.Max(d, 0)), c.Type("dtype", DataType.DtFloat)))),
        new("Empty", Empty),
        new("Range", Range), new("LinSpace", LinSpace),
        new("ConcatV2", c => Lax.Concat(c.Values(0, c.Count - 1), c.KnownInt(c.Count - 1))),
        new("Concat", c => Lax.Concat(c.Values(1), c.KnownInt(0))),
        new("ParallelConcat", c => Lax.Concat(c.Values(), 0)),
        new("Pack", c => Lax.Stack(c.Values(), (int)c.Int("axis", 0))),
        new("Unpack", c => Lax.Unstack(c[0], (int)c.Int("axis", 0))),
        new("Split", Split), new("SplitV", SplitV),
        new("Tile", c => Lax.Tile(c[0], c.Known(1))),
        new("Pad", c => Pad(c, null)), new("PadV2", c => Pad(c, c[2])), new("MirrorPad", MirrorPad),
        new("ReverseV2", c => Lax.Reverse(c[0], Array.ConvertAll(c.Known(1), a => Shapes.Axis(a, c[0].Rank)))),
        new("Reverse", c => Lax.Reverse(c[0], Enumerable.Range(0, c[0].Rank).Where(a => c.Known(1)[a] != 0).ToArray())),
        new("ReverseSequence", ReverseSequence), new("Roll", Roll),
        new("OneHot", c => Lax.OneHot(c[0], c.KnownInt(1), (int)c.Int("axis", -1), Lax.StopGradient(c[2]), Lax.StopGradient(c[3]))),
        new("Where", Where), new("Unique", c => Unique(c, false), "y", "idx"), new("UniqueWithCounts", c => Unique(c, true), "y", "idx", "count"),
        new("UniqueV2", c => UniqueAlong(c, false), "y", "idx"), new("UniqueWithCountsV2", c => UniqueAlong(c, true), "y", "idx", "count"),
        new("ListDiff", ListDiff, "out", "idx"),
    ];

    /// <summary>A constant of one value, without the memory of its elements.</summary>
    public static Value Filled(Value like, long[] shape, double value) => like.Trace.Constant(tensor(value, like.DType).expand(shape));

    // Empty(shape; dtype, init): what is in it matters to nobody, so zeros do in either case.
    private static OpResult Empty(OpContext c)
    {
        _ = c.Bool("init");
        return c.Trace.Constant(zeros(c.Known(0), c.Type("dtype", DataType.DtFloat)));
    }

    private static OpResult Range(OpContext c)
    {
        double start = c[0].KnownScalar(), limit = c[1].KnownScalar(), delta = c[2].KnownScalar();
        long count = delta == 0 ? throw new ShapeException("a range of step 0") : Math.Max(0, (long)Math.Ceiling((limit - start) / delta));
        ScalarType type = c[0].DType;
        using Tensor steps = arange(count, type.IsFloatingPoint() ? ScalarType.Float64 : ScalarType.Int64);
        return c.Trace.Constant(type.IsFloatingPoint() ? ((steps * delta) + start).to(type, copy: true) : ((steps * (long)delta) + (long)start).to(type, copy: true));
    }

    // LinSpace(start, stop, num)
    private static OpResult LinSpace(OpContext c)
    {
        int count = c.KnownInt(2);
        Value steps = c.Trace.Constant(arange(count, c[0].DType));
        return count == 1 ? Lax.Reshape(c[0], 1) : c[0] + (steps * ((c[1] - c[0]) / (count - 1)));
    }

    private static OpResult Split(OpContext c)
    {
        int axis = Shapes.Axis(c.KnownInt(0), c[1].Rank);
        long count = c.Int("num_split", 1), size = c[1].Shape[axis];
        return size % count != 0 ? throw new ShapeException($"axis {axis} of {Shapes.Format(c[1].Shape)} does not fall into {count} equal parts")
            : Lax.Split(c[1], axis, Enumerable.Repeat(size / count, (int)count).ToArray());
    }

    private static OpResult SplitV(OpContext c)
    {
        _ = c.Int("num_split", 0);
        int axis = Shapes.Axis(c.KnownInt(2), c[0].Rank);
        long[] sizes = c.Known(1);
        int free = Array.IndexOf(sizes, -1);
        if (free >= 0)
        {
            sizes[free] = c[0].Shape[axis] - sizes.Where((_, i) => i != free).Sum();
        }
        return sizes.Sum() != c[0].Shape[axis] || sizes.Any(s => s < 0) ? throw new ShapeException($"sizes {string.Join(", ", sizes)} do not add up to axis {axis} of {Shapes.Format(c[0].Shape)}")
            : Lax.Split(c[0], axis, sizes);
    }

    /// <summary>The paddings of each axis that an input tells, on both sides.</summary>
    internal static (long[] Low, long[] High) Paddings(OpContext c, int input = 1)
    {
        long[] flat = c.Known(input);
        return (flat.Where((_, i) => i % 2 == 0).ToArray(), flat.Where((_, i) => i % 2 == 1).ToArray());
    }

    private static OpResult Pad(OpContext c, Value? fill)
    {
        (long[] low, long[] high) = Paddings(c);
        if (fill is null || fill.IsKnown())
        {
            return Lax.Pad(c[0], low, high, fill?.KnownScalar() ?? 0);
        }
        // TensorFlow has no derivative by the padding.
        fill = Lax.StopGradient(fill);
        Value inside = Lax.Pad(Filled(c[0], c[0].Shape, 1), low, high);
        return Lax.Select(Lax.NotEqual(inside, Lax.ScalarLike(inside, 0)), Lax.Pad(c[0], low, high), fill);
    }

    private static OpResult MirrorPad(OpContext c)
    {
        (long[] low, long[] high) = Paddings(c);
        return Lax.MirrorPad(c[0], low, high, c.Choice("mode", "", "REFLECT", "SYMMETRIC") == "SYMMETRIC");
    }

    // ReverseSequence(x, lengths; seq_dim, batch_dim): in each example the first elements, as many as its length, turn round.
    private static OpResult ReverseSequence(OpContext c)
    {
        int time = Shapes.Axis(c.Int("seq_dim", 0), c[0].Rank), batch = Shapes.Axis(c.Int("batch_dim", 0), c[0].Rank);
        int[] order = [batch, time, .. Enumerable.Range(0, c[0].Rank).Where(a => a != batch && a != time)];
        Value x = Lax.Transpose(c[0], order);
        Value lengths = Lax.ExpandDims(Lax.Cast(c[1], ScalarType.Int64), 1), steps = c.Trace.Constant(arange(x.Shape[1]).reshape(1, -1));
        Value indices = Lax.Select(Lax.Less(steps, lengths), lengths - 1 - steps, steps);
        Value reversed = Lax.Gather(x, Lax.BroadcastTo(indices, x.Shape[0], x.Shape[1]), 1, 1);
        var back = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            back[order[i]] = i;
        }
        return Lax.Transpose(reversed, back);
    }

    private static OpResult Roll(OpContext c)
    {
        long[] shifts = c.Known(1), axes = c.Known(2);
        return axes.Zip(shifts).Aggregate(c[0], (x, move) => Lax.Roll(x, Shapes.Axis(move.First, x.Rank), move.Second));
    }

    // Where(condition) → indices of what holds; their number is a shape, so the condition must be known.
    private static OpResult Where(OpContext c)
    {
        if (!c[0].IsKnown())
        {
            throw new ShapeException("how many elements hold depends on the data or the parameters, and with it the shapes of everything behind");
        }
        using Tensor condition = c[0].Constant! != 0;
        return c.Trace.Constant(condition.nonzero());
    }

    // In order of first appearance, as TensorFlow has it.
    private static OpResult Unique(OpContext c, bool counted)
    {
        ScalarType type = c.Type("out_idx", DataType.DtInt32);
        if (!c[0].IsKnown())
        {
            throw new ShapeException("how many different elements there are depends on the data, and with it the shapes of everything behind");
        }
        using Tensor flat = c[0].Constant!.to(ScalarType.Float64).reshape(-1);
        double[] values = flat.data<double>().ToArray();
        var places = new Dictionary<double, int>();
        long[] index = Array.ConvertAll(values, v => places.TryGetValue(v, out int place) ? place : (long)(places[v] = places.Count));
        Value unique = c.Trace.Constant(tensor(places.Keys.ToArray(), ScalarType.Float64).to(c[0].DType));
        Value indices = c.Trace.Constant(tensor(index, ScalarType.Int64).to(type));
        long[] counts = Enumerable.Range(0, places.Count).Select(p => (long)index.Count(i => i == p)).ToArray();
        return counted ? new[] { unique, indices, c.Trace.Constant(tensor(counts, ScalarType.Int64).to(type)) } : [unique, indices];
    }

    // UniqueV2(x, axis): slices along an axis, of a vector its elements.
    private static OpResult UniqueAlong(OpContext c, bool counted)
    {
        if (c[0].Rank == 1)
        {
            return Unique(c, counted);
        }
        ScalarType type = c.Type("out_idx", DataType.DtInt32);
        Tensor known = c[0].Constant ?? throw new ShapeException("how many different slices there are depends on the data, and with it the shapes of everything behind");
        int axis = Shapes.Axis(c.KnownInt(1), c[0].Rank);
        using Tensor moved = known.to(ScalarType.Float64).MoveAxis(axis, 0).reshape(known.shape[axis], -1);
        double[] flat = moved.data<double>().ToArray();
        int rows = (int)moved.shape[0], width = (int)moved.shape[1];
        var places = new Dictionary<string, int>();
        var first = new List<long>();
        var index = new long[rows];
        for (int r = 0; r < rows; r++)
        {
            string key = string.Join("|", flat.AsSpan(r * width, width).ToArray());
            if (!places.TryGetValue(key, out int place))
            {
                places[key] = place = first.Count;
                first.Add(r);
            }
            index[r] = place;
        }
        Value Numbers(long[] values) => c.Trace.Constant(tensor(values, ScalarType.Int64).to(type));
        Value unique = Lax.Gather(c[0], c.Trace.Integers(first.ToArray()), axis);
        return counted ? new[] { unique, Numbers(index), Numbers(first.Select((_, p) => (long)index.Count(i => i == p)).ToArray()) } : [unique, Numbers(index)];
    }

    // ListDiff(x, y) → the elements of x that are not in y, and where they are.
    private static OpResult ListDiff(OpContext c)
    {
        var without = new HashSet<long>(c.Known(1));
        long[] values = c.Known(0);
        long[] index = Enumerable.Range(0, values.Length).Where(i => !without.Contains(values[i])).Select(i => (long)i).ToArray();
        ScalarType type = c.Type("out_idx", DataType.DtInt32);
        return new[] { ShapeOps.Vector(c[0], index.Select(i => values[i]).ToArray()), c.Trace.Constant(tensor(index, ScalarType.Int64).to(type)) };
    }
}
