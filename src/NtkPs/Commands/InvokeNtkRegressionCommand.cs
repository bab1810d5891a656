using System.Management.Automation;
using Ntk;
using Ntk.Core.Analysis;
using Ntk.Core.Analysis.Solvers;
using Ntk.Core.Kernels;

namespace NtkPs;

/// <summary>Fits kernel ridge regression and predicts test examples, from kernels or from a model and its inputs.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "NtkRegression", DefaultParameterSetName = KernelSet)]
[OutputType(typeof(NtkRegressionPrediction))]
public sealed partial class InvokeNtkRegressionCommand : NtkCmdlet
{
    private const string KernelSet = "Kernel", ModelSet = "Model";
    private readonly TensorCollector _testTrain;
    private RegressionTargets _targets = null!;

    /// <summary>Makes the command.</summary>
    public InvokeNtkRegressionCommand() => _testTrain = new TensorCollector(this, "-KernelTestTrain");

    private RegressionOptions Options => new()
    {
        Ridge = Ridge,
        CrossValidation = CrossValidate ? new CrossValidation { Folds = Fold, Ridges = RidgeCandidate, Seed = Seed } : null,
        Warn = QueueWarning,
        Tell = QueueVerbose,
        ConjugateGradient = Solver == NtkRegressionSolver.Direct ? null : new ConjugateGradientOptions
        {
            Tolerance = IsBound(nameof(Tolerance)) ? Tolerance : null,
            MostIterations = MaxIteration,
            PreconditionerRank = IsBound(nameof(PreconditionerRank)) ? PreconditionerRank : null,
            Seed = Seed,
        },
    };

    /// <inheritdoc/>
    protected override void BeginProcessing() => Terminating(() =>
    {
        if (CrossValidate && IsBound(nameof(Ridge)))
        {
            throw new NtkException(NtkErrorId.InvalidArgument, "-Ridge is given and -CrossValidate is to choose it; give one of them, or several ridges to choose from as -RidgeCandidate.") { Target = "-Ridge" };
        }
        if (Solver == NtkRegressionSolver.Direct && Array.Find([nameof(Tolerance), nameof(MaxIteration), nameof(PreconditionerRank)], IsBound) is { } iterative)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-{iterative} is of -Solver ConjugateGradient, which was not asked for.") { Target = $"-{iterative}" };
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
        WriteObject(Work("Kernel regression", (progress, cancellation) => KernelRegression.Predict(trainTrain, testTrain, _targets, options, progress, cancellation)), true);
    });
}
