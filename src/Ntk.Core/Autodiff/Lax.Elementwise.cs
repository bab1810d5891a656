using Ntk.Core.Autodiff.Primitives;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <summary>
/// The vocabulary that TensorFlow ops and Keras layers are written in: functions of <see cref="Value"/>s, each one primitive or a few.
/// Derivatives at kinks are TensorFlow's.
/// </summary>
public static partial class Lax
{
    private static readonly Primitive s_negate = Fixed("neg", x => x.neg(), (rows, _, _) => rows.neg());
    private static readonly Primitive s_abs = OfX("abs", AbsoluteValue, (rows, x) => rows * x.sgn());
    private static readonly Primitive s_magnitude = new Unary("magnitude", x => x.abs(), Reads.Operand,
        (rows, x, _) => rows.is_complex() ? (rows * x.sgn().conj()).real : rows * x.sgn().conj(), RealType, 4);
    private static readonly Primitive s_exp = OfY("exp", x => x.exp(), (rows, y) => rows * y, 8);
    private static readonly Primitive s_expm1 = OfY("expm1", x => x.expm1(), (rows, y) => rows * (y + 1), 8);
    private static readonly Primitive s_log = OfX("log", x => x.log(), (rows, x) => rows / x, 8);
    private static readonly Primitive s_log1p = OfX("log1p", x => x.log1p(), (rows, x) => rows / (x + 1), 8);
    private static readonly Primitive s_sqrt = OfY("sqrt", x => x.sqrt(), (rows, y) => rows * 0.5 / y);
    private static readonly Primitive s_rsqrt = OfY("rsqrt", x => x.rsqrt(), (rows, y) => rows * (y * y * y * -0.5));
    private static readonly Primitive s_square = OfX("square", x => x * x, (rows, x) => rows * (x * 2));
    private static readonly Primitive s_reciprocal = OfY("reciprocal", x => x.reciprocal(), (rows, y) => rows * (y * y).neg());
    private static readonly Primitive s_sin = OfX("sin", x => x.sin(), (rows, x) => rows * x.cos(), 8);
    private static readonly Primitive s_cos = OfX("cos", x => x.cos(), (rows, x) => rows * x.sin().neg(), 8);
    private static readonly Primitive s_tan = OfY("tan", x => x.tan(), (rows, y) => rows * (y * y + 1), 8);
    private static readonly Primitive s_asin = OfX("asin", x => x.asin(), (rows, x) => rows * (1 - (x * x)).rsqrt(), 8);
    private static readonly Primitive s_acos = OfX("acos", x => x.acos(), (rows, x) => rows * (1 - (x * x)).rsqrt().neg(), 8);
    private static readonly Primitive s_atan = OfX("atan", x => x.atan(), (rows, x) => rows / ((x * x) + 1), 8);
    private static readonly Primitive s_sinh = OfX("sinh", x => x.sinh(), (rows, x) => rows * x.cosh(), 8);
    private static readonly Primitive s_cosh = OfX("cosh", x => x.cosh(), (rows, x) => rows * x.sinh(), 8);
    private static readonly Primitive s_tanh = OfY("tanh", x => x.tanh(), (rows, y) => rows * (1 - (y * y)), 8);
    private static readonly Primitive s_asinh = OfX("asinh", x => x.asinh(), (rows, x) => rows * ((x * x) + 1).rsqrt(), 8);
    private static readonly Primitive s_acosh = OfX("acosh", x => x.acosh(), (rows, x) => rows * ((x * x) - 1).rsqrt(), 8);
    private static readonly Primitive s_atanh = OfX("atanh", x => x.atanh(), (rows, x) => rows / (1 - (x * x)), 8);
    private static readonly Primitive s_erf = OfX("erf", x => x.erf(), (rows, x) => rows * ((x * x).neg().exp() * TwoOverSqrtPi), 12);
    private static readonly Primitive s_erfc = OfX("erfc", x => x.erfc(), (rows, x) => rows * ((x * x).neg().exp() * -TwoOverSqrtPi), 12);
    private static readonly Primitive s_sigmoid = OfY("sigmoid", x => x.sigmoid(), (rows, y) => rows * (y * (1 - y)), 8);
    private static readonly Primitive s_softplus = OfX("softplus", Softplus, (rows, x) => rows * x.sigmoid(), 12);
    private static readonly Primitive s_relu = OfY("relu", x => x.relu(), (rows, y) => rows * (y > 0).to(y.dtype));
    private static readonly Primitive s_floor = Flat("floor", x => x.floor());
    private static readonly Primitive s_ceil = Flat("ceil", x => x.ceil());
    private static readonly Primitive s_round = Flat("round", x => x.round());
    private static readonly Primitive s_sign = Flat("sign", x => x.sgn());
    private static readonly Primitive s_isFinite = Flat("is_finite", x => x.isfinite(), _ => ScalarType.Bool);
    private static readonly Primitive s_isNan = Flat("is_nan", x => x.isnan(), _ => ScalarType.Bool);
    private static readonly Primitive s_isInf = Flat("is_inf", x => x.isinf(), _ => ScalarType.Bool);
    private static readonly Primitive s_not = Flat("not", x => x.logical_not());
    private static readonly Primitive s_change = Fixed("change", x => zeros_like(x), (rows, _, _) => rows.alias());
    private static readonly Primitive s_stop = Flat("stop_gradient", x => x.alias());

