using System.Numerics;
using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using Ntk.Core.Formats.Protos;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Arithmetic element by element (math_ops, bitwise_ops).</summary>
internal static class ElementwiseOps
{
    private static readonly Binary s_leftShift = new("shift_left", (x, y) => x.bitwise_left_shift(y), null, null);
    private static readonly Binary s_rightShift = new("shift_right", (x, y) => x.bitwise_right_shift(y), null, null);
    // TensorFlow lets the derivative pass as if the step to the neighbour were none.
    private static readonly Binary s_nextAfter = new("next_after", (x, y) => x.nextafter(y), new(true, false, false, false, (rows, _, _, _) => rows.alias()), null);
    private static readonly Unary s_invert = new("bitwise_not", x => x.bitwise_not(), Reads.None, null);

    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        One("Abs", Lax.Abs), One("Neg", Lax.Negate), One("Exp", Lax.Exp), One("Expm1", Lax.Expm1), One("Log", Lax.Log), One("Log1p", Lax.Log1p),
        One("Sqrt", Lax.Sqrt), One("Rsqrt", Lax.Rsqrt), One("Square", Lax.Square), One("Reciprocal", Lax.Reciprocal), One("Inv", Lax.Reciprocal),
        One("Sin", Lax.Sin), One("Cos", Lax.Cos), One("Tan", Lax.Tan), One("Asin", Lax.Asin), One("Acos", Lax.Acos), One("Atan", Lax.Atan),
        One("Sinh", Lax.Sinh), One("Cosh", Lax.Cosh), One("Tanh", Lax.Tanh), One("Asinh", Lax.Asinh), One("Acosh", Lax.Acosh), One("Atanh", Lax.Atanh),
        One("Erf", Lax.Erf), One("Erfc", Lax.Erfc), One("Floor", Lax.Floor), One("Ceil", Lax.Ceil), One("Round", Lax.Round), One("Rint", Lax.Round),
        One("Sign", Lax.Sign), One("Conj", Lax.Conjugate), One("ComplexAbs", Lax.Abs),
        new("Real", c => RealPart(c, Lax.Real)), new("Imag", c => RealPart(c, Lax.Imaginary)),
        One("Angle", x => Lax.Atan2(Lax.Imaginary(x), Lax.Real(x))), new("Complex", Complex),
        Two("Add", Lax.Add), Two("AddV2", Lax.Add), Two("Sub", Lax.Subtract), Two("Mul", Lax.Multiply), Two("Div", Lax.Divide), Two("RealDiv", Lax.Divide),
        Two("DivNoNan", Lax.DivideNoNan), Two("MulNoNan", MultiplyNoNan), Two("FloorDiv", Lax.FloorDivide), Two("TruncateDiv", Lax.TruncateDivide),
        Two("FloorMod", Lax.FloorMod), Two("Mod", Lax.TruncateMod), Two("TruncateMod", Lax.TruncateMod), Two("Pow", Lax.Power),
        Two("Maximum", Lax.Maximum), Two("Minimum", Lax.Minimum), Two("Atan2", Lax.Atan2), Two("SquaredDifference", Lax.SquaredDifference),
        Two("Xlogy", Lax.Xlogy), Two("NextAfter", (x, y) => x.Trace.Apply(s_nextAfter, x, y)), Two("Xdivy", Xdivy), Two("Xlog1py", Xlog1py),
        Two("BitwiseAnd", Lax.BitwiseAnd), Two("BitwiseOr", Lax.BitwiseOr), Two("BitwiseXor", Lax.BitwiseXor),
        Two("LeftShift", (x, y) => x.Trace.Apply(s_leftShift, x, y)), Two("RightShift", (x, y) => x.Trace.Apply(s_rightShift, x, y)),
        One("Invert", x => x.DType == ScalarType.Bool ? Lax.Not(x) : x.Trace.Apply(s_invert, x)), One("PopulationCount", PopulationCount),
        new("AddN", c => c.Values().Aggregate(Lax.Add)), new("AccumulateNV2", c => c.Values().Aggregate(Lax.Add)),
        One("L2Loss", x => Lax.Sum(Lax.Square(x)) * 0.5),
        new("ClipByValue", ClipByValue), new("Cast", Cast), new("Bitcast", Bitcast),
    ];

    /// <summary>An op of one operand.</summary>
    public static OpDefinition One(string name, Func<Value, Value> function) => new(name, c => function(c[0]));

    /// <summary>An op of two operands that broadcast.</summary>
    public static OpDefinition Two(string name, Func<Value, Value, Value> function) => new(name, c => function(c[0], c[1]));

    private static OpResult RealPart(OpContext c, Func<Value, Value> part)
    {
        _ = c.Type("Tout", DataType.DtFloat);
        return part(c[0]);
    }

    // real + i · imag
    private static OpResult Complex(OpContext c)
    {
        ScalarType type = c.Trace.ComplexType;
        Value unit = c.Trace.Constant(tensor(new Complex(0, 1)).to(type));
        return Lax.Cast(c[0], type) + (Lax.Cast(c[1], type) * unit);
    }

    // x · y, 0 where y is 0 even if x is infinite.
    private static Value MultiplyNoNan(Value x, Value y)
    {
        Value zero = Lax.Equal(y, Lax.ScalarLike(y, 0));
        return Lax.Select(zero, Lax.ScalarLike(x, 0), Lax.Select(zero, Lax.ScalarLike(x, 0), x) * y);
    }

    // x / y, 0 where x is 0; the safe divisor keeps infinities out of the derivative.
    private static Value Xdivy(Value x, Value y)
    {
        Value zero = Lax.Equal(x, Lax.ScalarLike(x, 0));
        return Lax.Select(zero, Lax.ScalarLike(x, 0), x / Lax.Select(zero, Lax.ScalarLike(y, 1), y));
    }

    // x · log(1 + y), 0 where x is 0.
    private static Value Xlog1py(Value x, Value y)
    {
        Value zero = Lax.Equal(x, Lax.ScalarLike(x, 0));
        return Lax.Select(zero, Lax.ScalarLike(x, 0), x * Lax.Log1p(Lax.Select(zero, Lax.ScalarLike(y, 0), y)));
    }

    // ClipByValue(t, low, high): the derivative goes to t inside and at the ends, to the limits outside.
    private static OpResult ClipByValue(OpContext c)
    {
        Value x = c[0], low = c[1], high = c[2];
        return Lax.Select(Lax.Less(x, low), low, Lax.Select(Lax.Greater(x, high), high, x));
    }

    private static Value PopulationCount(Value x)
    {
        Value count = Lax.Cast(Lax.ScalarLike(x, 0), ScalarType.Byte);
        int bits = 8 * (int)empty(0, x.DType).element_size();
        for (int i = 0; i < bits; i++)
        {
            Value bit = Lax.BitwiseAnd(x.Trace.Apply(s_rightShift, x, Lax.ScalarLike(x, i)), Lax.ScalarLike(x, 1));
            count += Lax.Cast(bit, ScalarType.Byte);
        }
        return count;
    }

    // Cast(x; DstT, Truncate): float to integer truncates toward zero, as in TensorFlow.
    private static OpResult Cast(OpContext c)
    {
        _ = c.Type("SrcT", DataType.DtFloat);
        // Truncate chooses how a wider floating-point type becomes a narrower one; all are computed in one precision here.
        _ = c.Bool("Truncate");
        ScalarType to = c.Type("DstT", DataType.DtFloat);
        return to == ScalarType.Bool && c[0].DType != ScalarType.Bool ? Lax.NotEqual(c[0], Lax.ScalarLike(c[0], 0)) : Lax.Cast(c[0], to);
    }

    private static OpResult Bitcast(OpContext c)
    {
        NtkDType? from = c.FileType("T", DataType.DtFloat), to = c.FileType("type", DataType.DtFloat);
        if (from == to)
        {
            return c[0];
        }
        if (from is null || to is null || from.Value.IsFloat() || to.Value.IsFloat() || from.Value.Size() != to.Value.Size())
        {
            throw OpContext.Unsupported($"a bit cast from {from} to {to}");
        }
        return Lax.Cast(c[0], c.Type("type", DataType.DtInt32));
    }
}
