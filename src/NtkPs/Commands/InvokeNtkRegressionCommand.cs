using System.Management.Automation;
using Ntk;
using Ntk.Core.Analysis;
using Ntk.Core.Kernels;

namespace NtkPs;

/// <summary>Fits kernel ridge regression and predicts test examples, from kernels or from a model and its inputs.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "NtkRegression", DefaultParameterSetName = KernelSet)]
[OutputType(typeof(NtkRegressionPrediction))]
public sealed class InvokeNtkRegressionCommand : NtkCmdlet
{
    private const string KernelSet = "Kernel", ModelSet = "Model";
    private readonly TensorCollector _testTrain;
    private RegressionTargets _targets = null!;

    /// <summary>Makes the command.</summary>
    public InvokeNtkRegressionCommand() => _testTrain = new TensorCollector(this, "-KernelTestTrain");

    /// <summary>The kernel of the training examples with themselves, (N, N).</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = KernelSet)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object KernelTrainTrain { get; set; } = null!;

    /// <summary>The kernel of the test with the training examples, (M, N); its rows may come through the pipeline.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ParameterSetName = KernelSet)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object KernelTestTrain { get; set; } = null!;

    /// <summary>The model whose kernel it is, from Import-NtkModel; several may come through the pipeline.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ModelSet)]
    [ValidateNotNull]
    public NtkModel Model { get; set; } = null!;

    /// <summary>The training examples, first axis the batch: a tensor, rows, an array or a path; several inputs as a dictionary by name.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ModelSet)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object XTrain { get; set; } = null!;

    /// <summary>The test examples.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ModelSet)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object XTest { get; set; } = null!;

    /// <summary>Labels (N,), integers from 0 or text; or floating-point targets (N,) or (N, C).</summary>
    [Parameter(Mandatory = true, Position = 2)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object YTrain { get; set; } = null!;

    /// <summary>What is added to the diagonal of the training kernel, in units of the diagonal's mean.</summary>
    [Parameter]
    public double Ridge { get; set; }

    /// <summary>Chooses the ridge by k-fold cross-validation on the training examples: most right labels, or the smallest squared error. -Verbose tells of each.</summary>
    [Parameter]
    public SwitchParameter CrossValidate { get; set; }

    /// <summary>The number of folds of -CrossValidate.</summary>
    [Parameter]
    public int Fold { get; set; } = 5;

    /// <summary>The ridges that -CrossValidate chooses from.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public double[] RidgeCandidate { get; set; } = [.. new CrossValidation().Ridges];

    /// <summary>Fixes which examples -CrossValidate puts in a fold together.</summary>
    [Parameter]
    public int Seed { get; set; }

    /// <summary>Parameters of the model to sum over, by name, with wildcards.</summary>
    [Parameter(ParameterSetName = ModelSet)]
    [SupportsWildcards]
    public string[]? ParameterName { get; set; }

    /// <summary>Takes every float variable as a parameter, not the trainable ones alone.</summary>
    [Parameter(ParameterSetName = ModelSet)]
    public SwitchParameter IncludeNonTrainable { get; set; }

    /// <summary>The model's output, where it has several.</summary>
    [Parameter(ParameterSetName = ModelSet)]
    public string? Output { get; set; }

    /// <summary>The type that kernels are computed in: Single (float32) or Double (float64).</summary>
    [Parameter(ParameterSetName = ModelSet)]
    public NtkPrecision Precision { get; set; }

    /// <summary>Bytes that a kernel's computation may take beside the model, such as 2GB.</summary>
    [Parameter(ParameterSetName = ModelSet)]
    [ValidateRange(1L, long.MaxValue)]
    public long MemoryLimit { get; set; }

    private RegressionOptions Options => new()
    {
        Ridge = Ridge,
        CrossValidation = CrossValidate ? new CrossValidation { Folds = Fold, Ridges = RidgeCandidate, Seed = Seed } : null,
        Warn = QueueWarning,
        Tell = QueueVerbose,
    };

    /// <inheritdoc/>
    protected override void BeginProcessing() => Terminating(() =>
    {
        if (CrossValidate && IsBound(nameof(Ridge)))
        {
            throw new NtkException(NtkErrorId.InvalidArgument, "-Ridge is given and -CrossValidate is to choose it; give one of them, or several ridges to choose from as -RidgeCandidate.") { Target = "-Ridge" };
        }
        _targets = TargetsArgument.Read(this, YTrain);
    });

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == KernelSet)
        {
            Terminating(() => _testTrain.Add(KernelTestTrain));
            return;
        }
        ForItem(!MyInvocation.ExpectingInput, () =>
        {
            NtkModel model = Model;
            IReadOnlyList<NtkTensor> train = new TensorArgument(this, XTrain, "-XTrain").Bind(model, Precision), test = new TensorArgument(this, XTest, "-XTest").Bind(model, Precision);
            var kernel = new KernelOptions
            {
                ParameterNames = ParameterName,
                IncludeNonTrainable = IncludeNonTrainable,
                Outputs = Output is null ? null : [Output],
                Precision = Precision,
                MemoryLimit = IsBound(nameof(MemoryLimit)) ? MemoryLimit : null,
                Warn = QueueWarning,
            };
            RegressionOptions options = Options;
            WriteObject(Work($"Kernel regression with {model.Name}", (progress, cancellation) => ModelRegression.Predict(model, train, test, _targets, kernel, options, progress, cancellation)), true);
        });
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Terminating(() =>
    {
        if (ParameterSetName != KernelSet)
        {
            return;
        }
        NtkTensor trainTrain = TensorArgument.One(this, KernelTrainTrain, "-KernelTrainTrain"), testTrain = _testTrain.Single();
        RegressionOptions options = Options;
        WriteObject(Work("Kernel regression", cancellation => KernelRegression.Predict(trainTrain, testTrain, _targets, options, cancellation)), true);
    });
}
