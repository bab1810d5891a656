using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>
/// One call of a layer. Arguments are nested as in Python: a <see cref="Flow"/>, a list (<c>List&lt;object?&gt;</c>), a dictionary, or a plain
/// number, text or boolean.
/// </summary>
public sealed class LayerCall
{
    private readonly IReadOnlyList<Value> _parameters;
    private readonly IReadOnlyList<object?> _arguments;
    private readonly IReadOnlyDictionary<string, object?> _keywords;
    // What Keras's layers call their first argument.
    private static readonly string[] s_firstNames = ["inputs", "query", "sequences", "sequence", "data"];

    private readonly HashSet<string> _read = ["training", "mask"];
    private int _positionsRead = 1;

    /// <summary>Makes a call.</summary>
    /// <param name="trace">Where the equations go.</param>
    /// <param name="parameters">The model's parameters, by <see cref="LayerVariable.Index"/>.</param>
    /// <param name="arguments">The positional arguments; the first one holds the inputs.</param>
    /// <param name="keywords">The named arguments.</param>
    public LayerCall(Trace trace, IReadOnlyList<Value> parameters, IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?>? keywords = null)
    {
        Trace = trace;
        _parameters = parameters;
        _arguments = arguments;
        _keywords = keywords ?? new Dictionary<string, object?>();
        if (arguments.Count == 0 && s_firstNames.FirstOrDefault(_keywords.ContainsKey) is { } first)
        {
            _arguments = arguments = [_keywords[first]];
            _keywords = _keywords.Where(k => k.Key != first).ToDictionary();
        }
        Inputs = arguments.Count == 0 ? [] : Flatten(arguments[0]).ToArray();
    }

    /// <summary>Where the equations go.</summary>
    public Trace Trace { get; }

    /// <summary>The tensors of the first argument, in order; of a dictionary in the order of its keys.</summary>
    public IReadOnlyList<Flow> Inputs { get; }

    /// <summary>The first argument as it was given.</summary>
    public object? First => _arguments.Count > 0 ? _arguments[0] : null;

    /// <summary>The number of positional arguments.</summary>
    public int Count => _arguments.Count;

    /// <summary>The first input.</summary>
    public Value X => Inputs.Count > 0 ? Inputs[0].Value : throw new ShapeException("it is called without an input tensor");

    /// <summary>The mask given by name or carried by the first input.</summary>
    public Value? Mask => Flatten(Keyword("mask")).FirstOrDefault()?.Value is { } given ? AsBoolean(given) : Inputs.Count > 0 ? Inputs[0].Mask : null;

    /// <summary>A variable's value.</summary>
    public Value this[LayerVariable variable] => _parameters[variable.Index];

    /// <summary>The first input as a floating-point tensor.</summary>
    public Value FloatX => Float(X);

    /// <summary>A tensor as a floating-point one: Keras computes integers and booleans in the layer's compute type.</summary>
    public Value Float(Value x) => x.DType.IsDifferentiable() ? x : Lax.Cast(x, Trace.FloatType);

    /// <summary>An argument given by name; null when absent.</summary>
    public object? Keyword(string name)
    {
        _read.Add(name);
        return _keywords.GetValueOrDefault(name);
    }

    /// <summary>An argument given by name or at a position; null when absent.</summary>
    public object? Argument(int position, string name)
    {
        _positionsRead = Math.Max(_positionsRead, position + 1);
        return _arguments.Count > position ? _arguments[position] : Keyword(name);
    }

    /// <summary>A tensor argument; null when absent.</summary>
    public Flow? Tensor(int position, string name) => Argument(position, name) as Flow;

    /// <summary>The tensors of an argument that may hold several.</summary>
    public Flow[] Tensors(int position, string name) => Flatten(Argument(position, name)).ToArray();

    /// <summary>A yes-or-no argument.</summary>
    public bool Flag(int position, string name) => Argument(position, name) is true;

    /// <summary>The call of an inner layer.</summary>
    public IReadOnlyList<Flow> Call(KerasLayer layer, object? first, IReadOnlyDictionary<string, object?>? keywords = null) =>
        layer.Call(new LayerCall(Trace, _parameters, [first], keywords));

    /// <summary>The call of an inner layer with one input and one output.</summary>
    public Value Call(KerasLayer layer, Value x) => Call(layer, new Flow(x))[0].Value;

    /// <summary>A call with all of the model's parameters and other arguments.</summary>
    internal LayerCall With(IReadOnlyList<object?> arguments, IReadOnlyDictionary<string, object?>? keywords = null) => new(Trace, _parameters, arguments, keywords);

    /// <summary>Refuses arguments that the layer did not look at: they would have changed what it computes.</summary>
    internal void RequireAllRead()
    {
        foreach ((string name, object? value) in _keywords)
        {
            if (!_read.Contains(name) && value is not (null or false))
            {
                throw new ShapeException($"the call's argument '{name}' is not supported");
            }
        }
        if (_arguments.Skip(_positionsRead).Any(a => a is not (null or false)))
        {
            throw new ShapeException($"it is called with {_arguments.Count} arguments, of which only {_positionsRead} are supported");
        }
    }

    /// <summary>Marks all arguments as read; for bodies that hand them on.</summary>
    internal (IReadOnlyList<object?> Arguments, IReadOnlyDictionary<string, object?> Keywords) TakeAll()
    {
        _positionsRead = _arguments.Count;
        _read.UnionWith(_keywords.Keys);
        return (_arguments, _keywords);
    }

    /// <summary>The tensors of a nested argument, in Python's order: dictionaries by key.</summary>
    internal static IEnumerable<Flow> Flatten(object? argument) => argument switch
    {
        Flow flow => [flow],
        List<object?> list => list.SelectMany(Flatten),
        Dictionary<string, object?> map => map.OrderBy(p => p.Key, StringComparer.Ordinal).SelectMany(p => Flatten(p.Value)),
        _ => [],
    };

    /// <summary>A mask of any element type as a boolean one.</summary>
    internal static Value AsBoolean(Value mask) =>
        mask.DType == TorchSharp.torch.ScalarType.Bool ? mask : Lax.NotEqual(mask, Lax.ScalarLike(mask, 0));
}
