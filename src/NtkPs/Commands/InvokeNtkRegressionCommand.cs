using System.Management.Automation;
using Ntk;
using Ntk.Core.Analysis;

namespace NtkPs;

/// <summary>Fits kernel ridge regression and predicts test examples.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "NtkRegression")]
[OutputType(typeof(NtkRegressionPrediction))]
public sealed class InvokeNtkRegressionCommand : NtkCmdlet
{
    private readonly TensorCollector _testTrain;

    /// <summary>Makes the command.</summary>
    public InvokeNtkRegressionCommand() => _testTrain = new TensorCollector(this, "-KernelTestTrain");

    /// <summary>The kernel of the training examples with themselves, (N, N).</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object KernelTrainTrain { get; set; } = null!;

    /// <summary>The kernel of the test with the training examples, (M, N); its rows may come through the pipeline.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object KernelTestTrain { get; set; } = null!;

    /// <summary>Integer labels (N,) from 0, or floating-point targets (N,) or (N, C).</summary>
    [Parameter(Mandatory = true, Position = 2)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object YTrain { get; set; } = null!;

    /// <summary>What is added to the diagonal of KernelTrainTrain, in units of the diagonal's mean.</summary>
    [Parameter]
    public double Ridge { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => _testTrain.Add(KernelTestTrain);

    /// <inheritdoc/>
    protected override void EndProcessing() => Terminating(() =>
    {
        NtkTensor trainTrain = TensorArgument.One(this, KernelTrainTrain, "-KernelTrainTrain");
        NtkTensor testTrain = _testTrain.Single();
        NtkTensor y = TensorArgument.One(this, YTrain, "-YTrain");
        double ridge = Ridge;
        foreach (NtkRegressionPrediction prediction in Work("Kernel regression", cancellation => KernelRegression.Predict(trainTrain, testTrain, y, ridge, cancellation)))
        {
            WriteObject(prediction);
        }
    });
}
