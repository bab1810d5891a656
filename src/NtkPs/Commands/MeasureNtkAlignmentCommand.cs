using System.Management.Automation;
using Ntk;
using Ntk.Core.Analysis;

namespace NtkPs;

/// <summary>Measures how well a kernel's leading eigenvectors hold the targets: what training learns first, and what it hardly learns at all.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "NtkAlignment")]
[OutputType(typeof(NtkAlignment))]
public sealed class MeasureNtkAlignmentCommand : NtkCmdlet
{
    private readonly TensorCollector _kernels;

    /// <summary>Makes the command.</summary>
    public MeasureNtkAlignmentCommand() => _kernels = new TensorCollector(this, "-InputObject");

    /// <summary>The kernel of the examples with themselves, (N, N); several, or their rows, may come through the pipeline.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("Kernel", "KernelTrainTrain")]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object InputObject { get; set; } = null!;

    /// <summary>Labels (N,), integers from 0 or text, which count as one-hot minus 1 / classes; or floating-point targets (N,) or (N, C).</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [Alias("Target", "Targets")]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object YTrain { get; set; } = null!;

    /// <inheritdoc/>
    protected override void ProcessRecord() => Terminating(() => _kernels.Add(InputObject));

    /// <inheritdoc/>
    protected override void EndProcessing() => Terminating(() =>
    {
        RegressionTargets targets = TargetsArgument.Read(this, YTrain);
        IReadOnlyList<NtkTensor> kernels = _kernels.Complete();
        foreach (NtkTensor kernel in kernels)
        {
            ForItem(kernels.Count == 1, () => WriteObject(Work("Alignment", cancellation => KernelSpectrum.Align(kernel, targets, cancellation))));
        }
    });
}
