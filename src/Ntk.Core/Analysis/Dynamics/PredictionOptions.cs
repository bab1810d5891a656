namespace Ntk.Core.Analysis.Dynamics;

/// <summary>What is to be predicted, and from what; the names are those of the cmdlet's parameters.</summary>
public sealed record PredictionOptions
{
    /// <summary>How.</summary>
    public NtkPredictionMethod Method { get; init; }

    /// <summary>The NTK of the training examples with themselves: the targets' axes twice in a row, (N, N, O, O), the traced ones absent, (N, N).</summary>
    public NtkTensor? KernelTrainTrain { get; init; }

    /// <summary>The NTK of the test with the training examples, (M, N) or (M, N, O, O); null to predict the training examples alone.</summary>
    public NtkTensor? KernelTestTrain { get; init; }

    /// <summary>The NTK of the test examples with themselves, for the covariance of <see cref="NtkGaussianKernel.NtkGP"/>.</summary>
    public NtkTensor? KernelTestTest { get; init; }

    /// <summary>The NNGP kernel of the training examples with themselves.</summary>
    public NtkTensor? NngpTrainTrain { get; init; }

    /// <summary>The NNGP kernel of the test with the training examples.</summary>
    public NtkTensor? NngpTestTrain { get; init; }

    /// <summary>The NNGP kernel of the test examples with themselves, for covariances.</summary>
    public NtkTensor? NngpTestTest { get; init; }

    /// <summary>The training targets, (N,) or (N, O …).</summary>
    public required NtkTensor YTrain { get; init; }

    /// <summary>The outputs at time zero for the training examples, of the targets' shape or one that broadcasts to it; null for zero.</summary>
    public NtkTensor? FxTrain0 { get; init; }

    /// <summary>The outputs at time zero for the test examples; null for zero.</summary>
    public NtkTensor? FxTest0 { get; init; }

    /// <summary>Training steps from zero to infinity; null for the end of training.</summary>
    public IReadOnlyList<double>? Times { get; init; }

    /// <summary>The step size.</summary>
    public double LearningRate { get; init; } = 1;

    /// <summary>What is added to the training kernel's diagonal.</summary>
    public double DiagReg { get; init; }

    /// <summary>Whether <see cref="DiagReg"/> is in the kernel's own units, rather than in those of the diagonal's mean.</summary>
    public bool DiagRegAbsolute { get; init; }

    /// <summary>The momentum's decay; null for none.</summary>
    public double? Momentum { get; init; }

    /// <summary>What training makes small.</summary>
    public NtkLoss Loss { get; init; }

    /// <summary>
    /// The gradient of a loss of the user's own, in place of <see cref="Loss"/>: from outputs and targets, float64 and of the targets' shape, to ∂loss/∂outputs of
    /// that shape. Called on the thread that predicts.
    /// </summary>
    public Func<NtkTensor, NtkTensor, NtkTensor>? LossGradient { get; init; }

    /// <summary>The targets' axes that the kernels lack; null for the last, or none where the kernels lack none.</summary>
    public IReadOnlyList<int>? TraceAxes { get; init; }

    /// <summary>The kernels of the Gaussian methods.</summary>
    public IReadOnlyList<NtkGaussianKernel> Get { get; init; } = [NtkGaussianKernel.Ntk];

    /// <summary>Told what a user should know but need not act on.</summary>
    public Action<string>? Warn { get; init; }
}