    private static readonly Primitive s_add = new Binary("add", (x, y) => x.add(y), Same, Same);
    private static readonly Primitive s_subtract = new Binary("sub", (x, y) => x.sub(y), Same, new(true, false, false, false, (rows, _, _, _) => rows.neg()));
    private static readonly Primitive s_multiply = new Binary("mul", (x, y) => x.mul(y),
        new(true, false, true, false, (rows, _, y, _) => rows * y), new(true, true, false, false, (rows, x, _, _) => rows * x));
    private static readonly Primitive s_divide = new Binary("div", DivideValue,
        new(true, false, true, false, (rows, _, y, _) => rows / y), new(false, false, true, true, (rows, _, y, z) => rows * (z / y).neg()));
    private static readonly Primitive s_divideNoNan = new Binary("div_no_nan", (x, y) => SafeQuotient(x, y),
        new(true, false, true, false, (rows, _, y, _) => SafeQuotient(rows, y)), new(false, false, true, true, (rows, _, y, z) => rows * SafeQuotient(z, y).neg()));
    private static readonly Primitive s_power = new Binary("pow", (x, y) => x.pow(y),
        new(false, true, true, false, (rows, x, y, _) => rows * y * x.pow(y - 1)),
        new(false, true, false, true, (rows, x, _, z) => rows * z * where(x.is_complex() ? x != 0 : x > 0, x, ones_like(x)).log()));
    private static readonly Primitive s_maximum = new Binary("max", (x, y) => maximum(x, y), Where((x, y) => x >= y), Where((x, y) => x < y));
    private static readonly Primitive s_minimum = new Binary("min", (x, y) => minimum(x, y), Where((x, y) => x <= y), Where((x, y) => x > y));
    private static readonly Primitive s_atan2 = new Binary("atan2", (x, y) => atan2(x, y),
        new(false, true, true, false, (rows, x, y, _) => rows * (y / ((x * x) + (y * y)))),
        new(false, true, true, false, (rows, x, y, _) => rows * (x / ((x * x) + (y * y))).neg()));
    private static readonly Primitive s_squaredDifference = new Binary("squared_difference", (x, y) => (x - y).square(),
        new(false, true, true, false, (rows, x, y, _) => rows * ((x - y) * 2)), new(false, true, true, false, (rows, x, y, _) => rows * ((y - x) * 2)));
    private static readonly Primitive s_floorDivide = new Binary("floor_div", (x, y) => x.div(y, RoundingMode.floor), null, null);
    private static readonly Primitive s_truncateDivide = new Binary("trunc_div", (x, y) => x.div(y, RoundingMode.trunc), null, null);
    // TensorFlow differentiates x - floor(x / y) · y with the floor held fixed.
    private static readonly Primitive s_floorMod = new Binary("floor_mod", (x, y) => x.remainder(y), Same,
        new(false, true, true, false, (rows, x, y, _) => rows * x.div(y, RoundingMode.floor).neg()));
    private static readonly Primitive s_truncateMod = new Binary("trunc_mod", (x, y) => x.fmod(y), Same,
        new(false, true, true, false, (rows, x, y, _) => rows * x.div(y, RoundingMode.trunc).neg()));
    private static readonly Primitive s_xlogy = new Binary("xlogy", (x, y) => x.xlogy(y),
        new(true, true, true, false, (rows, x, y, _) => rows * ((x != 0).to(y.dtype).xlogy(y))),
        new(false, true, true, false, (rows, x, y, _) => rows * SafeQuotient(x, y, x)));
    private static readonly Primitive s_equal = Comparison("eq", (x, y) => x.eq(y));
    private static readonly Primitive s_notEqual = Comparison("ne", (x, y) => x.ne(y));
    private static readonly Primitive s_less = Comparison("lt", (x, y) => x.lt(y));
    private static readonly Primitive s_lessEqual = Comparison("le", (x, y) => x.le(y));
    private static readonly Primitive s_greater = Comparison("gt", (x, y) => x.gt(y));
    private static readonly Primitive s_greaterEqual = Comparison("ge", (x, y) => x.ge(y));
    private static readonly Primitive s_and = new Binary("and", (x, y) => x.logical_and(y), null, null);
    private static readonly Primitive s_or = new Binary("or", (x, y) => x.logical_or(y), null, null);
    private static readonly Primitive s_xor = new Binary("xor", (x, y) => x.logical_xor(y), null, null);
    private static readonly Primitive s_bitwiseAnd = new Binary("bitwise_and", (x, y) => x.bitwise_and(y), null, null);
    private static readonly Primitive s_bitwiseOr = new Binary("bitwise_or", (x, y) => x.bitwise_or(y), null, null);
    private static readonly Primitive s_bitwiseXor = new Binary("bitwise_xor", (x, y) => x.bitwise_xor(y), null, null);
    private static readonly Primitive s_select = new Select();

