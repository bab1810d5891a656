using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis.Dynamics;

/// <summary>A loss of outputs and targets of one shape, with its gradient in the outputs.</summary>
/// <param name="Value">The loss; NaN where only the gradient is known.</param>
/// <param name="Gradient">Its gradient, of the outputs' shape.</param>
internal sealed record TrainingLoss(Func<Tensor, Tensor, Tensor> Value, Func<Tensor, Tensor, Tensor> Gradient)
{
    /// <summary>The loss of a name.</summary>
    public static TrainingLoss Of(NtkLoss loss) => loss switch
    {
        NtkLoss.Mse => new((f, y) => (f - y).square().mean().mul_(0.5), (f, y) => (f - y).div_(f.numel())),
        // The targets of an example need not sum to one.
        NtkLoss.CrossEntropy => new((f, y) => (y * nn.functional.log_softmax(f, -1)).mean().neg_(),
            (f, y) => (nn.functional.softmax(f, -1).mul_(y.sum(-1, true)) - y).div_(f.numel())),
        _ => throw new ArgumentOutOfRangeException(nameof(loss), loss, null),
    };

    /// <summary>The loss whose gradient the user gave.</summary>
    /// <param name="gradient">The gradient, of outputs and targets.</param>
    /// <param name="targets">The targets, as they are handed over.</param>
    public static TrainingLoss Of(Func<NtkTensor, NtkTensor, NtkTensor> gradient, Tensor targets)
    {
        NtkTensor y = TorchTensors.FromTorch(targets, "y");
        return new((_, _) => double.NaN, (f, _) => Checked(gradient(TorchTensors.FromTorch(f, "f"), y), f.shape));
    }

    // A flat list of as many numbers, as a loop over all elements gives, is in the outputs' order.
    private static Tensor Checked(NtkTensor given, long[] shape)
    {
        Tensor values = given.DType.IsComplex() || given.DType == NtkDType.String
            ? throw new NtkException(NtkErrorId.DTypeMismatch, $"-LossGradient gave {given.DType.NumPyName()}; a gradient is of real numbers.") { Target = Argument }
            : TorchTensors.ToTorch(given).to(ScalarType.Float64);
        if (!values.shape.AsSpan().SequenceEqual(shape) && !(values.dim() == 1 && values.numel() == shape.Aggregate(1L, (n, d) => n * d)))
        {
            throw new NtkException(NtkErrorId.ShapeMismatch,
                $"-LossGradient gave the shape {NtkShape.Format(given.Shape)}; the loss's gradient in f has f's own, {NtkShape.Format(Array.ConvertAll(shape, d => (int)d))}.") { Target = Argument };
        }
        return values.isfinite().all().ToBoolean() ? values.reshape(shape) : throw new NtkException(NtkErrorId.InvalidArgument,
            "-LossGradient gave NaN or infinity. Where a loss has no derivative give a one-sided one; where it grows too fast give a smaller -LearningRate or smaller times.") { Target = Argument };
    }

    private const string Argument = "-LossGradient";
}
