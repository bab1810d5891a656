using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Reductions of the slices that share a segment id.</summary>
internal static class SegmentOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        Sorted("SegmentSum", Lax.SegmentSum), Sorted("SegmentMean", Mean),
        Sorted("SegmentMax", (x, ids, n) => OrZero(Extreme(x, ids, n, true), ids, n)), Sorted("SegmentMin", (x, ids, n) => OrZero(Extreme(x, ids, n, false), ids, n)),
        Sorted("SegmentProd", Product),
        Numbered("SegmentSumV2", Lax.SegmentSum), Numbered("SegmentProdV2", Product),
        Numbered("SegmentMaxV2", (x, ids, n) => OrZero(Extreme(x, ids, n, true), ids, n)), Numbered("SegmentMinV2", (x, ids, n) => OrZero(Extreme(x, ids, n, false), ids, n)),
        Unsorted("UnsortedSegmentSum", Lax.SegmentSum), Unsorted("UnsortedSegmentMean", Mean), Unsorted("UnsortedSegmentProd", Product),
        Unsorted("UnsortedSegmentMax", (x, ids, n) => Extreme(x, ids, n, true)), Unsorted("UnsortedSegmentMin", (x, ids, n) => Extreme(x, ids, n, false)),
        Sparse("SparseSegmentSum", Lax.SegmentSum), Sparse("SparseSegmentMean", Mean), Sparse("SparseSegmentSqrtN", SumOverRoot),
        Sparse("SparseSegmentSumWithNumSegments", Lax.SegmentSum), Sparse("SparseSegmentMeanWithNumSegments", Mean),
        Sparse("SparseSegmentSqrtNWithNumSegments", SumOverRoot),
    ];

    /// <summary>The largest or smallest of each segment's slices, equal ones sharing the derivative; an empty segment has the type's limit.</summary>
    /// <param name="x">(N, …)</param>
    /// <param name="ids">(N)</param>
    /// <param name="segments">Their number.</param>
    /// <param name="largest">Whether the largest is wanted.</param>
    public static Value Extreme(Value x, Value ids, long segments, bool largest) =>
        Masked(x, ids, segments, Limit(x.DType, largest), largest ? Lax.Max : Lax.Min);

    private static OpDefinition Sorted(string name, Func<Value, Value, long, Value> reduce) => new(name, c => reduce(c[0], c[1], Segments(c.Known(1))));

    private static OpDefinition Numbered(string name, Func<Value, Value, long, Value> reduce) => new(name, c => reduce(c[0], c[1], c.Known(2)[0]));

    private static OpDefinition Unsorted(string name, Func<Value, Value, long, Value> reduce) => new(name, c =>
    {
        // Ids of several axes number the slices behind them.
        Value x = c[0], ids = c[1];
        Value flat = Lax.Reshape(x, [ids.Type.Count, .. x.Shape[ids.Rank..]]);
        return reduce(flat, Lax.Reshape(ids, ids.Type.Count), c.Known(2)[0]);
    });

    // SparseSegment…(x, indices, ids[, num_segments]): segments of chosen slices, as embedding lookups use them.
    private static OpDefinition Sparse(string name, Func<Value, Value, long, Value> reduce) => new(name, c =>
    {
        _ = c.Bool("sparse_gradient");
        return reduce(Lax.Gather(c[0], c[1], 0), c[2], c.Count > 3 ? c.Known(3)[0] : Segments(c.Known(2)));
    });

    private static long Segments(long[] ids) => ids.Length == 0 ? 0 : ids[^1] + 1;

    private static Value Counts(Value x, Value ids, long segments)
    {
        Value counts = Lax.SegmentSum(ArrayOps.Filled(x, ids.Shape, 1), ids, segments);
        return Lax.Reshape(Lax.Maximum(counts, Lax.ScalarLike(counts, 1)), [segments, .. Enumerable.Repeat(1L, x.Rank - 1)]);
    }

    private static Value Mean(Value x, Value ids, long segments) => Lax.SegmentSum(x, ids, segments) / Counts(x, ids, segments);

    private static Value SumOverRoot(Value x, Value ids, long segments) => Lax.SegmentSum(x, ids, segments) / Lax.Sqrt(Counts(x, ids, segments));

    private static Value Product(Value x, Value ids, long segments) => Masked(x, ids, segments, 1, Lax.Product);

    // Every segment sees all slices, those of others as a neutral value.
    private static Value Masked(Value x, Value ids, long segments, double neutral, Func<Value, long[]?, bool, Value> reduce)
    {
        Value numbers = Lax.Cast(x.Trace.Constant(arange(segments)), ids.DType);
        Value hit = Lax.Equal(Lax.Reshape(numbers, segments, 1), Lax.Reshape(ids, 1, ids.Shape[0]));
        Value wide = Lax.Reshape(hit, [segments, ids.Shape[0], .. Enumerable.Repeat(1L, x.Rank - 1)]);
        return reduce(Lax.Select(wide, x, x.Trace.Constant(tensor(neutral, x.DType))), [1], false);
    }

    private static Value OrZero(Value extreme, Value ids, long segments)
    {
        Value any = Lax.NotEqual(Lax.SegmentSum(ArrayOps.Filled(extreme, ids.Shape, 1), ids, segments), Lax.ScalarLike(extreme, 0));
        return Lax.Select(Lax.Reshape(any, [segments, .. Enumerable.Repeat(1L, extreme.Rank - 1)]), extreme, Lax.ScalarLike(extreme, 0));
    }

    // What TensorFlow gives an empty segment: the lowest or highest number of the type, float32's for floats.
    private static double Limit(ScalarType type, bool largest) => type switch
    {
        ScalarType.Int32 => largest ? int.MinValue : int.MaxValue,
        ScalarType.Int64 => largest ? long.MinValue : long.MaxValue,
        ScalarType.Byte => largest ? 0 : byte.MaxValue,
        ScalarType.Int8 => largest ? sbyte.MinValue : sbyte.MaxValue,
        ScalarType.Int16 => largest ? short.MinValue : short.MaxValue,
        _ => largest ? float.MinValue : float.MaxValue,
    };
}
