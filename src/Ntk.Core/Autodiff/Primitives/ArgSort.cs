using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>The order of the elements along the last axis: the indices of the first ones, equal elements in their old order.</summary>
/// <param name="descending">Whether the largest comes first.</param>
/// <param name="count">How many indices are wanted.</param>
public sealed class ArgSort(bool descending, long count) : Primitive
{
    /// <inheritdoc/>
    public override string Name => "argsort";

    /// <inheritdoc/>
    protected override string Details => $"{(descending ? "descending" : "ascending")}, {count}";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands) => new(ScalarType.Int64, [.. operands[0].Shape[..^1], count]);

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands)
    {
        (Tensor values, Tensor indices) = operands[0].sort(dim: -1, descending: descending, stable: true);
        values.Dispose();
        return indices.narrow(-1, 0, count);
    }

    /// <inheritdoc/>
    public override bool IsDifferentiable(int operand) => false;

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point) => throw new NotSupportedException(Name);

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point) => throw new NotSupportedException(Name);

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site) => site.Axes[0]!.Value.Axis == site.Operands[0].Rank - 1 ? null : site.Axes[0];
}