    private const double TwoOverSqrtPi = 1.1283791670955126;

    private static Binary.Rule Same => new(true, false, false, false, (rows, _, _, _) => rows.alias());

    /// <summary>−x.</summary>
    public static Value Negate(Value x) => x.Trace.Apply(s_negate, x);

    /// <summary>|x|; derivative 0 at 0. The magnitude of a complex value.</summary>
    public static Value Abs(Value x) => x.Trace.Apply(x.DType.IsComplex() ? s_magnitude : s_abs, x);

    /// <summary>eˣ.</summary>
    public static Value Exp(Value x) => x.Trace.Apply(s_exp, x);

    /// <summary>eˣ − 1.</summary>
    public static Value Expm1(Value x) => x.Trace.Apply(s_expm1, x);

    /// <summary>Natural logarithm.</summary>
    public static Value Log(Value x) => x.Trace.Apply(s_log, x);

    /// <summary>log(1 + x).</summary>
    public static Value Log1p(Value x) => x.Trace.Apply(s_log1p, x);

    /// <summary>√x.</summary>
    public static Value Sqrt(Value x) => x.Trace.Apply(s_sqrt, x);

    /// <summary>1/√x.</summary>
    public static Value Rsqrt(Value x) => x.Trace.Apply(s_rsqrt, x);

    /// <summary>x².</summary>
    public static Value Square(Value x) => x.Trace.Apply(s_square, x);

    /// <summary>1/x.</summary>
    public static Value Reciprocal(Value x) => x.Trace.Apply(s_reciprocal, x);

    /// <summary>Sine.</summary>
    public static Value Sin(Value x) => x.Trace.Apply(s_sin, x);

    /// <summary>Cosine.</summary>
    public static Value Cos(Value x) => x.Trace.Apply(s_cos, x);

    /// <summary>Tangent.</summary>
    public static Value Tan(Value x) => x.Trace.Apply(s_tan, x);

    /// <summary>Inverse sine.</summary>
    public static Value Asin(Value x) => x.Trace.Apply(s_asin, x);

    /// <summary>Inverse cosine.</summary>
    public static Value Acos(Value x) => x.Trace.Apply(s_acos, x);

    /// <summary>Inverse tangent.</summary>
    public static Value Atan(Value x) => x.Trace.Apply(s_atan, x);

    /// <summary>Hyperbolic sine.</summary>
    public static Value Sinh(Value x) => x.Trace.Apply(s_sinh, x);

