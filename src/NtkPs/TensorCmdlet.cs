using System.Collections;
using System.Management.Automation;
using Ntk;

namespace NtkPs;

/// <summary>The base of cmdlets that emit tensors: one goes down a pipeline as rows, and is one object when assigned; several stay whole.</summary>
public abstract class TensorCmdlet : NtkCmdlet
{
    /// <summary>Keeps a tensor whole in a pipeline; -NoEnumerate:$false sends rows even where it would stay whole.</summary>
    [Parameter]
    public SwitchParameter NoEnumerate { get; set; }

    /// <summary>Emits one of <paramref name="count"/> tensors.</summary>
    private protected void WriteTensor(NtkTensor tensor, int count) => WriteWhole(tensor, tensor, count);

    /// <summary>Emits one of <paramref name="count"/> objects, or its parts.</summary>
    private protected void WriteWhole(object whole, IEnumerable parts, int count)
    {
        if (IsBound(nameof(NoEnumerate)) ? NoEnumerate : count > 1 || MyInvocation.PipelinePosition == MyInvocation.PipelineLength)
        {
            WriteObject(whole, enumerateCollection: false);
            return;
        }
        // One by one: of a whole collection PowerShell would queue every row before the next command sees the first.
        foreach (object? part in parts)
        {
            WriteObject(part);
        }
    }
}
