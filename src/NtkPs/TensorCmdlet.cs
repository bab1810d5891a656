using System.Management.Automation;
using Ntk;
using Ntk.Core.Tensors;

namespace NtkPs;

/// <summary>The base of cmdlets that emit tensors: one goes down a pipeline as rows, and is one object when assigned; several stay whole.</summary>
public abstract class TensorCmdlet : NtkCmdlet
{
    /// <summary>Keeps a tensor whole in a pipeline; -NoEnumerate:$false sends rows even where it would stay whole.</summary>
    [Parameter]
    public SwitchParameter NoEnumerate { get; set; }

    /// <summary>Emits one of <paramref name="count"/> tensors.</summary>
    private protected void WriteTensor(NtkTensor tensor, int count)
    {
        bool rows = IsBound(nameof(NoEnumerate)) ? !NoEnumerate : count == 1 && MyInvocation.PipelinePosition < MyInvocation.PipelineLength;
        WriteObject(tensor, rows);
    }

    /// <summary>Says so when there are NaN among a model's inputs; they are let through.</summary>
    private protected void WarnOfNaN(NtkModel model, IReadOnlyList<NtkTensor> inputs, string argument)
    {
        for (int i = 0; i < inputs.Count; i++)
        {
            long rows = InputBinding.CountRowsWithNaN(inputs[i]);
            if (rows > 0)
            {
                string which = inputs.Count == 1 ? argument : $"{argument}['{model.Inputs[i].Name}']";
                WriteWarning($"{which} has NaN in {rows:N0} of {inputs[i].RowCount:N0} examples; what depends on them is NaN.");
            }
        }
    }
}
