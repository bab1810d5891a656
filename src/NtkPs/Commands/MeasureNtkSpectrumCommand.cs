using System.Management.Automation;
using Ntk;
using Ntk.Core.Analysis;

namespace NtkPs;

/// <summary>Measures the spectrum of a kernel of examples with themselves: eigenvalues, condition number, effective rank, trace, participation ratio, power law.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "NtkSpectrum")]
[OutputType(typeof(NtkSpectrum))]
public sealed class MeasureNtkSpectrumCommand : NtkCmdlet
{
    private readonly TensorCollector _kernels;

    /// <summary>Makes the command.</summary>
    public MeasureNtkSpectrumCommand() => _kernels = new TensorCollector(this, "-InputObject");

    /// <summary>The kernel, (N, N) or (N, N, O, O); several, or their rows, may come through the pipeline.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("Kernel")]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object InputObject { get; set; } = null!;

    /// <inheritdoc/>
    protected override void ProcessRecord() => Terminating(() => _kernels.Add(InputObject));

    /// <inheritdoc/>
    protected override void EndProcessing() => Terminating(() =>
    {
        IReadOnlyList<NtkTensor> kernels = _kernels.Complete();
        foreach (NtkTensor kernel in kernels)
        {
            ForItem(kernels.Count == 1, () => WriteObject(Work("Spectrum", cancellation => KernelSpectrum.Measure(kernel, cancellation))));
        }
    });
}
