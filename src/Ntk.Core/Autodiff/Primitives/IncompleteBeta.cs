using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>The regularised incomplete beta function of a, b and x, element by element; as in TensorFlow it has no derivative by a and b.</summary>
public sealed class IncompleteBeta : Elementwise
{
    /// <inheritdoc/>
    public override string Name => "betainc";

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands)
    {
        Tensor[] wide = broadcast_tensors(operands[0], operands[1], operands[2]).Select(t => t.to(ScalarType.Float64).contiguous()).ToArray();
        double[][] values = Array.ConvertAll(wide, t => t.data<double>().ToArray());
        double[] result = values[2].Select((x, i) => ScalarFunctions.IncompleteBeta(values[0][i], values[1][i], x)).ToArray();
        return tensor(result, ScalarType.Float64).reshape(wide[0].shape).to(operands[0].dtype);
    }

    /// <inheritdoc/>
    public override bool IsDifferentiable(int operand) => operand == 2;

    /// <inheritdoc/>
    public override bool VjpReadsOutput(int differentiated) => false;

    /// <inheritdoc/>
    protected override Tensor Scale(int operand, Tensor rows, in Point point)
    {
        (Tensor a, Tensor b, Tensor x) = (point[0], point[1], point[2]);
        Tensor logarithm = (a - 1).xlogy(x) + ((b - 1) * x.neg().log1p()) - (a.lgamma() + b.lgamma() - (a + b).lgamma());
        return rows * logarithm.exp();
    }
}
