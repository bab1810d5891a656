using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>One part of a partition that depends on data, as TF 1's lookups in partitioned tables make it: all rows, and to which part each belongs.</summary>
/// <param name="All">All rows; those of other parts hold anything.</param>
/// <param name="Parts">(rows): the part of each.</param>
/// <param name="Part">Which part it is.</param>
internal sealed record PartOfRows(Value All, Value Parts, int Part)
{
    /// <summary>The same part of other rows.</summary>
    public PartOfRows With(Func<Value, Value> function) => this with { All = function(All) };

    /// <summary>Whether each row belongs to the part; shaped to broadcast against rows of a rank.</summary>
    public Value Own(int rank) =>
        Lax.Reshape(Lax.Equal(Parts, Lax.ScalarLike(Parts, Part)), [Parts.Shape[0], .. Enumerable.Repeat(1L, rank - 1)]);
}

/// <summary>Rows put together and taken apart at indices that must be known, since their number is a shape; but for rows that come back in their order.</summary>
internal static class StitchOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
        [new("DynamicStitch", Stitch), new("ParallelDynamicStitch", Stitch), new("DynamicPartition", Partition), new("TensorStridedSliceUpdate", UpdatePiece)];

    // DynamicStitch(indices…, data…): of rows at the same index the last one counts.
    private static OpResult Stitch(OpContext c)
    {
        int n = c.Count / 2;
        if (c.Inputs.All(i => i is PartOfRows))
        {
            return Rejoined(c, c.Inputs.Cast<PartOfRows>().ToArray());
        }
        long[][] indices = Enumerable.Range(0, n).Select(c.Known).ToArray();
        long size = indices.SelectMany(i => i).DefaultIfEmpty(-1).Max() + 1;
        long[] row = c[n].Shape[c[0].Rank..];
        Value rows = Lax.Concat(Enumerable.Range(0, n).Select(i => Lax.Reshape(c[n + i], [indices[i].Length, .. row])).ToArray(), 0);
        // What no index names is zero.
        var from = new long[size];
        Array.Fill(from, -1);
        long at = 0;
        foreach (long index in indices.SelectMany(i => i))
        {
            from[index] = at++;
        }
        if (Array.IndexOf(from, -1L) >= 0)
        {
            rows = Lax.Concat([rows, ArrayOps.Filled(rows, [1, .. row], 0)], 0);
            from = Array.ConvertAll(from, f => f < 0 ? at : f);
        }
        return Lax.Gather(rows, c.Trace.Integers(from), 0);
    }

    // Every row of a partition back at its own place.
    private static Value Rejoined(OpContext c, PartOfRows[] inputs)
    {
        int n = inputs.Length / 2;
        bool isWhole = inputs.All(i => ReferenceEquals(i.Parts, inputs[0].Parts)) && inputs[..n].Select(i => i.Part).Order().SequenceEqual(Enumerable.Range(0, n)) &&
            inputs[..n].Zip(inputs[n..], (i, d) => i.Part == d.Part).All(same => same) &&
            inputs[0].All.IsKnown() && inputs[0].All.KnownIntegers().SequenceEqual(Enumerable.Range(0, (int)inputs[0].Parts.Shape[0]).Select(i => (long)i));
        if (!isWhole)
        {
            throw OpContext.Unsupported("rows that do not return to where a partition took them from");
        }
        return inputs[n..].Skip(1).Aggregate(inputs[n].All, (rows, part) => Lax.Select(part.Own(rows.Rank), part.All, rows));
    }

    // DynamicPartition(data, partitions; num_partitions)
    private static OpResult Partition(OpContext c)
    {
        if (!c[1].IsKnown())
        {
            Value all = Lax.Reshape(c[0], [c[1].Type.Count, .. c[0].Shape[c[1].Rank..]]), of = c[1].Rank == 1 ? c[1] : Lax.Reshape(c[1], c[1].Type.Count);
            return OpResult.Of(Enumerable.Range(0, (int)c.Int("num_partitions", 1)).Select(p => (object)new PartOfRows(all, of, p)).ToArray());
        }
        long[] parts = c.Known(1);
        Value flat = Lax.Reshape(c[0], [parts.Length, .. c[0].Shape[c[1].Rank..]]);
        return Enumerable.Range(0, (int)c.Int("num_partitions", 1))
            .Select(p => Lax.Gather(flat, c.Trace.Integers(Enumerable.Range(0, parts.Length).Where(i => parts[i] == p).Select(i => (long)i).ToArray()), 0)).ToArray();
    }

    // TensorStridedSliceUpdate(input, begin, end, strides, value; the masks of StridedSlice)
    private static OpResult UpdatePiece(OpContext c)
    {
        Value x = c[0];
        long count = x.Type.Count;
        Value numbers = c.Trace.Integers(Enumerable.Range(0, checked((int)count)).Select(i => (long)i).ToArray());
        Value places = SlicingOps.Piece(Lax.Reshape(numbers, x.Shape), c.Known(1), c.Known(2), c.Known(3), SlicingOps.Masks.Of(c));
        long[] from = Enumerable.Range(0, checked((int)count)).Select(i => (long)i).ToArray(), at = places.KnownIntegers();
        for (int i = 0; i < at.Length; i++)
        {
            from[at[i]] = count + i;
        }
        Value all = Lax.Concat([Lax.Reshape(x, count), Lax.Reshape(Lax.BroadcastTo(c[4], places.Shape), at.Length)], 0);
        return Lax.Reshape(Lax.Gather(all, c.Trace.Integers(from), 0), x.Shape);
    }
}
