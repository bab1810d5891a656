using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>
/// A function of the matrices in the last two axes whose derivative is written in terms of its value (see <see cref="Lax.Cholesky"/> and its
/// neighbours); for itself it counts as constant.
/// </summary>
/// <param name="name">Its name.</param>
/// <param name="eval">Its value.</param>
/// <param name="infer">The output's type.</param>
public sealed class MatrixFunction(string name, Func<Tensor[], Tensor> eval, Func<TensorType[], TensorType> infer) : Primitive
{
    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands)
    {
        foreach (TensorType operand in operands)
        {
            if (operand.Rank < 2 || !operand.DType.IsDifferentiable())
            {
                throw Mismatch($"{operand} is no floating-point matrix");
            }
        }
        return infer(operands.ToArray());
    }

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands) => eval(operands.ToArray());

    /// <inheritdoc/>
    public override bool IsDifferentiable(int operand) => false;

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point) => throw new NotSupportedException(Name);

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point) => throw new NotSupportedException(Name);

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site)
    {
        BatchAxis axis = site.Axes.First(a => a is not null)!.Value;
        for (int i = 0; i < site.Axes.Length; i++)
        {
            if (axis.Axis >= site.Operands[i].Rank - 2 || !site.Has(i, axis))
            {
                return null;
            }
        }
        return axis;
    }

    /// <inheritdoc/>
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output) => 4.0 * operands[0].Count * operands[0].Shape[^1];
}