    /// <summary>Hyperbolic cosine.</summary>
    public static Value Cosh(Value x) => x.Trace.Apply(s_cosh, x);

    /// <summary>Hyperbolic tangent.</summary>
    public static Value Tanh(Value x) => x.Trace.Apply(s_tanh, x);

    /// <summary>Inverse hyperbolic sine.</summary>
    public static Value Asinh(Value x) => x.Trace.Apply(s_asinh, x);

    /// <summary>Inverse hyperbolic cosine.</summary>
    public static Value Acosh(Value x) => x.Trace.Apply(s_acosh, x);

    /// <summary>Inverse hyperbolic tangent.</summary>
    public static Value Atanh(Value x) => x.Trace.Apply(s_atanh, x);

    /// <summary>The error function.</summary>
    public static Value Erf(Value x) => x.Trace.Apply(s_erf, x);

    /// <summary>The complementary error function.</summary>
    public static Value Erfc(Value x) => x.Trace.Apply(s_erfc, x);

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    public static Value Sigmoid(Value x) => x.Trace.Apply(s_sigmoid, x);

    /// <summary>log(1 + eˣ).</summary>
    public static Value Softplus(Value x) => x.Trace.Apply(s_softplus, x);

    /// <summary>max(x, 0); derivative 0 at 0.</summary>
    public static Value Relu(Value x) => x.Trace.Apply(s_relu, x);

    /// <summary>The largest integer not above x; derivative zero.</summary>
    public static Value Floor(Value x) => x.DType.IsFloatingPoint() ? x.Trace.Apply(s_floor, x) : x;

    /// <summary>The smallest integer not below x; derivative zero.</summary>
    public static Value Ceil(Value x) => x.DType.IsFloatingPoint() ? x.Trace.Apply(s_ceil, x) : x;

    /// <summary>The nearest integer, halves to even; derivative zero.</summary>
    public static Value Round(Value x) => x.DType.IsFloatingPoint() ? x.Trace.Apply(s_round, x) : x;

    /// <summary>−1, 0 or 1; derivative zero.</summary>
    public static Value Sign(Value x) => x.Trace.Apply(s_sign, x);

    /// <summary>Whether x is neither infinite nor NaN.</summary>
    public static Value IsFinite(Value x) => x.Trace.Apply(s_isFinite, x);

    /// <summary>Whether x is NaN.</summary>
    public static Value IsNan(Value x) => x.Trace.Apply(s_isNan, x);

    /// <summary>Whether x is infinite.</summary>
    public static Value IsInf(Value x) => x.Trace.Apply(s_isInf, x);

    /// <summary>Logical negation.</summary>
    public static Value Not(Value x) => x.Trace.Apply(s_not, x);

    /// <summary>x, with the derivative taken as zero (tf.stop_gradient).</summary>
    public static Value StopGradient(Value x) => x.IsKnown() ? x : x.Trace.Apply(s_stop, x);

    /// <summary>Zero, with the derivative of x: the change of x from what it is, infinite or not.</summary>
    public static Value Change(Value x) => x.Trace.Apply(s_change, x);

    /// <summary>x in another element type; the derivative passes between floating-point types only.</summary>
    public static Value Cast(Value x, ScalarType dtype)
    {
        if (x.DType == dtype)
        {
            return x;
        }
        bool differentiable = x.DType.IsDifferentiable() && dtype.IsDifferentiable();
        ScalarType from = x.DType;
        Func<Tensor, ScalarType, Tensor> convert = (t, to) => t.is_complex() && !to.IsComplex() ? t.real.to(to) : t.to(to);
        return x.Trace.Apply(new Unary("cast", t => convert(t, dtype), Reads.None, differentiable ? (rows, _, _) => convert(rows, rows.dtype == from ? dtype : from) : null, _ => dtype, 1, $"{dtype}"), x);
    }

    /// <summary>x + y.</summary>
    public static Value Add(Value x, Value y) => x.Trace.Apply(s_add, x, y);

    /// <summary>x − y.</summary>
    public static Value Subtract(Value x, Value y) => x.Trace.Apply(s_subtract, x, y);

    /// <summary>x · y.</summary>
    public static Value Multiply(Value x, Value y) => x.Trace.Apply(s_multiply, x, y);

