using Ntk.Core.Autodiff.Primitives;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <content>Shapes, pieces and indices.</content>
public static partial class Lax
{
    /// <summary>The same elements under another shape; one size may be −1.</summary>
    public static Value Reshape(Value x, params long[] shape)
    {
        long[] full = (long[])shape.Clone();
        int free = Array.IndexOf(full, -1);
        if (free >= 0)
        {
            full[free] = 1;
            long rest = Shapes.Count(full);
            full[free] = rest == 0 ? 0 : x.Type.Count / rest;
        }
        return x.Shape.AsSpan().SequenceEqual(full) ? x : x.Trace.Apply(new Reshape(full), x);
    }

    /// <summary>Axes in another order: output axis i is operand axis order[i].</summary>
    public static Value Transpose(Value x, params int[] order) =>
        order.Select((a, i) => a == i).All(same => same) && order.Length == x.Rank ? x : x.Trace.Apply(new Transpose(order), x);

    /// <summary>Moves one axis.</summary>
    public static Value MoveAxis(Value x, int from, int to)
    {
        from = Shapes.Axis(from, x.Rank);
        to = Shapes.Axis(to, x.Rank);
        List<int> order = Enumerable.Range(0, x.Rank).Where(a => a != from).ToList();
        order.Insert(to, from);
        return Transpose(x, order.ToArray());
    }

    /// <summary>Exchanges two axes.</summary>
    public static Value SwapAxes(Value x, int a, int b)
    {
        int[] order = Enumerable.Range(0, x.Rank).ToArray();
        a = Shapes.Axis(a, x.Rank);
        b = Shapes.Axis(b, x.Rank);
        (order[a], order[b]) = (order[b], order[a]);
        return Transpose(x, order);
    }

    /// <summary>Repeats along new leading axes and along axes of size one; an equation even where nothing repeats, so that one example makes the program of many.</summary>
    public static Value BroadcastTo(Value x, params long[] shape) => x.Trace.Apply(new Broadcast(shape), x);

    /// <summary>An axis of size one at <paramref name="axis"/> of the result.</summary>
    public static Value ExpandDims(Value x, int axis)
    {
        List<long> shape = [.. x.Shape];
        shape.Insert(Shapes.Axis(axis, x.Rank + 1), 1);
        return Reshape(x, shape.ToArray());
    }

    /// <summary>Drops axes of size one; all of them when none is named.</summary>
    public static Value Squeeze(Value x, params long[] axes)
    {
        int[] drop = axes.Length == 0 ? Enumerable.Range(0, x.Rank).Where(a => x.Shape[a] == 1).ToArray() : Shapes.Axes(axes, x.Rank);
        foreach (int axis in drop)
        {
            if (x.Shape[axis] != 1)
            {
                throw new ShapeException($"squeeze: axis {axis} of {Shapes.Format(x.Shape)} is not of size 1");
            }
        }
        return Reshape(x, x.Shape.Where((_, a) => !drop.Contains(a)).ToArray());
    }

    /// <summary>A piece of the given begin and size (−1: to the end) along each axis.</summary>
    public static Value Slice(Value x, long[] begin, long[] size, long[]? stride = null)
    {
        stride ??= Enumerable.Repeat(1L, x.Rank).ToArray();
        size = size.Select((s, i) => s >= 0 ? s : (x.Shape[i] - begin[i] + stride[i] - 1) / stride[i]).ToArray();
        return size.AsSpan().SequenceEqual(x.Shape) && stride.All(s => s == 1) ? x : x.Trace.Apply(new Slice(begin, size, stride), x);
    }

    /// <summary>A piece along one axis.</summary>
    public static Value SliceAxis(Value x, int axis, long begin, long size, long stride = 1)
    {
        axis = Shapes.Axis(axis, x.Rank);
        var begins = new long[x.Rank];
        var sizes = (long[])x.Shape.Clone();
        long[] strides = Enumerable.Repeat(1L, x.Rank).ToArray();
        begins[axis] = begin;
        sizes[axis] = size;
        strides[axis] = stride;
        return Slice(x, begins, sizes, strides);
    }

    /// <summary>One index of an axis, which is dropped.</summary>
    public static Value Index(Value x, int axis, long index)
    {
        axis = Shapes.Axis(axis, x.Rank);
        return Squeeze(SliceAxis(x, axis, index < 0 ? index + x.Shape[axis] : index, 1), axis);
    }

