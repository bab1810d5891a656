using Ntk.Core.Autodiff;
using static Ntk.Core.Ops.TensorFlow.ElementwiseOps;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Special functions.</summary>
internal static class SpecialOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        One("Lgamma", Lax.LogGamma), One("Digamma", Lax.Digamma), One("Erfinv", Lax.InverseErf),
        One("Ndtri", x => Lax.InverseErf((x * 2.0) - 1.0) * Math.Sqrt(2)),
        One("BesselI0e", Lax.BesselI0Scaled), One("BesselI1e", Lax.BesselI1Scaled),
        One("BesselI0", x => Lax.BesselI0Scaled(x) * Lax.Exp(Lax.Abs(x))), One("BesselI1", x => Lax.BesselI1Scaled(x) * Lax.Exp(Lax.Abs(x))),
        Two("Igamma", (a, x) => Lax.IncompleteGamma(a, x, upper: false)), Two("Igammac", (a, x) => Lax.IncompleteGamma(a, x, upper: true)),
    ];
}
