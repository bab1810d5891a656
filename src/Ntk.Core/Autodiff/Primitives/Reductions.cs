using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>A primitive that removes axes.</summary>
public abstract class Reduction(int[] axes) : Primitive
{
    /// <inheritdoc/>
    protected override string Details => string.Join(",", axes);

    /// <summary>The axes removed, ascending.</summary>
    protected int[] Axes => axes;

    /// <summary>The output's element type.</summary>
    protected virtual ScalarType Result(ScalarType operand) => operand;

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands) =>
        new(Result(operands[0].DType), operands[0].Shape.Where((_, i) => !axes.Contains(i)).ToArray());

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site)
    {
        BatchAxis axis = site.Axes[0]!.Value;
        return axes.Contains(axis.Axis) ? null : axis.On(axis.Axis - axes.Count(a => a < axis.Axis));
    }

    /// <inheritdoc/>
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output) => operands[0].Count;

    /// <summary>The axes behind <paramref name="rows"/> leading ones.</summary>
    protected long[] Behind(int rows) => Array.ConvertAll(axes, a => (long)(a + rows));

    /// <summary>Puts axes of size one where the reduced ones were, behind <paramref name="rows"/> leading axes.</summary>
    protected Tensor Keep(Tensor reduced, TensorType operand, int rows)
    {
        var shape = new long[operand.Rank + rows];
        Array.Copy(reduced.shape, shape, rows);
        for (int i = 0; i < operand.Rank; i++)
        {
            shape[i + rows] = axes.Contains(i) ? 1 : operand.Shape[i];
        }
        return reduced.reshape(shape);
    }
}

/// <summary>The sum over some axes.</summary>
public sealed class Sum(int[] axes) : Reduction(axes)
{
    /// <inheritdoc/>
    public override string Name => "sum";

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands) => operands[0].sum(Behind(0), keepdim: false, type: operands[0].dtype);

    /// <inheritdoc/>
    public override bool IsLinear(int operand) => true;

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point) => tangent.sum(Behind(1));

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point)
    {
        using Tensor kept = Keep(cotangent, point.OperandTypes[0], 1);
        return kept.expand(Shapes.Prepend(cotangent.shape[0], point.OperandTypes[0].Shape));
    }
}

/// <summary>The largest or smallest element over some axes; equal ones share the derivative, as in TensorFlow.</summary>
public sealed class Extremum(int[] axes, bool largest) : Reduction(axes)
{
    /// <inheritdoc/>
    public override string Name => largest ? "reduce_max" : "reduce_min";

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands)
    {
        if (operands[0].dtype != ScalarType.Bool)
        {
            return largest ? operands[0].amax(Behind(0)) : operands[0].amin(Behind(0));
        }
        using Tensor bytes = operands[0].to(ScalarType.Byte);
        return (largest ? bytes.amax(Behind(0)) : bytes.amin(Behind(0))).to(ScalarType.Bool);
    }

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point)
    {
        using Tensor share = Share(point);
        return (tangent * share).sum(Behind(1));
    }

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point)
    {
        using Tensor share = Share(point);
        return Keep(cotangent, point.OperandTypes[0], 1) * share;
    }

    private Tensor Share(in Point point)
    {
        Tensor hit = point[0].eq(Keep(point.Result, point.OperandTypes[0], 0)).to(point[0].dtype);
        return hit / hit.sum(Behind(0), keepdim: true);
    }
}

/// <summary>The product over some axes.</summary>
public sealed class Product(int[] axes) : Reduction(axes)
{
    /// <inheritdoc/>
    public override string Name => "reduce_prod";

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands)
    {
        Tensor result = operands[0];
        for (int i = Axes.Length - 1; i >= 0; i--)
        {
            result = result.prod(Axes[i], keepdim: false, type: operands[0].dtype);
        }
        return result.alias();
    }

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point)
    {
        using Tensor rest = ProductOfOthers(point[0]);
        return (tangent * rest).sum(Behind(1));
    }

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point)
    {
        using Tensor rest = ProductOfOthers(point[0].is_complex() ? point[0].conj() : point[0]);
        return Keep(cotangent, point.OperandTypes[0], 1) * rest;
    }

    // Products before and behind each element, so that a zero among them needs no division.
    private Tensor ProductOfOthers(Tensor x)
    {
        int[] kept = Enumerable.Range(0, (int)x.dim()).Where(a => !Axes.Contains(a)).ToArray();
        int[] order = [.. kept, .. Axes];
        Tensor moved = x.permute(Array.ConvertAll(order, a => (long)a));
        long[] shape = moved.shape;
        Tensor flat = moved.reshape([.. shape[..kept.Length], -1]);
        long count = flat.shape[^1];
        if (count == 0)
        {
            return zeros_like(x);
        }
        Tensor one = ones_like(flat.narrow(-1, 0, 1));
        Tensor before = cat([one, flat.narrow(-1, 0, count - 1)], -1).cumprod(-1);
        Tensor behind = cat([one, flat.flip(-1).narrow(-1, 0, count - 1)], -1).cumprod(-1).flip(-1);
        var inverse = new long[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            inverse[order[i]] = i;
        }
        return (before * behind).reshape(shape).permute(inverse);
    }
}

/// <summary>The position of the largest or smallest element along one axis, the first of equal ones.</summary>
public sealed class ArgExtremum(int axis, bool largest, ScalarType result) : Reduction([axis])
{
    /// <inheritdoc/>
    public override string Name => largest ? "argmax" : "argmin";

    /// <inheritdoc/>
    protected override ScalarType Result(ScalarType operand) => result;

    /// <inheritdoc/>
    public override bool IsDifferentiable(int operand) => false;

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands)
    {
        using Tensor index = largest ? operands[0].argmax(axis) : operands[0].argmin(axis);
        return index.to(result, copy: true);
    }

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point) => throw new NotSupportedException(Name);

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point) => throw new NotSupportedException(Name);
}
