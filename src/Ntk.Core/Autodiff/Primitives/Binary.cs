using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>An elementwise function of two operands that broadcast together.</summary>
/// <param name="name">Its name.</param>
/// <param name="value">Its value.</param>
/// <param name="left">Multiplies rows by the derivative with respect to the first operand, given both and the output; null for none.</param>
/// <param name="right">The same for the second operand.</param>
public sealed class Binary(string name, Func<Tensor, Tensor, Tensor> value, Binary.Rule? left, Binary.Rule? right) : Elementwise
{
    /// <summary>A local derivative.</summary>
    /// <param name="Linear">Whether the output is linear in the operand.</param>
    /// <param name="ReadsX">Whether <paramref name="Pull"/> reads the first operand.</param>
    /// <param name="ReadsY">Whether it reads the second.</param>
    /// <param name="ReadsOutput">Whether it reads the output.</param>
    /// <param name="Pull">Multiplies rows by the derivative, given x, y and the output, or their conjugates when they are complex.</param>
    public sealed record Rule(bool Linear, bool ReadsX, bool ReadsY, bool ReadsOutput, Func<Tensor, Tensor, Tensor, Tensor, Tensor> Pull);

    private readonly Rule?[] _rules = [left, right];

    /// <summary>The output's element type when it is not the operands'.</summary>
    public ScalarType? ResultType { get; init; }

    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    protected override ScalarType Result(ReadOnlySpan<TensorType> operands) => ResultType is { } type ? type : base.Result(operands);

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands) => value(operands[0], operands[1]);

    /// <inheritdoc/>
    public override bool IsDifferentiable(int operand) => _rules[operand] is not null;

    /// <inheritdoc/>
    public override bool IsLinear(int operand) => _rules[operand]!.Linear;

    /// <inheritdoc/>
    public override bool VjpReads(int differentiated, int operand) => operand == 0 ? _rules[differentiated]!.ReadsX : _rules[differentiated]!.ReadsY;

    /// <inheritdoc/>
    public override bool VjpReadsOutput(int differentiated) => _rules[differentiated]!.ReadsOutput;

    /// <inheritdoc/>
    protected override Tensor Scale(int operand, Tensor rows, in Point point)
    {
        Rule rule = _rules[operand]!;
        return rule.Pull(rows, rule.ReadsX ? Conjugate(point[0]) : null!, rule.ReadsY ? Conjugate(point[1]) : null!, rule.ReadsOutput ? Conjugate(point.Result) : null!);
    }
}

/// <summary>Chooses elementwise: where the first operand holds the second, elsewhere the third (tf.where).</summary>
public sealed class Select : Elementwise
{
    /// <inheritdoc/>
    public override string Name => "select";

    /// <inheritdoc/>
    protected override ScalarType Result(ReadOnlySpan<TensorType> operands) =>
        operands[0].DType != ScalarType.Bool ? throw Mismatch("the condition is not boolean") : base.Result(operands[1..]);

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands) => where(operands[0], operands[1], operands[2]);

    /// <inheritdoc/>
    public override bool IsDifferentiable(int operand) => operand > 0;

    /// <inheritdoc/>
    public override bool IsLinear(int operand) => operand > 0;

    /// <inheritdoc/>
    public override bool VjpReads(int differentiated, int operand) => operand == 0;

    /// <inheritdoc/>
    protected override Tensor Scale(int operand, Tensor rows, in Point point)
    {
        using Tensor zero = zeros([], rows.dtype);
        return operand == 1 ? where(point[0], rows, zero) : where(point[0], zero, rows);
    }
}
