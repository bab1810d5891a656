using System.Collections;
using System.Management.Automation;
using Ntk;
using Ntk.Core;
using Ntk.Core.Tensors;

namespace NtkPs;

/// <summary>
/// What a user may give for a tensor: a tensor, its rows or one row, .NET arrays, numbers, records as Import-Csv makes them, or the path of a file;
/// for a model's input also a dictionary of these by name or a list of them.
/// </summary>
internal sealed class TensorArgument
{
    private readonly string _name;
    private readonly object _content; // NtkTensor, Dictionary<string, NtkTensor>, Array, or object?[] of NtkTensor and arrays

    /// <summary>Reads files and puts rows together; what is left to the model that it is bound to is how many tensors a list is.</summary>
    /// <param name="cmdlet">The command, for the session's location.</param>
    /// <param name="value">What was given.</param>
    /// <param name="name">The parameter, for errors: <c>-X1</c>.</param>
    /// <exception cref="NtkException">It is no tensor, or a file cannot be read.</exception>
    public TensorArgument(PSCmdlet cmdlet, object? value, string name)
    {
        _name = name;
        _content = PlainValue.Unwrap(value) is IDictionary dictionary ? ByName(cmdlet, dictionary, name) : Read(cmdlet, value, name);
    }

    /// <summary>The argument as one tensor.</summary>
    /// <exception cref="NtkException">It is several, or no tensor.</exception>
    public static NtkTensor One(PSCmdlet cmdlet, object? value, string name) => new TensorArgument(cmdlet, value, name).Single();

    /// <summary>Tensors by name.</summary>
    /// <exception cref="NtkException">A name that is no text, or a value that is no tensor.</exception>
    public static Dictionary<string, NtkTensor> ByName(PSCmdlet cmdlet, IDictionary dictionary, string name)
    {
        var tensors = new Dictionary<string, NtkTensor>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in dictionary)
        {
            string key = PlainValue.Unwrap(entry.Key)?.ToString() ?? "";
            tensors[key] = One(cmdlet, entry.Value, $"{name}['{key}']");
        }
        return tensors;
    }

    /// <summary>The tensors for a model's inputs, in order, in their element types and shapes.</summary>
    /// <exception cref="NtkException">They do not fit the model's inputs.</exception>
    public IReadOnlyList<NtkTensor> Bind(NtkModel model, NtkPrecision precision)
    {
        if (_content is Dictionary<string, NtkTensor> named)
        {
            return InputBinding.ByName(named, model.Inputs, _name, precision);
        }
        bool ordered = NtkEngine.InputsAreOrdered(model);
        // A list of as many arrays as there are inputs is one for each; for a single input it is one jagged array.
        return _content is object?[] items && (Array.Exists(items, item => item is NtkTensor) || model.Inputs.Count > 1)
            ? InputBinding.InOrder(Array.ConvertAll(items, Tensor), model.Inputs, ordered, _name, precision)
            : InputBinding.InOrder([Single()], model.Inputs, ordered, _name, precision);
    }

    private NtkTensor Single() => _content switch
    {
        Dictionary<string, NtkTensor> { Count: 1 } named => named.Values.First(),
        Dictionary<string, NtkTensor> named => throw Several(named.Count),
        object?[] { Length: 1 } items when items[0] is NtkTensor tensor => tensor,
        object?[] items when Array.Exists(items, item => item is NtkTensor) => throw Several(items.Length),
        _ => Tensor(_content),
    };

    private NtkException Several(int count) => new(NtkErrorId.InputMismatch, $"{_name} takes one tensor, and {count} were given.") { Target = _name };

    private NtkTensor Tensor(object? content)
    {
        try
        {
            return content as NtkTensor ?? NtkTensor.FromArray((Array)content!);
        }
        catch (NtkException e)
        {
            throw new NtkException(e.ErrorId, $"{_name}: {e.Message}", e) { Target = _name };
        }
    }

    private static object Read(PSCmdlet cmdlet, object? value, string name)
    {
        object? plain = PlainValue.Unwrap(value);
        switch (plain)
        {
            case null:
                throw new NtkException(NtkErrorId.InvalidArgument, $"{name} is $null; is the variable's name spelled right?") { Target = name };
            case NtkTensor tensor:
                return tensor;
            case NtkTensorRow row:
                return row.Source.Rank == 0 ? row.Source : row.Source.Slice(row.Index, 1);
            case string blank when string.IsNullOrWhiteSpace(blank):
                throw new NtkException(NtkErrorId.InvalidArgument, $"{name} is an empty text; a tensor, its rows, an array of numbers or a path is expected.") { Target = name };
            case string path:
                return TensorFile.Read(SessionPaths.Full(cmdlet, path));
            case FileInfo file:
                return TensorFile.Read(file.FullName);
            case Array array when PlainValue.IsNumeric(array):
                return array;
            case IEnumerable list when NumericsTensor.Read(list) is { } tensor:
                return tensor;
            case IEnumerable list:
                return ReadList(cmdlet, PlainValue.ToArray(list), name);
            default:
                return PlainValue.IsNumber(plain) ? NtkTensor.FromArray(new[] { plain }, []) : PlainValue.IsRecord(plain) ? RecordTable.Read([plain], name)
                    : throw new NtkException(NtkErrorId.InvalidArgument, $"{name} is a {plain.GetType().Name}; a tensor, its rows, an array of numbers or a path is expected.") { Target = name };
        }
    }

    private static object ReadList(PSCmdlet cmdlet, object?[] items, string name)
    {
        if (items.Length > 0 && Array.TrueForAll(items, item => item is NtkTensorRow))
        {
            var assembler = new NtkTensorAssembler();
            foreach (object? row in items)
            {
                assembler.Add((NtkTensorRow)row!);
            }
            IReadOnlyList<NtkTensor> tensors = assembler.Complete();
            return tensors.Count == 1 ? tensors[0] : tensors.ToArray<object?>();
        }
        if (items.Length > 0 && Array.TrueForAll(items, PlainValue.IsRecord))
        {
            return RecordTable.Read(items, name);
        }
        // Numbers and arrays of numbers stay as they are: they may be one array or several.
        return Array.Exists(items, item => item is NtkTensor or NtkTensorRow or string or FileInfo)
            ? Array.ConvertAll(items, item => item is NtkTensor or NtkTensorRow or string or FileInfo ? Read(cmdlet, item, name) : item)
            : items;
    }
}
