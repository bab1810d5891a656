using System.Management.Automation;
using Ntk;
using Ntk.Core.Analysis;

namespace NtkPs;

/// <summary>
/// Says which training examples drive a prediction of kernel regression, the rows of K_test,train (K + λ)⁻¹; with -LeaveOneOut what all other training
/// examples say of each, in closed form.
/// </summary>
[Cmdlet(VerbsCommon.Get, "NtkInfluence", DefaultParameterSetName = TestSet)]
[OutputType(typeof(NtkInfluence), ParameterSetName = [TestSet])]
[OutputType(typeof(NtkLeaveOneOut), ParameterSetName = [LeaveOneOutSet])]
public sealed class GetNtkInfluenceCommand : NtkCmdlet
{
    private const string TestSet = "Test", LeaveOneOutSet = "LeaveOneOut";
    private readonly TensorCollector _testTrain;

    /// <summary>Makes the command.</summary>
    public GetNtkInfluenceCommand() => _testTrain = new TensorCollector(this, "-KernelTestTrain");

    /// <summary>The kernel of the training examples with themselves, (N, N).</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object KernelTrainTrain { get; set; } = null!;

    /// <summary>The kernel of the test with the training examples, (M, N); its rows may come through the pipeline.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ParameterSetName = TestSet)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object KernelTestTrain { get; set; } = null!;

    /// <summary>Labels (N,), integers from 0 or text, or floating-point targets (N,) or (N, C).</summary>
    [Parameter(Mandatory = true, Position = 2)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object YTrain { get; set; } = null!;

    /// <summary>λ, in units of the mean diagonal of -KernelTrainTrain.</summary>
    [Parameter]
    public double Ridge { get; set; }

    /// <summary>How many training examples for each test example, those of the largest weights.</summary>
    [Parameter(ParameterSetName = TestSet)]
    [ValidateRange(1, int.MaxValue)]
    public int First { get; set; } = 10;

    /// <summary>Gives all training examples for each test example.</summary>
    [Parameter(ParameterSetName = TestSet)]
    public SwitchParameter All { get; set; }

    /// <summary>Gives, for each training example, what regression on all others says of it.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LeaveOneOutSet)]
    public SwitchParameter LeaveOneOut { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Terminating(() =>
    {
        if (ParameterSetName == TestSet)
        {
            _testTrain.Add(KernelTestTrain);
        }
    });

    /// <inheritdoc/>
    protected override void EndProcessing() => Terminating(() =>
    {
        NtkTensor trainTrain = TensorArgument.One(this, KernelTrainTrain, "-KernelTrainTrain");
        RegressionTargets targets = TargetsArgument.Read(this, YTrain);
        double ridge = Ridge;
        if (ParameterSetName == LeaveOneOutSet)
        {
            WriteObject(Work("Leave-one-out residuals", cancellation => Influence.LeaveOneOut(trainTrain, targets, ridge, QueueWarning, cancellation)), true);
            return;
        }
        NtkTensor testTrain = _testTrain.Single();
        int? first = All ? null : First;
        WriteObject(Work("Influence", cancellation => Influence.Rank(trainTrain, testTrain, targets, ridge, first, QueueWarning, cancellation)), true);
    });
}
