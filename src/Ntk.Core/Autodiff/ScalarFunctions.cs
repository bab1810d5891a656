using System.Numerics;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <summary>Special functions of real numbers that libtorch lacks, to double precision.</summary>
internal static class ScalarFunctions
{
    private const double EulerGamma = 0.57721566490153286061;
    private const double MostPower = 700;

    /// <summary>A function of every element, computed in double precision.</summary>
    public static Tensor Map(Tensor x, Func<double, double> function)
    {
        using Tensor wide = x.to(ScalarType.Float64).contiguous();
        double[] values = wide.data<double>().ToArray();
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = function(values[i]);
        }
        return tensor(values, ScalarType.Float64).reshape(x.shape).to(x.dtype);
    }

    /// <summary>Dawson's integral e^−x² ∫₀ˣ e^t² dt, by Rybicki's sum, which converges with e^−(π / 2h)².</summary>
    public static double Dawson(double x)
    {
        const double Step = 0.2, Reach = 6.2;
        if (Math.Abs(x) < 0.2)
        {
            double sum = 0, term = x, square = x * x;
            for (int k = 0; k < 30 && term != 0; k++)
            {
                sum += term;
                term *= -2 * square / ((2 * k) + 3);
            }
            return sum;
        }
        if (Math.Abs(x) > 1e8 || double.IsNaN(x))
        {
            return 0.5 / x;
        }
        double total = 0;
        long first = (long)Math.Floor((x - Reach) / Step) | 1, last = (long)Math.Ceiling((x + Reach) / Step);
        for (long n = first; n <= last; n += 2)
        {
            double distance = x - (n * Step);
            total += Math.Exp(-distance * distance) / n;
        }
        return total / Math.Sqrt(Math.PI);
    }

    /// <summary>The exponential integral Ei(x), the principal value of ∫ eᵗ / t dt from −∞ to x.</summary>
    public static double ExponentialIntegral(double x)
    {
        const double Series = 40, NegativeSeries = -2;
        const int Terms = 200;
        if (x == 0 || x > MostPower + 15)
        {
            return x == 0 ? double.NegativeInfinity : double.PositiveInfinity;
        }
        if (x <= Series && x >= NegativeSeries)
        {
            double sum = 0, power = 1;
            for (int k = 1; k <= Terms; k++)
            {
                power *= x / k;
                sum += power / k;
            }
            return EulerGamma + Math.Log(Math.Abs(x)) + sum;
        }
        if (x > 0)
        {
            // Asymptotic: the terms fall until k is about x.
            double sum = 1, term = 1;
            for (int k = 1; k < x && term > double.Epsilon; k++)
            {
                term *= k / x;
                sum += term;
            }
            return Math.Exp(x) / x * sum;
        }
        // −E₁(−x) by its continued fraction, from behind.
        double fraction = 0;
        for (int k = Terms; k >= 1; k--)
        {
            fraction = k / (1 + (k / (-x + fraction)));
        }
        return -Math.Exp(x) / (-x + fraction);
    }

    /// <summary>The Fresnel integrals C(x) + i S(x) = ∫₀ˣ exp(i π t² / 2) dt.</summary>
    public static Complex Fresnel(double x)
    {
        const double Series = 1.6, Far = 1e8;
        const int Terms = 200;
        double size = Math.Abs(x);
        if (size > Far || double.IsNaN(x))
        {
            return double.IsNaN(x) ? x : new Complex(0.5, 0.5) * Math.Sign(x);
        }
        if (size < Series)
        {
            Complex sum = 0, term = x;
            for (int n = 0; n < 60; n++)
            {
                sum += term / ((2 * n) + 1);
                term *= new Complex(0, Math.PI / 2 * x * x) / (n + 1);
            }
            return sum;
        }
        // (1 + i) / 2 · (1 − erfc z), z = √π / 2 · (1 − i) · x
        Complex z = new Complex(1, -1) * (Math.Sqrt(Math.PI) / 2 * size), square = z * z, fraction = 0;
        for (int k = Terms; k >= 1; k--)
        {
            fraction = ((2 * k) - 1) * (2.0 * k) / ((2 * square) + 1 + (4 * k) - fraction);
        }
        Complex complement = 2 * z / Math.Sqrt(Math.PI) * Complex.Exp(-square) / ((2 * square) + 1 - fraction);
        return new Complex(0.5, 0.5) * (1 - complement) * Math.Sign(x);
    }

    /// <summary>Spence's function −∫₁ˣ log t / (t − 1) dt, which is the dilogarithm of 1 − x.</summary>
    public static double Spence(double x)
    {
        const double Whole = Math.PI * Math.PI / 6;
        switch (x)
        {
            case < 0 or double.NaN:
                return double.NaN;
            case 0:
                return Whole;
            case < 0.5:
                return Whole - (Math.Log(x) * Math.Log(1 - x)) - Dilogarithm(x);
            case <= 1.5:
                return Dilogarithm(1 - x);
            default:
                double inner = (x - 1) / x, logarithm = Math.Log(x);
                double folded = inner <= 0.5 ? Dilogarithm(inner) : Whole + (Math.Log(inner) * logarithm) - Dilogarithm(1 / x);
                return -folded - (0.5 * logarithm * logarithm);
        }
    }

    /// <summary>The regularised incomplete beta function I_x(a, b).</summary>
    public static double IncompleteBeta(double a, double b, double x)
    {
        if (!(a > 0 && b > 0 && x >= 0 && x <= 1))
        {
            return double.NaN;
        }
        if (x is 0 or 1)
        {
            return x;
        }
        // The continued fraction converges fast on one side of the mean.
        return x > (a + 1) / (a + b + 2) ? 1 - Side(b, a, 1 - x) : Side(a, b, x);
    }

    /// <summary>log B(a, b).</summary>
    public static double LogBeta(double a, double b) => LogGamma(a) + LogGamma(b) - LogGamma(a + b);

    // Σ yᵏ / k² for |y| ≤ 1/2.
    private static double Dilogarithm(double y)
    {
        double sum = 0, power = 1;
        for (int k = 1; k <= 60; k++)
        {
            power *= y;
            sum += power / ((double)k * k);
        }
        return sum;
    }

    private static double Side(double a, double b, double x)
    {
        const int Terms = 10_000;
        const double Tiny = 1e-300;
        double c = 1, d = 1 / Away(1 - ((a + b) * x / (a + 1))), fraction = d;
        for (int m = 1; m <= Terms; m++)
        {
            double even = m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m)));
            d = 1 / Away(1 + (even * d));
            c = Away(1 + (even / c));
            fraction *= d * c;
            double odd = -(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1));
            d = 1 / Away(1 + (odd * d));
            c = Away(1 + (odd / c));
            fraction *= d * c;
            if (Math.Abs((d * c) - 1) < 1e-16)
            {
                break;
            }
        }
        return Math.Exp((a * Math.Log(x)) + (b * double.LogP1(-x)) - LogBeta(a, b)) * fraction / a;

        static double Away(double value) => Math.Abs(value) < Tiny ? Tiny : value;
    }

    // Stirling's series behind a shift to at least ten.
    private static double LogGamma(double x)
    {
        double shift = 0;
        for (; x < 10; x++)
        {
            shift += Math.Log(x);
        }
        double inverse = 1 / (x * x);
        double tail = ((((((((((-691.0 / 360360) * inverse) + (1.0 / 1188)) * inverse) - (1.0 / 1680)) * inverse) + (1.0 / 1260)) * inverse) - (1.0 / 360)) * inverse + (1.0 / 12)) / x;
        return ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI)) + tail - shift;
    }
}
