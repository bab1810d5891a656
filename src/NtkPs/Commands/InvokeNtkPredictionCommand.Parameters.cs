using System.Management.Automation;
using Ntk;

namespace NtkPs;

public sealed partial class InvokeNtkPredictionCommand
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

    /// <summary>
    /// The gradient of a loss of one's own, for -Method GradientDescent in place of -Loss: { param($f, $y) … } of the outputs and the targets, two tensors of
    /// the targets' shape, gives ∂loss/∂f of that shape. Results have no Loss then (NaN).
    /// </summary>
    [Parameter]
    public ScriptBlock? LossGradient { get; set; }

    /// <summary>The targets' axes that the kernels were traced over; @() for none. Without it the last, or none where the kernels have all of the targets' axes.</summary>
    [Parameter]
    [Alias("TraceAxes")]
    [AllowNull]
    [AllowEmptyCollection]
    [AxisTransformation]
    public int[]? TraceAxis { get; set; }
}
