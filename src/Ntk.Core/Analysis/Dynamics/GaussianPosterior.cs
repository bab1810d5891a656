using static TorchSharp.torch;

namespace Ntk.Core.Analysis.Dynamics;

/// <summary>One Gaussian prediction's kernels as matrices; what is null is not asked for.</summary>
/// <param name="TestTrain">The kernel that training goes by, test with training examples; null to predict the training examples.</param>
/// <param name="InitialTrainTrain">The covariance of the outputs at initialisation; of the training examples.</param>
/// <param name="InitialTestTrain">The same of the test with the training examples.</param>
/// <param name="InitialTestTest">The same of the test examples.</param>
internal sealed record GaussianKernels(Tensor? TestTrain, Tensor? InitialTrainTrain, Tensor? InitialTestTrain, Tensor? InitialTestTest);

/// <summary>
/// Mean and covariance of an ensemble's outputs after some training time (Lee et al., arXiv 1902.06720, equations 13 to 16): training turns outputs at
/// initialisation f₀ into f₀ + K* L (y − f₀), L the weights that <see cref="GradientFlow"/> gives, and f₀ is Gaussian with the covariance of initialisation.
/// </summary>
/// <param name="flow">Of the kernel that training goes by.</param>
/// <param name="kernel">Which kernels.</param>
/// <param name="kernels">The kernels.</param>
internal sealed class GaussianPosterior(GradientFlow flow, NtkGaussianKernel kernel, GaussianKernels kernels)
{
    /// <summary>The mean, (m, c), from targets (n, c).</summary>
    public Tensor Mean(Tensor y, double time) => kernels.TestTrain is { } testTrain ? testTrain.mm(flow.Learned(y, time)) : flow.Fitted(y, time);

    /// <summary>The covariance, (m, m); null where its kernels are missing.</summary>
    public Tensor? Covariance(double time)
    {
        if (kernels.TestTrain is not { } testTrain)
        {
            return TrainCovariance(time);
        }
        if (kernels.InitialTestTest is not { } testTest)
        {
            return null;
        }
        if (kernel != NtkGaussianKernel.Ntk)
        {
            // The kernel is its own covariance at initialisation, and the two sides' weights join to those of twice the time.
            return testTest - testTrain.mm(flow.Learned(testTrain.t(), 2 * time));
        }
        Tensor weights = flow.Learned(testTrain.t(), time);
        Tensor cross = testTrain.mm(flow.Learned(kernels.InitialTestTrain!.t(), time));
        return weights.t().mm(kernels.InitialTrainTrain!.mm(weights)) - cross - cross.t() + testTest;
    }

    private Tensor? TrainCovariance(double time)
    {
        if (kernel == NtkGaussianKernel.Ntk && kernels.InitialTrainTrain is null)
        {
            return null;
        }
        if (double.IsPositiveInfinity(time))
        {
            return zeros_like(kernels.InitialTrainTrain!);
        }
        if (kernel != NtkGaussianKernel.Ntk)
        {
            return flow.RemainingKernel(2 * time);
        }
        Tensor remaining = flow.Remaining(time);
        return remaining.mm(kernels.InitialTrainTrain!).mm(remaining);
    }
}