    /// <summary>x / y; integers divide with truncation toward zero.</summary>
    public static Value Divide(Value x, Value y) => x.Trace.Apply(x.DType.IsDifferentiable() ? s_divide : s_truncateDivide, x, y);

    /// <summary>x / y, 0 where y is 0 (tf.math.divide_no_nan).</summary>
    public static Value DivideNoNan(Value x, Value y) => x.Trace.Apply(s_divideNoNan, x, y);

    /// <summary>xʸ; the derivative by y is 0 where x is not positive.</summary>
    public static Value Power(Value x, Value y) => x.Trace.Apply(s_power, x, y);

    /// <summary>The larger one; where both are equal the derivative goes to x.</summary>
    public static Value Maximum(Value x, Value y) => x.Trace.Apply(s_maximum, x, y);

    /// <summary>The smaller one; where both are equal the derivative goes to x.</summary>
    public static Value Minimum(Value x, Value y) => x.Trace.Apply(s_minimum, x, y);

    /// <summary>The angle of the point (y: second operand, x: first is the ordinate), as atan2(x, y).</summary>
    public static Value Atan2(Value x, Value y) => x.Trace.Apply(s_atan2, x, y);

    /// <summary>(x − y)².</summary>
    public static Value SquaredDifference(Value x, Value y) => x.Trace.Apply(s_squaredDifference, x, y);

    /// <summary>⌊x / y⌋.</summary>
    public static Value FloorDivide(Value x, Value y) => x.Trace.Apply(s_floorDivide, x, y);

    /// <summary>x / y, truncated toward zero.</summary>
    public static Value TruncateDivide(Value x, Value y) => x.Trace.Apply(s_truncateDivide, x, y);

    /// <summary>x − ⌊x / y⌋ · y.</summary>
    public static Value FloorMod(Value x, Value y) => x.Trace.Apply(s_floorMod, x, y);

    /// <summary>x − trunc(x / y) · y, C's remainder.</summary>
    public static Value TruncateMod(Value x, Value y) => x.Trace.Apply(s_truncateMod, x, y);

    /// <summary>x · log y, 0 where x is 0.</summary>
    public static Value Xlogy(Value x, Value y) => x.Trace.Apply(s_xlogy, x, y);

    /// <summary>x = y.</summary>
    public static Value Equal(Value x, Value y) => x.Trace.Apply(s_equal, x, y);

    /// <summary>x ≠ y.</summary>
    public static Value NotEqual(Value x, Value y) => x.Trace.Apply(s_notEqual, x, y);

    /// <summary>x &lt; y.</summary>
    public static Value Less(Value x, Value y) => x.Trace.Apply(s_less, x, y);

    /// <summary>x ≤ y.</summary>
    public static Value LessEqual(Value x, Value y) => x.Trace.Apply(s_lessEqual, x, y);

    /// <summary>x &gt; y.</summary>
    public static Value Greater(Value x, Value y) => x.Trace.Apply(s_greater, x, y);

    /// <summary>x ≥ y.</summary>
    public static Value GreaterEqual(Value x, Value y) => x.Trace.Apply(s_greaterEqual, x, y);

    /// <summary>Logical and.</summary>
    public static Value And(Value x, Value y) => x.Trace.Apply(s_and, x, y);

    /// <summary>Logical or.</summary>
    public static Value Or(Value x, Value y) => x.Trace.Apply(s_or, x, y);

    /// <summary>Logical exclusive or.</summary>
    public static Value Xor(Value x, Value y) => x.Trace.Apply(s_xor, x, y);

    /// <summary>Bitwise and of integers.</summary>
    public static Value BitwiseAnd(Value x, Value y) => x.Trace.Apply(s_bitwiseAnd, x, y);

    /// <summary>Bitwise or of integers.</summary>
    public static Value BitwiseOr(Value x, Value y) => x.Trace.Apply(s_bitwiseOr, x, y);

    /// <summary>Bitwise exclusive or of integers.</summary>
    public static Value BitwiseXor(Value x, Value y) => x.Trace.Apply(s_bitwiseXor, x, y);

