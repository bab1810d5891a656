using System.Management.Automation;
using Ntk;
using Ntk.Core.Analysis.Dynamics;

namespace NtkPs;

/// <summary>
/// Predicts a network's outputs after training, from its kernel: the methods of neural_tangents' predict, in float64. For a network of finite width the answer is
/// that of its linearisation at the parameters where the kernel was computed.
/// </summary>
[Cmdlet(VerbsLifecycle.Invoke, "NtkPrediction")]
[OutputType(typeof(NtkPrediction), typeof(NtkGaussianPrediction))]
public sealed class InvokeNtkPredictionCommand : NtkCmdlet
{
    /// <summary>
    /// GradientDescentMse: gradient descent on the squared error, in closed form. GradientDescentMseEnsemble: mean and covariance over networks of infinite width.
    /// GPInference: the posterior of a Gaussian process. GradientDescent: any -Loss, with or without -Momentum, integrated by adaptive Runge-Kutta steps.
    /// </summary>
    [Parameter]
    public NtkPredictionMethod Method { get; set; }

    /// <summary>The NTK of the training examples with themselves: (N, N), traced, or (N, N, O, O). Needed by all but -Get Nngp.</summary>
    [Parameter(Position = 0)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object? KernelTrainTrain { get; set; }

    /// <summary>The NTK of the test with the training examples: (M, N) or (M, N, O, O). Without it the training examples alone are predicted.</summary>
    [Parameter(Position = 1)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object? KernelTestTrain { get; set; }

    /// <summary>The training targets, (N,) or (N, O …); for -Loss CrossEntropy also class numbers (N,).</summary>
    [Parameter(Mandatory = true, Position = 2)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object YTrain { get; set; } = null!;

    /// <summary>The NTK of the test examples with themselves, for the covariance of -Get NtkGP.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object? KernelTestTest { get; set; }

    /// <summary>The NNGP kernel of the training examples with themselves, for -Get Nngp and for covariances.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object? NngpTrainTrain { get; set; }

    /// <summary>The NNGP kernel of the test with the training examples.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object? NngpTestTrain { get; set; }

    /// <summary>The NNGP kernel of the test examples with themselves; with it there is a covariance.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object? NngpTestTest { get; set; }

    /// <summary>The kernels of a Gaussian method: Nngp, Ntk, NtkGP; several give an object each.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public NtkGaussianKernel[] Get { get; set; } = [NtkGaussianKernel.Ntk];

    /// <summary>The network's outputs for the training examples before training, of the targets' shape; zero without it.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object? FxTrain0 { get; set; }

    /// <summary>The network's outputs for the test examples before training; zero without it.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object? FxTest0 { get; set; }

    /// <summary>Training steps, from 0 to infinity, one object each in the order given; without it the end of training.</summary>
    [Parameter]
    [Alias("T")]
    public double[]? Time { get; set; }

    /// <summary>The step size.</summary>
    [Parameter]
    public double LearningRate { get; set; } = 1;

    /// <summary>What is added to the training kernel's diagonal, in units of the diagonal's mean.</summary>
    [Parameter]
    public double DiagReg { get; set; }

    /// <summary>Takes -DiagReg in the kernel's own units.</summary>
    [Parameter]
    public SwitchParameter DiagRegAbsolute { get; set; }

    /// <summary>The momentum's decay, 0 to 1, for -Method GradientDescent; without it gradient descent has none.</summary>
    [Parameter]
    public double Momentum { get; set; }

    /// <summary>What -Method GradientDescent makes small: Mse, ½ · mean (f − y)², or CrossEntropy, − mean y · log softmax(f); means over all elements.</summary>
    [Parameter]
    public NtkLoss Loss { get; set; }

    /// <summary>The targets' axes that the kernels were traced over; @() for none. Without it the last, or none where the kernels have all of the targets' axes.</summary>
    [Parameter]
    [Alias("TraceAxes")]
    [AllowNull]
    [AllowEmptyCollection]
    [AxisTransformation]
    public int[]? TraceAxis { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing() => Terminating(() =>
    {
        if (IsBound(nameof(Time)) && Time is null)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, "-Time is $null; is the variable's name spelled right? Leave it out for the end of training.") { Target = "-Time" };
        }
        var options = new PredictionOptions
        {
            Method = Method,
            KernelTrainTrain = Tensor(nameof(KernelTrainTrain), KernelTrainTrain),
            KernelTestTrain = Tensor(nameof(KernelTestTrain), KernelTestTrain),
            KernelTestTest = Tensor(nameof(KernelTestTest), KernelTestTest),
            NngpTrainTrain = Tensor(nameof(NngpTrainTrain), NngpTrainTrain),
            NngpTestTrain = Tensor(nameof(NngpTestTrain), NngpTestTrain),
            NngpTestTest = Tensor(nameof(NngpTestTest), NngpTestTest),
            YTrain = TensorArgument.One(this, YTrain, "-YTrain"),
            FxTrain0 = Tensor(nameof(FxTrain0), FxTrain0),
            FxTest0 = Tensor(nameof(FxTest0), FxTest0),
            Times = Time,
            LearningRate = LearningRate,
            DiagReg = DiagReg,
            DiagRegAbsolute = DiagRegAbsolute,
            Momentum = IsBound(nameof(Momentum)) ? Momentum : null,
            Loss = Loss,
            TraceAxes = IsBound(nameof(TraceAxis)) ? TraceAxis ?? [] : null,
            Get = Get,
            Warn = QueueWarning,
        };
        const string Activity = "Training dynamics";
        bool gaussian = Method is NtkPredictionMethod.GradientDescentMseEnsemble or NtkPredictionMethod.GPInference;
        WriteObject(gaussian ? Work(Activity, (progress, cancellation) => TrainingDynamics.PredictGaussian(options, progress, cancellation))
            : Work<object>(Activity, (progress, cancellation) => TrainingDynamics.Predict(options, progress, cancellation)), true);
    });

    private NtkTensor? Tensor(string parameter, object? value) => IsBound(parameter) ? TensorArgument.One(this, value, $"-{parameter}") : null;
}
