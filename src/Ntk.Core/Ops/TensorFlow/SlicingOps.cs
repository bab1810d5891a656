using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Pieces of tensors: Slice and StridedSlice with all its masks.</summary>
internal static class SlicingOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } = [new("Slice", Slice), new("StridedSlice", StridedSlice)];

    private static OpResult Slice(OpContext c)
    {
        Value x = c[0];
        if (c[1].IsKnown())
        {
            return Lax.Slice(x, c.Known(1), Lengths(c[2]));
        }
        // A beginning that depends on the data: slices at consecutive indices.
        long[] size = Lengths(c[2]);
        for (int axis = 0; axis < size.Length; axis++)
        {
            if (size[axis] < 0)
            {
                throw new ShapeException("a piece whose beginning depends on the data needs a length");
            }
            if (size[axis] != x.Shape[axis])
            {
                x = From(x, c[1], axis, axis, size[axis]);
            }
        }
        return x;
    }

    private const string OwnShape = "the length of a piece depends on the data: each example would have a shape of its own. Pieces of one length, with a mask for what counts in them, can be computed";

    private static long[] Lengths(Value size) => size.IsKnown() ? size.KnownIntegers() : IntegerForm.KnownElements(size) ?? throw new ShapeException(OwnShape);

    // Slices along an axis from the beginning that an element of `begin` says.
    private static Value From(Value x, Value begin, int entry, int axis, long size)
    {
        Value first = Lax.Cast(Lax.Index(begin, 0, entry), ScalarType.Int64);
        return Lax.Gather(x, first + x.Trace.Constant(arange(size)), axis);
    }

    /// <summary>One entry of a slicing specification, spelled out for one axis.</summary>
    private readonly record struct Range(long Begin, long Size, long Stride, bool Shrink);

    // StridedSlice(x, begin, end, strides; begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    private static OpResult StridedSlice(OpContext c)
    {
        Masks masks = Masks.Of(c);
        return c[1].IsKnown() && c[2].IsKnown() ? Piece(c[0], c.Known(1), c.Known(2), c.Known(3), masks) : AtUnknownIndices(c, masks);
    }

    /// <summary>The masks of a slicing specification, a bit an entry: open ends, an ellipsis, new axes, and indices that drop their axis.</summary>
    internal readonly record struct Masks(long Begin, long End, long Ellipsis, long NewAxis, long Shrink)
    {
        /// <summary>The masks among an op's attributes.</summary>
        public static Masks Of(OpContext c) => new(c.Int("begin_mask", 0), c.Int("end_mask", 0), c.Int("ellipsis_mask", 0), c.Int("new_axis_mask", 0), c.Int("shrink_axis_mask", 0));
    }

    /// <summary>The piece x[begin:end:stride] with its masks.</summary>
    internal static Value Piece(Value x, long[] begin, long[] end, long[] stride, Masks masks)
    {
        static bool Has(long mask, int bit) => ((mask >> bit) & 1) != 0;
        int entries = begin.Length;
        int ellipses = Enumerable.Range(0, entries).Count(i => Has(masks.Ellipsis, i));
        int named = Enumerable.Range(0, entries).Count(i => !Has(masks.Ellipsis, i) && !Has(masks.NewAxis, i));
        if (ellipses > 1 || named > x.Rank)
        {
            throw new ShapeException($"{named} indices for {Shapes.Format(x.Shape)}");
        }
        var ranges = new List<Range>();
        // Where the result gets an axis of size one, counted in the axes that remain.
        var shape = new List<long>();
        void Keep(int count)
        {
            for (int i = 0; i < count; i++)
            {
                shape.Add(x.Shape[ranges.Count]);
                ranges.Add(new Range(0, x.Shape[ranges.Count], 1, false));
            }
        }
        for (int i = 0; i < entries; i++)
        {
            if (Has(masks.Ellipsis, i))
            {
                Keep(x.Rank - named);
            }
            else if (Has(masks.NewAxis, i))
            {
                shape.Add(1);
            }
            else
            {
                Range range = Along(x.Shape[ranges.Count], begin[i], end[i], stride[i], Has(masks.Begin, i), Has(masks.End, i), Has(masks.Shrink, i));
                ranges.Add(range);
                if (!range.Shrink)
                {
                    shape.Add(range.Size);
                }
            }
        }
        Keep(x.Rank - ranges.Count);
        int[] backward = Enumerable.Range(0, x.Rank).Where(a => ranges[a].Stride < 0 && ranges[a].Size > 1).ToArray();
        // A backward range is the forward one turned round.
        Value piece = Lax.Slice(x, ranges.Select(r => r.Stride < 0 && r.Size > 0 ? r.Begin + ((r.Size - 1) * r.Stride) : r.Begin).ToArray(),
            ranges.Select(r => r.Size).ToArray(), ranges.Select(r => Math.Abs(r.Stride)).ToArray());
        return Lax.Reshape(Lax.Reverse(piece, backward), shape.ToArray());
    }

    private static Range Along(long size, long begin, long end, long stride, bool fromStart, bool toEnd, bool shrink)
    {
        if (stride == 0)
        {
            throw new ShapeException("a stride of 0");
        }
        if (shrink)
        {
            long index = begin < 0 ? begin + size : begin;
            return index >= 0 && index < size ? new Range(index, 1, 1, true) : throw new ShapeException($"index {begin} is out of range for an axis of size {size}");
        }
        long first = stride > 0 ? 0 : -1, last = stride > 0 ? size : size - 1;
        long from = fromStart ? (stride > 0 ? first : last) : Math.Clamp(begin < 0 ? begin + size : begin, first, last);
        long to = toEnd ? (stride > 0 ? last : first) : Math.Clamp(end < 0 ? end + size : end, first, last);
        long count = Math.Max(0, stride > 0 ? (to - from + stride - 1) / stride : (from - to - stride - 1) / -stride);
        return new Range(count == 0 ? 0 : from, count, stride, false);
    }

    // x[i], x[:, i:i + 3] … with an i that depends on the data. Such entries are taken first, each along its axis; the rest is a piece as any other.
    private static OpResult AtUnknownIndices(OpContext c, Masks masks)
    {
        Value x = c[0];
        int entries = (int)c[1].Shape[0];
        IReadOnlyList<IntegerForm> begin = IntegerForm.Of(c[1])!, end = IntegerForm.Of(c[2])!;
        var from = new long[entries];
        var to = new long[entries];
        long[] stride = c.Known(3);
        bool Has(long mask, int bit) => ((mask >> bit) & 1) != 0;
        int axis = 0, named = Enumerable.Range(0, entries).Count(i => !Has(masks.Ellipsis, i) && !Has(masks.NewAxis, i));
        for (int i = 0; i < entries; i++)
        {
            if (Has(masks.Ellipsis | masks.NewAxis, i))
            {
                axis += Has(masks.Ellipsis, i) ? x.Rank - named : 0;
                continue;
            }
            bool starts = Has(masks.Begin, i) && !Has(masks.Shrink, i), ends = Has(masks.End, i) || Has(masks.Shrink, i);
            if ((starts || begin[i].Known is not null) && (ends || end[i].Known is not null))
            {
                (from[i], to[i]) = (starts ? 0 : begin[i].Known!.Value, ends ? 0 : end[i].Known!.Value);
            }
            else if (Has(masks.Shrink, i))
            {
                Value index = Lax.Cast(Lax.Index(c[1], 0, i), ScalarType.Int64);
                index = Lax.Select(Lax.Less(index, Lax.ScalarLike(index, 0)), index + x.Shape[axis], index);
                x = Lax.Gather(x, Lax.Reshape(index, 1), axis);
            }
            else if (!starts && !ends && stride[i] == 1 && (end[i] - begin[i]).Known is { } size)
            {
                x = From(x, c[1], i, axis, Math.Max(size, 0));
                (from[i], to[i]) = (0, Math.Max(size, 0));
            }
            else
            {
                throw new ShapeException(OwnShape);
            }
            axis++;
        }
        return Piece(x, from, to, stride, masks);
    }
}
