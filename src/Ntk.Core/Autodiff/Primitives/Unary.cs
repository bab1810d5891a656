using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>What a unary primitive's derivative reads.</summary>
[Flags]
public enum Reads
{
    /// <summary>Nothing: the derivative is a constant.</summary>
    None = 0,
    /// <summary>The operand.</summary>
    Operand = 1,
    /// <summary>The output.</summary>
    Output = 2,
}

/// <summary>An elementwise function of one operand.</summary>
/// <param name="name">Its name.</param>
/// <param name="value">Its value.</param>
/// <param name="reads">What <paramref name="pull"/> reads.</param>
/// <param name="pull">Multiplies rows by the derivative, given operand x and output y, of which it gets the conjugates when they are complex: a cotangent meets the conjugate
/// of a derivative; null when the derivative is zero or undefined everywhere.</param>
/// <param name="result">The output's element type, given the operand's; null for the same.</param>
/// <param name="flops">Counted operations an element.</param>
/// <param name="details">Constants of the function, for printing.</param>
public sealed class Unary(string name, Func<Tensor, Tensor> value, Reads reads, Func<Tensor, Tensor, Tensor, Tensor>? pull,
    Func<ScalarType, ScalarType>? result = null, int flops = 1, string details = "") : Elementwise
{
    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    protected override string Details => details;

    /// <inheritdoc/>
    protected override ScalarType Result(ReadOnlySpan<TensorType> operands) => result?.Invoke(operands[0].DType) ?? operands[0].DType;

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands) => value(operands[0]);

    /// <inheritdoc/>
    public override bool IsDifferentiable(int operand) => pull is not null;

    /// <inheritdoc/>
    public override bool IsLinear(int operand) => reads == Reads.None;

    /// <inheritdoc/>
    public override bool VjpReads(int differentiated, int operand) => reads.HasFlag(Reads.Operand);

    /// <inheritdoc/>
    public override bool VjpReadsOutput(int differentiated) => reads.HasFlag(Reads.Output);

    /// <inheritdoc/>
    protected override Tensor Scale(int operand, Tensor rows, in Point point) => pull!(
        rows, reads.HasFlag(Reads.Operand) ? Conjugate(point[0]) : null!, reads.HasFlag(Reads.Output) ? Conjugate(point.Result) : null!);

    /// <inheritdoc/>
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output) => (double)flops * output.Count;
}