    /// <summary>x where the condition holds, y elsewhere; all three broadcast.</summary>
    public static Value Select(Value condition, Value x, Value y) =>
        (x.Dependence | y.Dependence).HasFlag(Dependence.Random) && WithoutRandom(condition, x, y) is { } chosen ? chosen : x.Trace.Apply(s_select, condition, x, y);

    // What a known condition chooses, so that random numbers on its other side do not count.
    private static Value? WithoutRandom(Value condition, Value x, Value y)
    {
        if (condition.Constant is not { } known)
        {
            return null;
        }
        using Tensor all = known.all(), any = known.any();
        if (all.item<bool>() != any.item<bool>())
        {
            return null;
        }
        Value chosen = all.item<bool>() ? x : y;
        long[] shape = Shapes.Broadcast(Shapes.Broadcast(condition.Shape, x.Shape), y.Shape);
        return chosen.Shape.AsSpan().SequenceEqual(shape) ? chosen : BroadcastTo(chosen, shape);
    }

    /// <summary>A scalar of the same element type.</summary>
    public static Value ScalarLike(Value like, double value) => like.Trace.Scalar(value, like.DType);

    /// <summary>Whether the value is known while tracing.</summary>
    public static bool IsKnown(this Value x) => x.Constant is not null;

    /// <summary>A known integer or boolean tensor's elements, among them those that come out the same whatever the data are.</summary>
    public static long[] KnownIntegers(this Value x)
    {
        if (x.Constant is not { } constant)
        {
            return IntegerForm.KnownElements(x)
                ?? throw new ShapeException("a size, axis or index depends on the data, where a constant is needed: shapes must be the same for all examples");
        }
        using Tensor flat = constant.to(ScalarType.Int64).reshape(-1);
        return flat.data<long>().ToArray();
    }

    /// <summary>A known scalar's value.</summary>
    public static double KnownScalar(this Value x)
    {
        Tensor constant = x.Constant ?? throw new ShapeException("a number depends on the data, where a constant is needed");
        using Tensor flat = constant.to(ScalarType.Float64).reshape(-1);
        return flat.data<double>()[0];
    }

    /// <summary>An elementwise function whose derivative reads the operand.</summary>
    internal static Unary OfX(string name, Func<Tensor, Tensor> value, Func<Tensor, Tensor, Tensor> pull, int flops = 1, string details = "") =>
        new(name, value, Reads.Operand, (rows, x, _) => pull(rows, x), null, flops, details);

    /// <summary>An elementwise function whose derivative reads the output.</summary>
    internal static Unary OfY(string name, Func<Tensor, Tensor> value, Func<Tensor, Tensor, Tensor> pull, int flops = 1, string details = "") =>
        new(name, value, Reads.Output, (rows, _, y) => pull(rows, y), null, flops, details);

    /// <summary>An elementwise function whose derivative is zero almost everywhere.</summary>
    internal static Unary Flat(string name, Func<Tensor, Tensor> value, Func<ScalarType, ScalarType>? result = null) =>
        new(name, value, Reads.None, null, result);

    private static Unary Fixed(string name, Func<Tensor, Tensor> value, Func<Tensor, Tensor, Tensor, Tensor> pull) => new(name, value, Reads.None, pull);

    private static Binary Comparison(string name, Func<Tensor, Tensor, Tensor> value) => new(name, value, null, null) { ResultType = ScalarType.Bool };

    private static Binary.Rule Where(Func<Tensor, Tensor, Tensor> chosen) => new(false, true, true, false, (rows, x, y, _) => rows * chosen(x, y));

    private static Tensor AbsoluteValue(Tensor x) => x.abs();

    private static Tensor Softplus(Tensor x)
    {
        using Tensor magnitude = x.abs().neg();
        return x.clamp_min(0) + magnitude.exp().log1p();
    }

    private static Tensor DivideValue(Tensor x, Tensor y) => x.div(y);

    private static Tensor SafeQuotient(Tensor x, Tensor y)
    {
        Tensor nonzero = y != 0;
        return where(nonzero, x / where(nonzero, y, ones_like(y)), zeros([], x.dtype));
    }

    private static Tensor SafeQuotient(Tensor x, Tensor y, Tensor gate) => where(gate != 0, x / where(gate != 0, y, ones_like(y)), zeros([], x.dtype));
}
