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

    private static readonly Primitive s_besselJ0 = OfX("bessel_j0", x => special.bessel_j0(x), (rows, x) => rows * special.bessel_j1(x).neg(), 20);
    private static readonly Primitive s_besselJ1 = new Unary("bessel_j1", x => special.bessel_j1(x), Reads.Operand | Reads.Output,
        (rows, x, y) => rows * where(x == 0, tensor(0.5, x.dtype), special.bessel_j0(x) - (y / where(x == 0, ones_like(x), x))), null, 20);
    private static readonly Primitive s_besselY0 = OfX("bessel_y0", x => special.bessel_y0(x), (rows, x) => rows * special.bessel_y1(x).neg(), 20);
    private static readonly Primitive s_besselY1 = new Unary("bessel_y1", x => special.bessel_y1(x), Reads.Operand | Reads.Output, (rows, x, y) => rows * (special.bessel_y0(x) - (y / x)), null, 20);
    private static readonly Primitive s_besselK0 = OfX("bessel_k0", x => special.modified_bessel_k0(x), (rows, x) => rows * special.modified_bessel_k1(x).neg(), 20);
    private static readonly Primitive s_besselK1 = new Unary("bessel_k1", x => special.modified_bessel_k1(x), Reads.Operand | Reads.Output,
        (rows, x, y) => rows * (special.modified_bessel_k0(x) + (y / x)).neg(), null, 20);
    private static readonly Primitive s_besselK0Scaled = new Unary("bessel_k0e", x => special.scaled_modified_bessel_k0(x), Reads.Operand | Reads.Output,
        (rows, x, y) => rows * (y - special.scaled_modified_bessel_k1(x)), null, 20);
    private static readonly Primitive s_besselK1Scaled = new Unary("bessel_k1e", x => special.scaled_modified_bessel_k1(x), Reads.Operand | Reads.Output,
        (rows, x, y) => rows * ((y * (1 - x.reciprocal())) - special.scaled_modified_bessel_k0(x)), null, 20);
    private static readonly Primitive s_dawson = new Unary("dawson", x => ScalarFunctions.Map(x, ScalarFunctions.Dawson), Reads.Operand | Reads.Output,
        (rows, x, y) => rows * (1 - (x * y * 2)), null, 100);
    private static readonly Primitive s_exponentialIntegral = OfX("expint", x => ScalarFunctions.Map(x, ScalarFunctions.ExponentialIntegral), (rows, x) => rows * (x.exp() / x), 100);
    private static readonly Primitive s_fresnelCosine = OfX("fresnel_cos", x => ScalarFunctions.Map(x, t => ScalarFunctions.Fresnel(t).Real), (rows, x) => rows * (x * x * (Math.PI / 2)).cos(), 100);
    private static readonly Primitive s_fresnelSine = OfX("fresnel_sin", x => ScalarFunctions.Map(x, t => ScalarFunctions.Fresnel(t).Imaginary), (rows, x) => rows * (x * x * (Math.PI / 2)).sin(), 100);
    private static readonly Primitive s_spence = OfX("spence", x => ScalarFunctions.Map(x, ScalarFunctions.Spence),
        (rows, x) => rows * where(x == 1, tensor(-1.0, x.dtype), x.log() / where(x == 1, ones_like(x), 1 - x)), 100);
    private static readonly Primitive s_zeta = new Binary("zeta", special.zeta, null, new(false, true, true, false, (rows, s, q, _) => rows * (s.neg() * special.zeta(s + 1, q))));
    private static readonly Primitive s_incompleteBeta = new IncompleteBeta();

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

    /// <summary>Bessel's function of the first kind, of order 0 or 1.</summary>
    public static Value BesselJ(int order, Value x) => x.Trace.Apply(order == 0 ? s_besselJ0 : s_besselJ1, x);

    /// <summary>Bessel's function of the second kind, of order 0 or 1.</summary>
    public static Value BesselY(int order, Value x) => x.Trace.Apply(order == 0 ? s_besselY0 : s_besselY1, x);

    /// <summary>The modified Bessel function of the second kind, of order 0 or 1; <paramref name="scaled"/>: times eˣ.</summary>
    public static Value BesselK(int order, Value x, bool scaled = false) =>
        x.Trace.Apply(order == 0 ? scaled ? s_besselK0Scaled : s_besselK0 : scaled ? s_besselK1Scaled : s_besselK1, x);

    /// <summary>Dawson's integral.</summary>
    public static Value Dawson(Value x) => x.Trace.Apply(s_dawson, x);

    /// <summary>The exponential integral Ei.</summary>
    public static Value ExponentialIntegral(Value x) => x.Trace.Apply(s_exponentialIntegral, x);

    /// <summary>Fresnel's cosine integral, or the sine integral.</summary>
    public static Value Fresnel(Value x, bool sine) => x.Trace.Apply(sine ? s_fresnelSine : s_fresnelCosine, x);

    /// <summary>The dilogarithm of 1 − x.</summary>
    public static Value Spence(Value x) => x.Trace.Apply(s_spence, x);

    /// <summary>Hurwitz's zeta function Σ (q + n)⁻ˢ; as in TensorFlow it has no derivative by s.</summary>
    public static Value Zeta(Value s, Value q) => s.Trace.Apply(s_zeta, s, q);

    /// <summary>The regularised incomplete beta function I_x(a, b); as in TensorFlow it has no derivative by a and b.</summary>
    public static Value IncompleteBeta(Value a, Value b, Value x) => a.Trace.Apply(s_incompleteBeta, a, b, x);

    /// <summary>The regularised incomplete gamma function of a at x.</summary>
    public static Value IncompleteGamma(Value a, Value x, bool upper)
    {
        double sign = upper ? -1 : 1;
        return a.Trace.Apply(new Binary(upper ? "igammac" : "igamma", (s, t) => upper ? special.gammaincc(s, t) : special.gammainc(s, t),
            new(false, true, true, false, (rows, s, t, _) => rows * (IncompleteGammaByOrder(s, t) * sign)),
            new(false, true, true, false, (rows, s, t, _) => rows * ((((s - 1) * t.log()) - t - s.lgamma()).exp() * sign))), a, x);
    }

    // ∂P(a, x)/∂a has no closed form: differences of the eighth order, whose truncation and rounding errors both lie near 1e-13.
    private static Tensor IncompleteGammaByOrder(Tensor a, Tensor x)
    {
        double[] weights = [4.0 / 5, -1.0 / 5, 4.0 / 105, -1.0 / 280];
        Tensor order = a.to(ScalarType.Float64), at = x.to(ScalarType.Float64), step = minimum(order, order.sqrt()) * 0.02;
        Tensor sum = zeros([], ScalarType.Float64);
        for (int k = 1; k <= weights.Length; k++)
        {
            sum += (special.gammainc(order + (step * k), at) - special.gammainc(order - (step * k), at)) * weights[k - 1];
        }
        return (sum / step).to(x.dtype);
    }
}
