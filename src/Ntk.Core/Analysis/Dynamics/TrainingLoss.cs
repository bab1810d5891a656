using static TorchSharp.torch;

namespace Ntk.Core.Analysis.Dynamics;

/// <summary>A loss of outputs and targets of one shape, with its gradient in the outputs.</summary>
/// <param name="Value">The loss.</param>
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
}
