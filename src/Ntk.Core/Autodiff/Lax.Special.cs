using Ntk.Core.Autodiff.Primitives;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <content>Special functions.</content>
public static partial class Lax
{
    private static readonly Primitive s_logGamma = OfX("lgamma", x => x.lgamma(), (rows, x) => rows * x.digamma(), 20);
    private static readonly Primitive s_digamma = OfX("digamma", x => x.digamma(), (rows, x) => rows * x.polygamma(1), 20);
    private static readonly Primitive s_inverseErf = OfY("erfinv", x => x.erfinv(), (rows, y) => rows * ((y * y).exp() * (Math.Sqrt(Math.PI) / 2)), 20);
    private static readonly Primitive s_besselI0 = new Unary("i0e", special.i0e, Reads.Operand | Reads.Output,
        (rows, x, y) => rows * (special.i1e(x) - (x.sgn() * y)), null, 20);
    private static readonly Primitive s_besselI1 = new Unary("i1e", special.i1e, Reads.Operand | Reads.Output,
        (rows, x, y) => rows * where(x == 0, tensor(0.5, x.dtype), special.i0e(x) - (y * (x.sgn() + where(x == 0, ones_like(x), x).reciprocal()))), null, 30);

    /// <summary>log |Γ(x)|.</summary>
    public static Value LogGamma(Value x) => x.Trace.Apply(s_logGamma, x);

    /// <summary>The derivative of log Γ(x).</summary>
    public static Value Digamma(Value x) => x.Trace.Apply(s_digamma, x);

    /// <summary>The derivative of order <paramref name="order"/> + 1 of log Γ(x).</summary>
    public static Value Polygamma(int order, Value x) => order == 0 ? Digamma(x)
        : x.Trace.Apply(OfX("polygamma", t => t.polygamma(order), (rows, t) => rows * t.polygamma(order + 1), 30, $"{order}"), x);

    /// <summary>The inverse of the error function.</summary>
    public static Value InverseErf(Value x) => x.Trace.Apply(s_inverseErf, x);

    /// <summary>e^−|x| I₀(x).</summary>
    public static Value BesselI0Scaled(Value x) => x.Trace.Apply(s_besselI0, x);

    /// <summary>e^−|x| I₁(x).</summary>
    public static Value BesselI1Scaled(Value x) => x.Trace.Apply(s_besselI1, x);

    /// <summary>The regularised incomplete gamma function of a at x; it has no derivative by a here.</summary>
    public static Value IncompleteGamma(Value a, Value x, bool upper)
    {
        double sign = upper ? -1 : 1;
        return a.Trace.Apply(new Binary(upper ? "igammac" : "igamma", (s, t) => upper ? special.gammaincc(s, t) : special.gammainc(s, t),
            new(false, false, false, false, (_, _, _, _) => throw new NtkException(NtkErrorId.NotDifferentiable, "The incomplete gamma function cannot be differentiated by its first argument.")),
            new(false, true, true, false, (rows, s, t, _) => rows * ((((s - 1) * t.log()) - t - s.lgamma()).exp() * sign))), a, x);
    }
}
