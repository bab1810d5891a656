using Ntk.Core.Autodiff.Primitives;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <content>Reductions, cumulations and products.</content>
public static partial class Lax
{
    /// <summary>The sum over axes; all of them when none is named.</summary>
    public static Value Sum(Value x, long[]? axes = null, bool keepDims = false) => Reduce(x, axes, keepDims, a => new Sum(a));

    /// <summary>The mean over axes; all of them when none is named.</summary>
    public static Value Mean(Value x, long[]? axes = null, bool keepDims = false)
    {
        Value sum = Sum(x, axes, keepDims);
        long count = x.Type.Count == 0 ? 0 : x.Type.Count / Math.Max(1, sum.Type.Count);
        return x.DType.IsDifferentiable() ? sum * (1.0 / count) : Divide(sum, ScalarLike(sum, count));
    }

    /// <summary>The mean of squared deviations over axes.</summary>
    public static Value Variance(Value x, long[] axes, bool keepDims = false) => Mean(Square(x - Mean(x, axes, true)), axes, keepDims);

    /// <summary>The largest element over axes; equal ones share the derivative.</summary>
    public static Value Max(Value x, long[]? axes = null, bool keepDims = false) => Reduce(x, axes, keepDims, a => new Extremum(a, largest: true));

    /// <summary>The smallest element over axes; equal ones share the derivative.</summary>
    public static Value Min(Value x, long[]? axes = null, bool keepDims = false) => Reduce(x, axes, keepDims, a => new Extremum(a, largest: false));

    /// <summary>The product over axes.</summary>
    public static Value Product(Value x, long[]? axes = null, bool keepDims = false) => Reduce(x, axes, keepDims, a => new Product(a));

    /// <summary>Whether any element holds.</summary>
    public static Value Any(Value x, long[]? axes = null, bool keepDims = false) => Max(x, axes, keepDims);

    /// <summary>Whether all elements hold.</summary>
    public static Value All(Value x, long[]? axes = null, bool keepDims = false) => Min(x, axes, keepDims);

    /// <summary>log Σ exp(x) over axes.</summary>
    public static Value LogSumExp(Value x, long[]? axes = null, bool keepDims = false)
    {
        int[] reduced = axes is null ? Enumerable.Range(0, x.Rank).ToArray() : Shapes.Axes(axes, x.Rank);
        int[] kept = Enumerable.Range(0, x.Rank).Except(reduced).ToArray();
        Value flat = Reshape(Transpose(x, [.. kept, .. reduced]), [.. kept.Select(a => x.Shape[a]), reduced.Aggregate(1L, (n, a) => n * x.Shape[a])]);
        Value result = x.Trace.Apply(new LogSumExp(running: false), flat);
        return keepDims ? Reshape(result, Kept(x, reduced)) : result;
    }

    /// <summary>The position of the largest element, the first of equal ones.</summary>
    public static Value ArgMax(Value x, int axis, ScalarType result = ScalarType.Int64) => x.Trace.Apply(new ArgExtremum(Shapes.Axis(axis, x.Rank), true, result), x);

    /// <summary>The position of the smallest element, the first of equal ones.</summary>
    public static Value ArgMin(Value x, int axis, ScalarType result = ScalarType.Int64) => x.Trace.Apply(new ArgExtremum(Shapes.Axis(axis, x.Rank), false, result), x);

    /// <summary>Running sums; an exclusive one leaves out the element itself, a reversed one runs from the end.</summary>
    public static Value CumulativeSum(Value x, int axis, bool exclusive = false, bool reverse = false) =>
        Cumulate(x, axis, exclusive, reverse, 0, v => v.Trace.Apply(new CumulativeSum(Shapes.Axis(axis, x.Rank)), v));

    /// <summary>Running products.</summary>
    public static Value CumulativeProduct(Value x, int axis, bool exclusive = false, bool reverse = false) => Cumulate(x, axis, exclusive, reverse, 1, v =>
    {
        // One product a step: right at zeros, where the quotient rule is not.
        int a = Shapes.Axis(axis, v.Rank);
        var steps = new List<Value>();
        for (long i = 0; i < v.Shape[a]; i++)
        {
            Value next = SliceAxis(v, a, i, 1);
            steps.Add(i == 0 ? next : steps[^1] * next);
        }
        return steps.Count == 0 ? v : Concat(steps, a);
    });

