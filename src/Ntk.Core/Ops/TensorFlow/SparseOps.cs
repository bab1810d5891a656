using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Sparse tensors: indices (n, rank), values (n) and a shape, three inputs each. Those whose result has as many elements as there are indices need them known.</summary>
internal static class SparseOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("SparseTensorDenseAdd", c => Lax.ScatterNd(c[0], c[1], c.Known(2)) + c[3]),
        new("SparseReduceSum", c => Lax.Sum(Lax.ScatterNd(c[0], c[1], c.Known(2)), c.Known(3), c.Bool("keep_dims"))),
        new("SparseDenseCwiseAdd", c => c[1] + Picked(c)), new("SparseDenseCwiseMul", c => c[1] * Picked(c)), new("SparseDenseCwiseDiv", c => c[1] / Picked(c)),
        new("SparseReorder", Reorder, "output_indices", "output_values"), new("SparseReshape", Reshape, "output_indices", "output_shape"),
        new("SparseFillEmptyRows", FillEmptyRows, "output_indices", "output_values", "empty_row_indicator", "reverse_index_map"), new("SparseSoftmax", Softmax),
    ];

    // The elements of a dense tensor, which may broadcast, at a sparse one's indices.
    private static Value Picked(OpContext c) => Lax.GatherNd(Lax.BroadcastTo(c[3], c.Known(2)), c[0]);

    private static long[][] Rows(OpContext c)
    {
        long[] flat = c.Known(0);
        int rank = (int)c[0].Shape[1];
        return Enumerable.Range(0, (int)c[0].Shape[0]).Select(i => flat.AsSpan(i * rank, rank).ToArray()).ToArray();
    }

    private static Value Matrix(OpContext c, IReadOnlyList<long[]> rows, int rank) => c.Trace.Constant(tensor(rows.SelectMany(r => r).ToArray(), ScalarType.Int64).reshape(rows.Count, rank));

    private static int Compare(long[] a, long[] b)
    {
        for (int i = 0; i < a.Length; i++)
        {
            if (a[i] != b[i])
            {
                return a[i].CompareTo(b[i]);
            }
        }
        return 0;
    }

    // SparseReorder(indices, values, shape): in row-major order.
    private static OpResult Reorder(OpContext c)
    {
        long[][] rows = Rows(c);
        int[] order = Enumerable.Range(0, rows.Length).Order(Comparer<int>.Create((a, b) => Compare(rows[a], rows[b]) is var d && d != 0 ? d : a.CompareTo(b))).ToArray();
        return new[] { Matrix(c, order.Select(i => rows[i]).ToArray(), (int)c[0].Shape[1]), Lax.Gather(c[1], c.Trace.Integers(Array.ConvertAll(order, i => (long)i)), 0) };
    }

    // SparseReshape(indices, shape, new_shape)
    private static OpResult Reshape(OpContext c)
    {
        long[] from = c.Known(1), to = c.Known(2);
        int free = Array.IndexOf(to, -1);
        if (free >= 0)
        {
            to[free] = Shapes.Count(from) / Math.Max(1, to.Where((_, i) => i != free).Aggregate(1L, (n, d) => n * d));
        }
        long[][] rows = Array.ConvertAll(Rows(c), row =>
        {
            long linear = 0;
            for (int i = 0; i < row.Length; i++)
            {
                linear = (linear * from[i]) + row[i];
            }
            var moved = new long[to.Length];
            for (int i = to.Length - 1; i >= 0; i--)
            {
                moved[i] = linear % to[i];
                linear /= to[i];
            }
            return moved;
        });
        return new[] { Matrix(c, rows, to.Length), ShapeOps.Vector(c[2], to) };
    }

    // SparseFillEmptyRows(indices, values, shape, default): a row without elements gets one.
    private static OpResult FillEmptyRows(OpContext c)
    {
        long[][] rows = Rows(c);
        int rank = (int)c[0].Shape[1];
        long count = c.Known(2)[0];
        var filled = new List<(long[] Index, long From)>();
        var map = new long[rows.Length];
        var empty = new bool[count];
        for (long r = 0; r < count; r++)
        {
            int before = filled.Count;
            for (int i = 0; i < rows.Length; i++)
            {
                if (rows[i][0] == r)
                {
                    map[i] = filled.Count;
                    filled.Add((rows[i], i));
                }
            }
            if (empty[r] = before == filled.Count)
            {
                filled.Add(([r, .. new long[rank - 1]], rows.Length));
            }
        }
        Value values = Lax.Gather(Lax.Concat([c[1], Lax.Reshape(c[3], 1)], 0), c.Trace.Integers(filled.Select(f => f.From).ToArray()), 0);
        return new[] { Matrix(c, filled.Select(f => f.Index).ToArray(), rank), values, c.Trace.Constant(tensor(empty)), c.Trace.Integers(map) };
    }

    // SparseSoftmax(indices, values, shape): along the last axis, over the elements that are there.
    private static OpResult Softmax(OpContext c)
    {
        string[] keys = Array.ConvertAll(Rows(c), r => string.Join(",", r[..^1]));
        Dictionary<string, int> groups = keys.Distinct().Select((k, i) => (k, i)).ToDictionary(p => p.k, p => p.i);
        Value ids = c.Trace.Integers(Array.ConvertAll(keys, k => (long)groups[k]));
        Value shifted = c[1] - Lax.StopGradient(Lax.Gather(SegmentOps.Extreme(c[1], ids, groups.Count, largest: true), ids, 0)), raised = Lax.Exp(shifted);
        return raised / Lax.Gather(Lax.SegmentSum(raised, ids, groups.Count), ids, 0);
    }
}
