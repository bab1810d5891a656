using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>
/// Takes slices along one axis at integer indices: operands x and indices (any shape); the indices' axes take the axis's place.
/// </summary>
public sealed class Gather(int axis) : Primitive
{
    /// <inheritdoc/>
    public override string Name => "gather";

    /// <inheritdoc/>
    protected override string Details => $"{axis}";

    /// <summary>The axis.</summary>
    internal int Axis => axis;

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands)
    {
        TensorType x = operands[0], indices = operands[1];
        if (indices.DType is not (ScalarType.Int64 or ScalarType.Int32))
        {
            throw Mismatch($"indices of type {indices.DType}");
        }
        return x.With([.. x.Shape[..axis], .. indices.Shape, .. x.Shape[(axis + 1)..]]);
    }

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands) => Take(operands[0], operands[1], axis);

    /// <inheritdoc/>
    public override bool IsDifferentiable(int operand) => operand == 0;

    /// <inheritdoc/>
    public override bool IsLinear(int operand) => operand == 0;

    /// <inheritdoc/>
    public override bool VjpReads(int differentiated, int operand) => operand == 1;

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point) => Take(tangent, point[1], axis + 1);

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point) =>
        ScatterAdd.Put(cotangent, point[1], axis + 1, Shapes.Prepend(cotangent.shape[0], point.OperandTypes[0].Shape));

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site)
    {
        int extra = site.Operands[1].Rank - 1;
        return (site.Axes[0], site.Axes[1]) switch
        {
            ({ } x, null) => x.Axis == axis ? null : x.On(x.Axis < axis ? x.Axis : x.Axis + extra),
            (null, { } indices) => indices.On(axis + indices.Axis),
            _ => null,
        };
    }

    /// <inheritdoc/>
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output) => 0;

    internal static Tensor Take(Tensor x, Tensor indices, int axis)
    {
        using Tensor flat = indices.reshape(-1);
        using Tensor taken = x.index_select(axis, flat);
        long[] shape = x.shape;
        return taken.reshape([.. shape[..axis], .. indices.shape, .. shape[(axis + 1)..]]);
    }
}

/// <summary>
/// Adds slices into zeros along one axis at integer indices: operands updates and indices; the transpose of <see cref="Gather"/>.
/// Indices outside [0, size) are dropped, as tf.math.unsorted_segment_sum does with negative ones.
/// </summary>
public sealed class ScatterAdd(int axis, long size) : Primitive
{
    /// <inheritdoc/>
    public override string Name => "scatter_add";

    /// <inheritdoc/>
    protected override string Details => $"{axis}, size {size}";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands)
    {
        TensorType updates = operands[0], indices = operands[1];
        if (!updates.Shape.AsSpan(axis, Math.Min(indices.Rank, updates.Rank - axis)).SequenceEqual(indices.Shape))
        {
            throw Mismatch($"updates {updates} at indices {indices}");
        }
        return updates.With([.. updates.Shape[..axis], size, .. updates.Shape[(axis + indices.Rank)..]]);
    }

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands)
    {
        long[] shape = operands[0].shape;
        return Put(operands[0], operands[1], axis, [.. shape[..axis], size, .. shape[(axis + (int)operands[1].dim())..]]);
    }

    /// <inheritdoc/>
    public override bool IsDifferentiable(int operand) => operand == 0;

    /// <inheritdoc/>
    public override bool IsLinear(int operand) => operand == 0;

    /// <inheritdoc/>
    public override bool VjpReads(int differentiated, int operand) => operand == 1;

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point) =>
        Put(tangent, point[1], axis + 1, Shapes.Prepend(tangent.shape[0], point.OutputType.Shape));

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point)
    {
        using Tensor widened = Widen(cotangent, axis + 1);
        using Tensor indices = Clamp(point[1], size);
        return Gather.Take(widened, indices, axis + 1);
    }

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site)
    {
        int extra = site.Operands[1].Rank - 1;
        return (site.Axes[0], site.Axes[1]) switch
        {
            ({ } updates, null) when updates.Axis < axis => updates,
            ({ } updates, null) when updates.Axis >= axis + site.Operands[1].Rank => updates.On(updates.Axis - extra),
            _ => null,
        };
    }

    internal static Tensor Put(Tensor updates, Tensor indices, int axis, long[] shape)
    {
        long[] from = updates.shape;
        int rank = (int)indices.dim();
        var wide = (long[])shape.Clone();
        wide[axis] += 1;
        using Tensor flat = updates.reshape([.. from[..axis], indices.numel(), .. from[(axis + rank)..]]);
        using Tensor places = Clamp(indices, shape[axis]).reshape(-1).to(ScalarType.Int64);
        using Tensor sum = zeros(wide, updates.dtype);
        sum.index_add_(axis, places, flat, 1);
        return sum.narrow(axis, 0, shape[axis]);
    }

    // Dropped indices go to one extra slot behind the last.
    private static Tensor Clamp(Tensor indices, long size)
    {
        using Tensor inside = (indices >= 0).logical_and(indices < size);
        using Tensor slot = torch.tensor(size, indices.dtype);
        return where(inside, indices, slot);
    }

    private static Tensor Widen(Tensor x, int axis)
    {
        var pads = new long[2 * ((int)x.dim() - axis)];
        pads[^1] = 1;
        return nn.functional.pad(x, pads);
    }
}

/// <summary>
/// Takes elements along an axis at indices that differ from block to block: x (B, M, R) and indices (B, S) give (B, S, R); what gathers with
/// batch dimensions, sorting and max pooling come down to.
/// </summary>
public sealed class TakeAlong : Primitive
{
    /// <inheritdoc/>
    public override string Name => "take_along";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands) =>
        operands[0].Rank == 3 && operands[1].Rank == 2 && operands[0].Shape[0] == operands[1].Shape[0]
            ? operands[0].With([operands[0].Shape[0], operands[1].Shape[1], operands[0].Shape[2]])
            : throw Mismatch($"{operands[0]} at {operands[1]}");

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands)
    {
        using Tensor indices = Expand(operands[1], [.. operands[1].shape, operands[0].shape[2]]);
        return operands[0].gather(1, indices);
    }

    /// <inheritdoc/>
    public override bool IsDifferentiable(int operand) => operand == 0;

    /// <inheritdoc/>
    public override bool IsLinear(int operand) => operand == 0;

    /// <inheritdoc/>
    public override bool VjpReads(int differentiated, int operand) => operand == 1;

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point)
    {
        using Tensor indices = Expand(point[1], Shapes.Prepend(tangent.shape[0], point.OutputType.Shape));
        return tangent.gather(2, indices);
    }

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point)
    {
        using Tensor indices = Expand(point[1], cotangent.shape);
        Tensor result = zeros(Shapes.Prepend(cotangent.shape[0], point.OperandTypes[0].Shape), cotangent.dtype);
        return result.scatter_add_(2, indices, cotangent);
    }

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site)
    {
        BatchAxis axis = (site.Axes[0] ?? site.Axes[1])!.Value;
        return axis.Axis == 0 && site.Has(0, axis) && site.Has(1, axis) ? axis
            : site.Axes[0] is { Axis: 2 } last && site.Axes[1] is null ? last : null;
    }

    private static Tensor Expand(Tensor indices, long[] shape)
    {
        using Tensor wide = indices.to(ScalarType.Int64).unsqueeze(-1);
        return wide.expand(shape);
    }
}