    /// <summary>Running log Σ exp; of nothing −∞, as TensorFlow's own kernel has it.</summary>
    public static Value CumulativeLogSumExp(Value x, int axis, bool exclusive = false, bool reverse = false) =>
        Cumulate(x, axis, exclusive, reverse, double.NegativeInfinity, v => MoveAxis(v.Trace.Apply(new LogSumExp(running: true), MoveAxis(v, axis, -1)), -1, axis));

    /// <summary>The general product: contracts pairs of axes, runs along pairs of batch axes; the output's axes are batch, left, right.</summary>
    public static Value DotGeneral(Value x, Value y, int[] xContract, int[] yContract, int[]? xBatch = null, int[]? yBatch = null) =>
        x.Trace.Apply(new DotGeneral(xContract, yContract, xBatch ?? [], yBatch ?? []), x, y);

    /// <summary>The matrix product of the last two axes, the others broadcasting (tf.linalg.matmul); adjoints conjugate.</summary>
    public static Value MatMul(Value x, Value y, bool transposeX = false, bool transposeY = false)
    {
        int xc = x.Rank - (transposeX ? 2 : 1), yc = y.Rank - (transposeY ? 1 : 2);
        if (y.Rank == 2)
        {
            Value product = DotGeneral(x, y, [xc], [yc]);
            return product;
        }
        if (x.Rank == 2)
        {
            // (m, batch of y, n) → (batch of y, m, n)
            return MoveAxis(DotGeneral(x, y, [xc], [yc]), 0, -2);
        }
        long[] batch = Shapes.Broadcast(x.Shape[..^2], y.Shape[..^2]);
        x = x.Shape.AsSpan()[..^2].SequenceEqual(batch) ? x : BroadcastTo(x, [.. batch, .. x.Shape[^2..]]);
        y = y.Shape.AsSpan()[..^2].SequenceEqual(batch) ? y : BroadcastTo(y, [.. batch, .. y.Shape[^2..]]);
        int[] axes = Enumerable.Range(0, batch.Length).ToArray();
        return DotGeneral(x, y, [x.Rank - (transposeX ? 2 : 1)], [y.Rank - (transposeY ? 1 : 2)], axes, axes);
    }

    /// <summary>Contracts the named pairs of axes (tf.tensordot).</summary>
    public static Value TensorDot(Value x, Value y, int[] xAxes, int[] yAxes) =>
        DotGeneral(x, y, Array.ConvertAll(xAxes, a => Shapes.Axis(a, x.Rank)), Array.ConvertAll(yAxes, a => Shapes.Axis(a, y.Rank)));

    private static Value Reduce(Value x, long[]? axes, bool keepDims, Func<int[], Primitive> primitive)
    {
        int[] reduced = axes is null ? Enumerable.Range(0, x.Rank).ToArray() : Shapes.Axes(axes, x.Rank);
        Value result = reduced.Length == 0 ? x : x.Trace.Apply(primitive(reduced), x);
        return keepDims ? Reshape(result, Kept(x, reduced)) : result;
    }

    private static long[] Kept(Value x, int[] reduced) => x.Shape.Select((d, i) => reduced.Contains(i) ? 1 : d).ToArray();

    private static Value Cumulate(Value x, int axis, bool exclusive, bool reverse, double neutral, Func<Value, Value> running)
    {
        axis = Shapes.Axis(axis, x.Rank);
        if (x.Shape[axis] == 0)
        {
            return x;
        }
        Value result = reverse ? Reverse(x, axis) : x;
        if (exclusive)
        {
            var low = new long[x.Rank];
            low[axis] = 1;
            result = SliceAxis(result, axis, 0, x.Shape[axis] - 1);
            // The neutral element comes after the running total: a derivative through −∞ would be NaN.
            result = Pad(x.Shape[axis] == 1 ? result : running(result), low, new long[x.Rank], neutral);
        }
        else
        {
            result = running(result);
        }
        return reverse ? Reverse(result, axis) : result;
    }
}
