using System.Management.Automation;
using Ntk;

namespace NtkPs;

/// <summary>Turns tensors into records, one an element: I0, I1, … and Value.</summary>
[Cmdlet(VerbsData.ConvertFrom, "NtkTensor")]
[OutputType(typeof(PSObject))]
public sealed class ConvertFromNtkTensorCommand : NtkCmdlet
{
    /// <summary>A tensor, its rows, or an array.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object InputObject { get; set; } = null!;

    // Row by row as they come: a row knows its place in its tensor.
    /// <inheritdoc/>
    protected override void ProcessRecord() => ForItem(!MyInvocation.ExpectingInput, () =>
    {
        if (PlainValue.Unwrap(InputObject) is NtkTensorRow row)
        {
            WriteRow(row);
            return;
        }
        foreach (NtkTensorRow each in TensorArgument.One(this, InputObject, "-InputObject"))
        {
            WriteRow(each);
        }
    });

    private void WriteRow(NtkTensorRow row)
    {
        int[] shape = row.Source.Shape;
        var index = new int[Math.Max(shape.Length - 1, 0)];
        for (long column = 0; column < row.Length && !Stopping; column++)
        {
            var record = new PSObject();
            for (int axis = 0; axis < shape.Length; axis++)
            {
                record.Properties.Add(new PSNoteProperty($"I{axis}", axis == 0 ? (int)row.Index : index[axis - 1]), preValidated: true);
            }
            record.Properties.Add(new PSNoteProperty("Value", row.ColumnValue(column)), preValidated: true);
            WriteObject(record);
            NtkTensor.Advance(index, shape.AsSpan(Math.Min(1, shape.Length)));
        }
    }
}
