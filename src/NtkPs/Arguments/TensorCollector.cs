using System.Management.Automation;
using Ntk;

namespace NtkPs;

/// <summary>Gathers what comes through a pipeline, row by row or whole, into tensors.</summary>
internal sealed class TensorCollector(PSCmdlet cmdlet, string argument)
{
    private readonly NtkTensorAssembler _rows = new();
    private readonly List<object?> _others = [];

    /// <summary>Takes one pipeline item, or a whole argument.</summary>
    public void Add(object? value)
    {
        switch (PlainValue.Unwrap(value))
        {
            case NtkTensorRow row:
                _rows.Add(row);
                break;
            case NtkTensor tensor:
                _rows.Add(tensor);
                break;
            case object?[] list when list.Length > 0 && Array.TrueForAll(list, item => PlainValue.Unwrap(item) is NtkTensorRow or NtkTensor):
                Array.ForEach(list, Add);
                break;
            default:
                _others.Add(value);
                break;
        }
    }

    /// <summary>The tensors; numbers, arrays and records that came one by one are the rows of a last one.</summary>
    /// <exception cref="NtkException">They are not numbers, or of different shapes.</exception>
    public IReadOnlyList<NtkTensor> Complete()
    {
        IReadOnlyList<NtkTensor> tensors = _rows.Complete();
        return _others.Count switch
        {
            0 => tensors,
            1 => [.. tensors, TensorArgument.One(cmdlet, _others[0], argument)],
            _ => [.. tensors, TensorArgument.One(cmdlet, _others.ToArray(), argument)],
        };
    }

    /// <summary>The one tensor that came.</summary>
    /// <exception cref="NtkException">None came, or several.</exception>
    public NtkTensor Single() => Complete() is [var tensor] ? tensor
        : throw new NtkException(NtkErrorId.InputMismatch, $"{argument} takes one tensor, and {Complete().Count} were given.") { Target = argument };
}
