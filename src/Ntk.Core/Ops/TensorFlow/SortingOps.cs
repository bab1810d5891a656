using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Protos;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Sorting along the last axis.</summary>
internal static class SortingOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("TopK", c => Top(c, (int)c.Int("k", 0)), "values", "indices"), new("TopKV2", c => Top(c, c.KnownInt(1)), "values", "indices"),
        new("ApproxTopK", Approximate, "values", "indices"),
        new("NthElement", c => Lax.Index(Lax.Sort(c[0], descending: c.Bool("reverse")).Values, -1, c.KnownInt(1))),
    ];

    // ApproxTopK(input; k, reduction_dimension, recall_target, is_max_k, …): exact here, as on TensorFlow's CPU.
    private static OpResult Approximate(OpContext c)
    {
        _ = c.Float("recall_target", 0.95f);
        _ = c.Int("reduction_input_size_override", -1);
        _ = c.Bool("aggregate_to_topk", true);
        int axis = Shapes.Axis(c.Int("reduction_dimension", -1), c[0].Rank);
        (Value values, Value indices) = Lax.Sort(Lax.MoveAxis(c[0], axis, -1), descending: c.Bool("is_max_k", true), first: c.Int("k", 1));
        return new[] { Lax.MoveAxis(values, -1, axis), Lax.MoveAxis(Lax.Cast(indices, ScalarType.Int32), -1, axis) };
    }

    // TopKV2(input, k; sorted, index_type): of equal elements the first comes first. Unsorted results may come in any order, so in this one.
    private static OpResult Top(OpContext c, int k)
    {
        _ = c.Bool("sorted", true);
        if (k > c[0].Shape[^1])
        {
            throw new ShapeException($"the {k} largest of {c[0].Shape[^1]} elements");
        }
        (Value values, Value indices) = Lax.Sort(c[0], descending: true, first: k);
        return new[] { values, Lax.Cast(indices, c.Type("index_type", DataType.DtInt32)) };
    }
}
