using Ntk.Core.Autodiff.Primitives;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <summary>
/// What is known of values made of random numbers: bounds. floor(1 + u) is 1 and u ≥ 0 is true whatever u in [0, 1) is: the masks of a dropout that keeps
/// everything. Every step is monotone in each operand while the others stay, as its rounding is, so the extremes lie where the operands are extreme.
/// </summary>
internal static class RandomBounds
{
    private const int Depth = 16;

    /// <summary>A primitive's result, where it is the same whatever the random numbers are; the caller's own.</summary>
    public static Tensor? Fixed(Primitive primitive, Value[] operands)
    {
        using DisposeScope scope = NewDisposeScope();
        return IsMonotone(primitive, operands) && Of(primitive, operands, Depth) is { } bounds && Agree(bounds) ? bounds.Low.clone().MoveToOuterDisposeScope() : null;
    }

    private static (Tensor Low, Tensor High)? Of(Value value, int depth)
    {
        if (value.Constant is { } constant)
        {
            return (constant, constant);
        }
        if (value.DType.IsFloatingPoint() && value.Trace.RandomRange(value) is { } range)
        {
            Tensor Everywhere(double bound) => tensor(bound, value.DType).expand(value.Shape);
            return (Everywhere(range.Low), Everywhere(range.High));
        }
        return depth > 0 && value.Trace.Definition(value) is { } definition && IsMonotone(definition.Primitive, definition.Operands)
            ? Of(definition.Primitive, definition.Operands, depth - 1) : null;
    }

    private static (Tensor Low, Tensor High)? Of(Primitive primitive, Value[] operands, int depth)
    {
        var sides = new List<(Tensor Low, Tensor High)>();
        foreach (Value operand in operands)
        {
            if (Of(operand, depth) is not { } side)
            {
                return null;
            }
            sides.Add(side);
        }
        if (primitive is not Binary)
        {
            Tensor low = primitive.Eval(sides.Select(s => s.Low).ToArray()), high = primitive.Eval(sides.Select(s => s.High).ToArray());
            return low.dtype == ScalarType.Bool ? (low.logical_and(high), low.logical_or(high)) : (minimum(low, high), maximum(low, high));
        }
        if (primitive.Name == "div" && !Agree(sides[1]))
        {
            // The denominator may pass zero.
            return null;
        }
        Tensor[] corners = new[] { sides[0].Low, sides[0].High }.SelectMany(x => new[] { sides[1].Low, sides[1].High }.Select(y => primitive.Eval([x, y]))).ToArray();
        return corners[0].dtype == ScalarType.Bool
            ? (corners.Aggregate((a, b) => a.logical_and(b)), corners.Aggregate((a, b) => a.logical_or(b)))
            : (corners.Aggregate(minimum), corners.Aggregate(maximum));
    }

    private static bool Agree((Tensor Low, Tensor High) bounds) => bounds.Low.eq(bounds.High).all().item<bool>();

    // Integers may wrap around, and whether a number is zero is not monotone.
    private static bool IsMonotone(Primitive primitive, Value[] operands) => primitive switch
    {
        Movement or Concatenate => true,
        Binary { Name: "add" or "sub" or "mul" or "div" } => operands[0].DType.IsFloatingPoint(),
        Binary { Name: "max" or "min" or "lt" or "le" or "gt" or "ge" or "and" or "or" } => true,
        Unary { Name: "neg" } => operands[0].DType.IsFloatingPoint(),
        Unary { Name: "floor" or "ceil" or "not" or "stop_gradient" } => true,
        Unary { Name: "cast" } cast => operands[0].DType == ScalarType.Bool
            || cast.Infer([operands[0].Type]).DType is ScalarType.Float32 or ScalarType.Float64 or ScalarType.Int32 or ScalarType.Int64,
        _ => false,
    };
}