    /// <summary>Pieces of the given sizes along an axis.</summary>
    public static Value[] Split(Value x, int axis, params long[] sizes)
    {
        long begin = 0;
        return Array.ConvertAll(sizes, size =>
        {
            Value piece = SliceAxis(x, axis, begin, size);
            begin += size;
            return piece;
        });
    }

    /// <summary>The slices along an axis, which is dropped.</summary>
    public static Value[] Unstack(Value x, int axis)
    {
        axis = Shapes.Axis(axis, x.Rank);
        return Enumerable.Range(0, (int)x.Shape[axis]).Select(i => Index(x, axis, i)).ToArray();
    }

    /// <summary>Operands one behind the other.</summary>
    public static Value Concat(IReadOnlyList<Value> values, int axis)
    {
        axis = Shapes.Axis(axis, values[0].Rank);
        return values.Count == 1 ? values[0] : values[0].Trace.Apply(new Concatenate(axis), values.ToArray());
    }

    /// <summary>Operands side by side along a new axis.</summary>
    public static Value Stack(IReadOnlyList<Value> values, int axis)
    {
        axis = Shapes.Axis(axis, values[0].Rank + 1);
        return Concat(values.Select(v => ExpandDims(v, axis)).ToArray(), axis);
    }

    /// <summary>Adds elements of one value before and behind along each axis.</summary>
    public static Value Pad(Value x, long[] low, long[] high, double value = 0) =>
        low.All(p => p == 0) && high.All(p => p == 0) ? x : x.Trace.Apply(new Pad(low, high, value), x);

    /// <summary>Pads with the mirrored elements; the edge itself is repeated when <paramref name="symmetric"/>.</summary>
    public static Value MirrorPad(Value x, long[] low, long[] high, bool symmetric)
    {
        for (int axis = 0; axis < x.Rank; axis++)
        {
            if (low[axis] == 0 && high[axis] == 0)
            {
                continue;
            }
            long size = x.Shape[axis], skip = symmetric ? 0 : 1;
            if (Math.Max(low[axis], high[axis]) > size - skip)
            {
                throw new ShapeException($"mirror padding by {Math.Max(low[axis], high[axis])} is more than axis {axis} of {Shapes.Format(x.Shape)} has");
            }
            Value before = SliceAxis(x, axis, skip, low[axis]), behind = SliceAxis(x, axis, size - skip - high[axis], high[axis]);
            x = Concat(new[] { Reverse(before, axis), x, Reverse(behind, axis) }.Where(v => v.Shape[axis] > 0).ToArray(), axis);
        }
        return x;
    }

    /// <summary>The elements along some axes in reverse order.</summary>
    public static Value Reverse(Value x, params int[] axes) => axes.Length == 0 ? x : x.Trace.Apply(new Reverse(Shapes.Axes(axes.Select(a => (long)a), x.Rank)), x);

    /// <summary>The elements along an axis moved round by <paramref name="shift"/>.</summary>
    public static Value Roll(Value x, int axis, long shift)
    {
        axis = Shapes.Axis(axis, x.Rank);
        long size = x.Shape[axis];
        shift = size == 0 ? 0 : ((shift % size) + size) % size;
        return shift == 0 ? x : Concat([SliceAxis(x, axis, size - shift, shift), SliceAxis(x, axis, 0, size - shift)], axis);
    }

    /// <summary>The whole repeated along each axis (tf.tile).</summary>
    public static Value Tile(Value x, params long[] multiples)
    {
        if (multiples.Length != x.Rank)
        {
            throw new ShapeException($"{multiples.Length} multiples for {Shapes.Format(x.Shape)}");
        }
        // (m0, d0, m1, d1, …) merged again.
        var wide = new List<long>();
        var split = new List<long>();
        var merged = new List<long>();
        for (int i = 0; i < x.Rank; i++)
        {
            split.Add(1);
            wide.Add(multiples[i]);
            split.Add(x.Shape[i]);
            wide.Add(x.Shape[i]);
            merged.Add(x.Shape[i] * multiples[i]);
        }
        return Reshape(BroadcastTo(Reshape(x, split.ToArray()), wide.ToArray()), merged.ToArray());
    }

    /// <summary>Each slice along an axis repeated in place (tf.repeat, upsampling by whole factors).</summary>
    public static Value Repeat(Value x, int axis, long times)
    {
        axis = Shapes.Axis(axis, x.Rank);
        long[] wide = [.. x.Shape[..(axis + 1)], times, .. x.Shape[(axis + 1)..]];
        long[] merged = (long[])x.Shape.Clone();
        merged[axis] *= times;
        return times == 1 ? x : Reshape(BroadcastTo(ExpandDims(x, axis + 1), wide), merged);
    }

