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
        One("BesselJ0", x => Lax.BesselJ(0, x)), One("BesselJ1", x => Lax.BesselJ(1, x)), One("BesselY0", x => Lax.BesselY(0, x)), One("BesselY1", x => Lax.BesselY(1, x)),
        One("BesselK0", x => Lax.BesselK(0, x)), One("BesselK1", x => Lax.BesselK(1, x)),
        One("BesselK0e", x => Lax.BesselK(0, x, scaled: true)), One("BesselK1e", x => Lax.BesselK(1, x, scaled: true)),
        One("Dawsn", Lax.Dawson), One("Expint", Lax.ExponentialIntegral), One("FresnelCos", x => Lax.Fresnel(x, sine: false)), One("FresnelSin", x => Lax.Fresnel(x, sine: true)),
        One("Spence", Lax.Spence), Two("Zeta", Lax.Zeta), new("Betainc", c => Lax.IncompleteBeta(c[0], c[1], c[2])),
        Two("Igamma", (a, x) => Lax.IncompleteGamma(a, x, upper: false)), Two("Igammac", (a, x) => Lax.IncompleteGamma(a, x, upper: true)),
    ];

    // Polygamma(a, x): the derivative of order a + 1 of log Γ; the orders must be known.
    private static OpResult Polygamma(OpContext c)
    {
        using Tensor orders = (c[0].Constant ?? throw OpContext.Unsupported("an order that depends on the data")).to(ScalarType.Float64).reshape(-1);
        double[] all = orders.data<double>().ToArray().Distinct().ToArray();
        if (all.Any(a => !(a >= 0 && a == Math.Floor(a))))
        {
            throw OpContext.Unsupported("an order that is no whole number");
        }
        Value result = Lax.BroadcastTo(all.Length == 0 ? c[1] : Lax.Polygamma((int)all[0], c[1]), Shapes.Broadcast(c[0].Shape, c[1].Shape));
        foreach (double order in all.Skip(1))
        {
            result = Lax.Select(Lax.Equal(c[0], Lax.ScalarLike(c[0], order)), Lax.Polygamma((int)order, c[1]), result);
        }
        return result;
    }
}
