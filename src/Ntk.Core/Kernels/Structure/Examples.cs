using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels.Structure;

/// <summary>Brings the examples' axis of a tensor to the front.</summary>
internal static class Examples
{
    /// <summary>
    /// Arranges a tensor as (leading axes, examples, groups …): each group merges the axes it names, in its order; where a group names the examples'
    /// axis it takes the part of it that is not examples. Without an examples' axis there is one example, the whole.
    /// </summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="lead">How many axes lead (rows).</param>
    /// <param name="axis">Where the examples lie, counted without the leading axes.</param>
    /// <param name="examples">How many examples the tensor holds: N, or 1 where all share one.</param>
    /// <param name="groups">Axes, counted without the leading ones.</param>
    public static Tensor Arrange(Tensor tensor, int lead, BatchAxis? axis, long examples, params int[][] groups)
    {
        long[] shape = tensor.shape;
        var split = new List<long>(shape[..lead]);
        var places = new List<int>[shape.Length - lead];
        int batch = -1;
        for (int i = lead; i < shape.Length; i++)
        {
            int own = i - lead;
            if (axis is { } b && b.Axis == own)
            {
                split.Add(b.Outer);
                split.Add(examples);
                split.Add(b.Inner);
                batch = split.Count - 2;
                places[own] = [split.Count - 3, split.Count - 1];
            }
            else
            {
                split.Add(shape[i]);
                places[own] = [split.Count - 1];
            }
        }
        if (batch < 0)
        {
            split.Insert(lead, 1);
            foreach (List<int> place in places)
            {
                for (int i = 0; i < place.Count; i++)
                {
                    place[i]++;
                }
            }
            batch = lead;
        }
        var order = new List<long>();
        var result = new List<long>();
        for (int i = 0; i < lead; i++)
        {
            order.Add(i);
            result.Add(shape[i]);
        }
        order.Add(batch);
        result.Add(split[batch]);
        foreach (int[] group in groups)
        {
            long size = 1;
            foreach (int member in group)
            {
                foreach (int place in places[member])
                {
                    order.Add(place);
                    size *= split[place];
                }
            }
            result.Add(size);
        }
        using Tensor wide = tensor.reshape(split.ToArray());
        using Tensor ordered = wide.permute(order.ToArray());
        return ordered.reshape(result.ToArray());
    }

    /// <summary>One example's part of a value, in the shape it has when it is alone.</summary>
    public static Tensor Pick(Tensor tensor, int lead, BatchAxis? axis, long examples, long example)
    {
        if (axis is not { } b)
        {
            return tensor.alias();
        }
        long[] shape = tensor.shape;
        using Tensor wide = tensor.reshape([.. shape[..(lead + b.Axis)], b.Outer, examples, b.Inner, .. shape[(lead + b.Axis + 1)..]]);
        using Tensor one = wide.narrow(lead + b.Axis + 1, example, 1);
        shape[lead + b.Axis] = b.Outer * b.Inner;
        return one.reshape(shape);
    }

    /// <summary>Whether rows are one value repeated along some axes, counted without the rows' own: a pooled layer's cotangent, as long as nothing wrote it out.</summary>
    public static bool Repeats(Tensor rows, IEnumerable<int> axes)
    {
        long[] shape = rows.shape, strides = rows.stride();
        return axes.All(a => shape[a + 1] == 1 || strides[a + 1] == 0);
    }

    /// <summary>Repeats what all examples share once for each: (rows, shape of one example) → (rows, shape of N).</summary>
    public static Tensor Spread(Tensor rows, BatchAxis axis, long examples)
    {
        long[] shape = rows.shape;
        int place = axis.Axis + 1;
        if (axis.IsPlain)
        {
            shape[place] = examples;
            return rows.expand(shape);
        }
        using Tensor wide = rows.reshape([.. shape[..place], axis.Outer, 1, axis.Inner, .. shape[(place + 1)..]]);
        using Tensor spread = wide.expand([.. shape[..place], axis.Outer, examples, axis.Inner, .. shape[(place + 1)..]]);
        shape[place] = axis.Outer * examples * axis.Inner;
        return spread.reshape(shape);
    }
}