    /// <summary>Slices along an axis at integer indices of any shape; negative indices count from the end.</summary>
    public static Value Gather(Value x, Value indices, int axis, int batchDims = 0)
    {
        axis = Shapes.Axis(axis, x.Rank);
        if (batchDims < 0)
        {
            batchDims += indices.Rank;
        }
        if (indices.IsKnown() && indices.Constant!.numel() > 0)
        {
            long size = x.Shape[axis];
            if (indices.KnownIntegers().Any(i => i >= size || i < -size))
            {
                throw new ShapeException($"gather: an index is out of range for axis {axis} of {Shapes.Format(x.Shape)}");
            }
            if (indices.KnownIntegers().Any(i => i < 0))
            {
                indices = Select(Less(indices, ScalarLike(indices, 0)), indices + size, indices);
            }
        }
        if (batchDims == 0)
        {
            return x.Trace.Apply(new Gather(axis), x, indices);
        }
        // x (batch, before, M, behind) and indices (batch, S) as (B, M, before · behind) and (B, S).
        long[] batch = x.Shape[..batchDims], before = x.Shape[batchDims..axis], behind = x.Shape[(axis + 1)..], taken = indices.Shape[batchDims..];
        Value moved = MoveAxis(x, axis, batchDims);
        Value flat = Reshape(moved, Shapes.Count(batch), x.Shape[axis], Shapes.Count(before) * Shapes.Count(behind));
        Value result = x.Trace.Apply(new TakeAlong(), flat, Reshape(indices, Shapes.Count(batch), Shapes.Count(taken)));
        Value unfolded = Reshape(result, [.. batch, .. taken, .. before, .. behind]);
        int[] order =
        [
            .. Enumerable.Range(0, batchDims),
            .. Enumerable.Range(batchDims + taken.Length, before.Length),
            .. Enumerable.Range(batchDims, taken.Length),
            .. Enumerable.Range(batchDims + taken.Length + before.Length, behind.Length),
        ];
        return Transpose(unfolded, order);
    }

    /// <summary>Elements or slices at index vectors, the last axis of <paramref name="indices"/> (tf.gather_nd).</summary>
    public static Value GatherNd(Value x, Value indices, int batchDims = 0)
    {
        int depth = (int)indices.Shape[^1];
        long[] batch = x.Shape[..batchDims], indexed = x.Shape[batchDims..(batchDims + depth)];
        Value flat = Reshape(x, [.. batch, Shapes.Count(indexed), .. x.Shape[(batchDims + depth)..]]);
        return Gather(flat, Linear(indices, indexed), batchDims, batchDims);
    }

    /// <summary>Adds updates into zeros of a shape at index vectors, the last axis of <paramref name="indices"/> (tf.scatter_nd).</summary>
    public static Value ScatterNd(Value indices, Value updates, params long[] shape)
    {
        int depth = (int)indices.Shape[^1];
        long[] indexed = shape[..depth];
        Value sum = updates.Trace.Apply(new ScatterAdd(0, Shapes.Count(indexed)), updates, Linear(indices, indexed));
        return Reshape(sum, shape);
    }

    /// <summary>Sums the slices of <paramref name="x"/> that share an id; ids may have several axes, the first ones of x; negative ids are dropped.</summary>
    public static Value SegmentSum(Value x, Value ids, long segments) => x.Trace.Apply(new ScatterAdd(0, segments), x, ids);

    /// <summary>On and off values in a new axis at integer positions.</summary>
    public static Value OneHot(Value indices, long depth, int axis, Value on, Value off)
    {
        axis = axis == -1 ? indices.Rank : Shapes.Axis(axis, indices.Rank + 1);
        var shape = new long[indices.Rank + 1];
        Array.Fill(shape, 1);
        shape[axis] = depth;
        Value places = Reshape(Cast(indices.Trace.Constant(arange(depth)), indices.DType), shape);
        return Select(Equal(ExpandDims(indices, axis), places), on, off);
    }

    private static Value Linear(Value indices, long[] sizes)
    {
        Value? linear = null;
        for (int i = 0; i < sizes.Length; i++)
        {
            Value part = Index(indices, -1, i);
            linear = linear is null ? part : (linear * sizes[i]) + part;
        }
        return linear ?? Cast(Reshape(indices, indices.Shape[..^1]), ScalarType.Int64);
    }
}
