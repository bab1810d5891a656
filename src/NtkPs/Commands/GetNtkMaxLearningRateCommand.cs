using System.Management.Automation;
using Ntk;
using Ntk.Core.Analysis;

namespace NtkPs;

/// <summary>Gives the largest learning rate at which gradient descent on ½ · mean squared error does not diverge: 2 (1 + momentum) · size / λ_max.</summary>
[Cmdlet(VerbsCommon.Get, "NtkMaxLearningRate")]
[OutputType(typeof(double))]
public sealed class GetNtkMaxLearningRateCommand : NtkCmdlet
{
    private readonly TensorCollector _kernels;

    /// <summary>Makes the command.</summary>
    public GetNtkMaxLearningRateCommand() => _kernels = new TensorCollector(this, "-Kernel");

    /// <summary>The NTK of the training examples with themselves, (N, N) or (N, N, O, O); several, or their rows, may come through the pipeline.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("InputObject", "KernelTrainTrain")]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object Kernel { get; set; } = null!;

    /// <summary>The targets' number of elements, N · O; without it the kernel's own N · O, which for a traced kernel is N.</summary>
    [Parameter(Position = 1)]
    public long YTrainSize { get; set; }

    /// <summary>The momentum's decay, 0 to 1.</summary>
    [Parameter]
    public double Momentum { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Terminating(() => _kernels.Add(Kernel));

    /// <inheritdoc/>
    protected override void EndProcessing() => Terminating(() =>
    {
        long? size = IsBound(nameof(YTrainSize)) ? YTrainSize : null;
        double momentum = Momentum;
        IReadOnlyList<NtkTensor> kernels = _kernels.Complete();
        foreach (NtkTensor kernel in kernels)
        {
            ForItem(kernels.Count == 1, () => WriteObject(Work("Largest eigenvalue", _ => LearningRates.Max(kernel, size, momentum))));
        }
    });
}
