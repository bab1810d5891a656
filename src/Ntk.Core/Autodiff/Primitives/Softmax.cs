using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>exp(x) normalised along the last axis, or its logarithm.</summary>
public sealed class Softmax(bool logarithm) : Primitive
{
    /// <inheritdoc/>
    public override string Name => logarithm ? "log_softmax" : "softmax";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands) => operands[0];

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands) => logarithm ? operands[0].log_softmax(-1) : operands[0].softmax(-1);

    /// <inheritdoc/>
    public override bool VjpReads(int differentiated, int operand) => false;

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point)
    {
        Tensor y = point.Result;
        if (logarithm)
        {
            return tangent - (tangent * y.exp()).sum(-1, keepdim: true);
        }
        return y * (tangent - (tangent * y).sum(-1, keepdim: true));
    }

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point)
    {
        Tensor y = point.Result;
        if (logarithm)
        {
            return cotangent - (y.exp() * cotangent.sum(-1, keepdim: true));
        }
        return y * (cotangent - (cotangent * y).sum(-1, keepdim: true));
    }

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site) => site.Axes[0]!.Value.Axis == site.Output.Rank - 1 ? null : site.Axes[0];

    /// <inheritdoc/>
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output) => 12.0 * output.Count;
}

/// <summary>Running sums along an axis.</summary>
public sealed class CumulativeSum(int axis) : Movement
{
    /// <inheritdoc/>
    public override string Name => "cumsum";

    /// <inheritdoc/>
    protected override string Details => $"{axis}";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands) => operands[0];

    /// <inheritdoc/>
    protected override Tensor Move(Tensor x, TensorType operand, TensorType output, int rows) => x.cumsum(axis + rows, x.dtype);

    /// <inheritdoc/>
    protected override Tensor MoveBack(Tensor cotangent, TensorType operand, TensorType output) => cotangent.flip(axis + 1).cumsum(axis + 1).flip(axis + 1);

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site) => site.Axes[0]!.Value.Axis == axis ? null : site.Axes[0];
}

/// <summary>log Σ exp(x) over the last axis, or its running form.</summary>
public sealed class LogSumExp(bool running) : Primitive
{
    /// <inheritdoc/>
    public override string Name => running ? "cumulative_logsumexp" : "logsumexp";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands) => running ? operands[0] : operands[0].With(operands[0].Shape[..^1]);

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands) => running ? operands[0].logcumsumexp(-1) : operands[0].logsumexp(-1);

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point)
    {
        if (running)
        {
            // d y_i = Σ_{j ≤ i} exp(x_j − y_i) d x_j
            using Tensor weights = Weights(point);
            return weights.matmul(tangent.unsqueeze(-1)).squeeze(-1);
        }
        return (tangent * (point[0] - point.Result.unsqueeze(-1)).exp()).sum(-1);
    }

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point)
    {
        if (running)
        {
            using Tensor weights = Weights(point);
            return cotangent.unsqueeze(-2).matmul(weights).squeeze(-2);
        }
        return cotangent.unsqueeze(-1) * (point[0] - point.Result.unsqueeze(-1)).exp();
    }

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site) => site.Axes[0]!.Value.Axis == site.Operands[0].Rank - 1 ? null : site.Axes[0];

    /// <inheritdoc/>
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output) => 12.0 * operands[0].Count;

    private static Tensor Weights(in Point point) => (point[0].unsqueeze(-2) - point.Result.unsqueeze(-1)).exp().tril();
}
