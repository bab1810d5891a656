namespace Ntk;

/// <summary>How a network's training is predicted from its kernel; the names are those of neural_tangents' <c>predict</c>.</summary>
public enum NtkPredictionMethod
{
    /// <summary>Gradient descent on the mean squared error, in closed form (Lee et al., arXiv 1902.06720, equations 8 to 11).</summary>
    GradientDescentMse,

    /// <summary>The same for an infinite ensemble of networks of infinite width: mean and covariance (arXiv 1902.06720, section 2.4).</summary>
    GradientDescentMseEnsemble,

    /// <summary>The posterior of a Gaussian process; for the NTK, the ensemble's limit after infinite time.</summary>
    GPInference,

    /// <summary>Gradient descent on any loss, with or without momentum, integrated in function space (arXiv 1902.06720, section 2.2).</summary>
    GradientDescent,
}

/// <summary>What training makes small; both are means over all elements of the targets.</summary>
public enum NtkLoss
{
    /// <summary>½ · mean (f − y)².</summary>
    Mse,

    /// <summary>− mean y · log softmax(f), the softmax along the last axis.</summary>
    CrossEntropy,
}

/// <summary>Which kernels a Gaussian prediction is made of.</summary>
public enum NtkGaussianKernel
{
    /// <summary>The NNGP kernel: the exact Bayesian posterior of a network of infinite width; with a time, of one whose last layer alone is trained.</summary>
    Nngp,

    /// <summary>The NTK for the training, the NNGP kernel for the spread of the networks at initialisation.</summary>
    Ntk,

    /// <summary>The NTK as the covariance of a Gaussian process (He et al., arXiv 2007.05864).</summary>
    NtkGP,
}

/// <summary>A network's outputs after some training time.</summary>
/// <param name="Method">How they were predicted.</param>
/// <param name="Time">Training steps; infinity for the end of training.</param>
/// <param name="Train">The outputs for the training examples, the targets' shape, float64.</param>
/// <param name="Test">The outputs for the test examples, float64; null where no test kernel was given.</param>
/// <param name="Loss">The loss on the training examples.</param>
/// <param name="Model">The model whose kernel it was, where the kernel was computed in this session.</param>
public sealed record NtkPrediction(NtkPredictionMethod Method, double Time, NtkTensor Train, NtkTensor? Test, double Loss, string? Model = null)
{
    /// <inheritdoc/>
    public override string ToString() => $"t = {Time:G6}: loss {Loss:G6}, train {NtkShape.Format(Train.Shape)}{(Test is null ? "" : $", test {NtkShape.Format(Test.Shape)}")}";
}

/// <summary>The distribution of the outputs of an ensemble of networks, or of a Gaussian process.</summary>
/// <param name="Method">How it was predicted.</param>
/// <param name="Kernel">The kernels it is made of.</param>
/// <param name="Time">Training steps; infinity for the end of training.</param>
/// <param name="Mean">The mean at the test examples (the training ones where no test kernel was given), float64.</param>
/// <param name="Covariance">The covariance, in the layout of the kernels, float64; null where the kernels for it were not given.</param>
/// <param name="Model">The model whose kernel it was, where the kernel was computed in this session.</param>
public sealed record NtkGaussianPrediction(NtkPredictionMethod Method, NtkGaussianKernel Kernel, double Time, NtkTensor Mean, NtkTensor? Covariance, string? Model = null)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{Kernel}, t = {Time:G6}: mean {NtkShape.Format(Mean.Shape)}{(Covariance is null ? "" : $", covariance {NtkShape.Format(Covariance.Shape)}")}";
}
