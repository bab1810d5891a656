using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Sorting along the last axis.</summary>
internal static class SortingOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("TopK", c => Top(c, (int)c.Int("k", 0)), "values", "indices"), new("TopKV2", c => Top(c, c.KnownInt(1)), "values", "indices"),
        new("NthElement", c => Lax.Index(Lax.Sort(c[0], descending: c.Bool("reverse")).Values, -1, c.KnownInt(1))),
    ];

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
