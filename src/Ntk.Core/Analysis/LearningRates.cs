using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis;

/// <summary>Which step sizes training bears.</summary>
public static class LearningRates
{
    /// <summary>
    /// The largest learning rate at which gradient descent on ½ · mean squared error does not diverge: 2 (1 + momentum) · size / λ_max
    /// (neural_tangents' <c>max_learning_rate</c>; for the momentum, Goh, "Why Momentum Really Works", Distill 2017).
    /// </summary>
    /// <param name="kernel">The NTK of the training examples with themselves, (N, N) or (N, N, O, O).</param>
    /// <param name="size">The targets' number of elements, N · O; null for the kernel's own N (· O).</param>
    /// <param name="momentum">The momentum's decay.</param>
    /// <exception cref="NtkException">It is no such kernel, or the numbers are out of range.</exception>
    public static double Max(NtkTensor kernel, long? size = null, double momentum = 0)
    {
        if (size is < 1)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-YTrainSize is {size}; it is the targets' number of elements.") { Target = "-YTrainSize" };
        }
        if (!(momentum is >= 0 and <= 1))
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-Momentum is {momentum}; it is a number from 0 to 1.") { Target = "-Momentum" };
        }
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        Tensor k = KernelMatrix.ReadSymmetric(kernel, "-Kernel");
        const double NoZeroDivisor = 1e-12; // neural_tangents'
        return 2 * (1 + momentum) * (size ?? k.shape[0]) / (linalg.eigvalsh(k)[-1].ToDouble() + NoZeroDivisor);
    }
}
