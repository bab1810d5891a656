using System.Management.Automation;
using Ntk;
using Ntk.Core.Analysis;

namespace NtkPs;

/// <summary>Compares kernels of the same examples: how far a kernel moved in training, how alike two models are.</summary>
[Cmdlet(VerbsData.Compare, "NtkKernel")]
[OutputType(typeof(NtkKernelComparison))]
public sealed class CompareNtkKernelCommand : NtkCmdlet
{
    private readonly TensorCollector _differences;

    /// <summary>Makes the command.</summary>
    public CompareNtkKernelCommand() => _differences = new TensorCollector(this, "-DifferenceObject");

    /// <summary>The kernel to compare with, of examples with themselves: (N, N) or (N, N, O, O).</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object ReferenceObject { get; set; } = null!;

    /// <summary>A kernel of the same examples; several, or their rows, may come through the pipeline.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object DifferenceObject { get; set; } = null!;

    /// <summary>The number of leading eigenvectors whose spaces are compared; without it 10, or as many as there are.</summary>
    [Parameter]
    public int EigenspaceSize { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => Terminating(() => _differences.Add(DifferenceObject));

    /// <inheritdoc/>
    protected override void EndProcessing() => Terminating(() =>
    {
        NtkTensor reference = TensorArgument.One(this, ReferenceObject, "-ReferenceObject");
        int? size = IsBound(nameof(EigenspaceSize)) ? EigenspaceSize : null;
        IReadOnlyList<NtkTensor> differences = _differences.Complete();
        foreach (NtkTensor difference in differences)
        {
            ForItem(differences.Count == 1, () => WriteObject(Work("Comparison of kernels", cancellation => KernelSpectrum.Compare(reference, difference, size, cancellation))));
        }
    });
}
