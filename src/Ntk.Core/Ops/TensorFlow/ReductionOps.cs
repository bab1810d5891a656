using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Reductions and running reductions along axes.</summary>
internal static class ReductionOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        Over("Sum", Lax.Sum), Over("Mean", Lax.Mean), Over("Max", Lax.Max), Over("Min", Lax.Min), Over("Prod", Lax.Product), Over("All", Lax.All), Over("Any", Lax.Any),
        Over("EuclideanNorm", (x, axes, keep) => Lax.Sqrt(Lax.Sum(Lax.Square(x), axes, keep))),
        new("ArgMax", c => Lax.ArgMax(c[0], c.KnownInt(1), c.Type("output_type", DataType.DtInt64))),
        new("ArgMin", c => Lax.ArgMin(c[0], c.KnownInt(1), c.Type("output_type", DataType.DtInt64))),
        Along("Cumsum", Lax.CumulativeSum), Along("Cumprod", Lax.CumulativeProduct), Along("CumulativeLogsumexp", Lax.CumulativeLogSumExp),
    ];

    private static OpDefinition Over(string name, Func<Value, long[]?, bool, Value> reduce) =>
        new(name, c => reduce(c[0], c.Known(1), c.Bool("keep_dims")));

    private static OpDefinition Along(string name, Func<Value, int, bool, bool, Value> cumulate) =>
        new(name, c => cumulate(c[0], c.KnownInt(1), c.Bool("exclusive"), c.Bool("reverse")));
}
