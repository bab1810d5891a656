using Ntk.Core.Autodiff;
using static Ntk.Core.Ops.TensorFlow.ElementwiseOps;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Special functions.</summary>
internal static class SpecialOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        One("Lgamma", Lax.LogGamma), One("Digamma", Lax.Digamma), One("Erfinv", Lax.InverseErf),
        One("Ndtri", x => Lax.InverseErf((x * 2.0) - 1.0) * Math.Sqrt(2)),
        new("Polygamma", Polygamma),
        One("BesselI0e", Lax.BesselI0Scaled), One("BesselI1e", Lax.BesselI1Scaled),
        One("BesselI0", x => Lax.BesselI0Scaled(x) * Lax.Exp(Lax.Abs(x))), One("BesselI1", x => Lax.BesselI1Scaled(x) * Lax.Exp(Lax.Abs(x))),
        Two("Igamma", (a, x) => Lax.IncompleteGamma(a, x, upper: false)), Two("Igammac", (a, x) => Lax.IncompleteGamma(a, x, upper: true)),
    ];

    // Polygamma(a, x): the derivative of order a + 1 of log Γ; a must be one known number.
    private static OpResult Polygamma(OpContext c)
    {
        using Tensor orders = (c[0].Constant ?? throw OpContext.Unsupported("an order that depends on the data")).to(ScalarType.Float64).reshape(-1);
        double[] all = orders.data<double>().ToArray();
        return all.Length > 0 && all.All(a => a == all[0]) && all[0] >= 0 && all[0] == Math.Floor(all[0])
            ? Lax.BroadcastTo(Lax.Polygamma((int)all[0], c[1]), Shapes.Broadcast(c[0].Shape, c[1].Shape)) : throw OpContext.Unsupported("an order that is no whole number");
    }
}
