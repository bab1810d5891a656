using Google.Protobuf;
using Ntk.Core.Autodiff;
using Ntk.Core.Formats;
using Ntk.Core.Formats.Graphs;
using Ntk.Core.Formats.Protos;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>A node while it is run: its inputs and its attributes, which must all be understood.</summary>
internal sealed class OpContext(GraphTracer tracer, FlatGraph graph, GraphNode node, object[] inputs)
{
    private readonly HashSet<string> _read = [];

    // Attributes about execution, types and counts that the inputs tell as well: never part of an op's meaning.
    private static readonly HashSet<string> s_neutral =
    [
        "N", "num", "shape", "output_shapes", "element_shape", "container", "shared_name", "use_cudnn_on_gpu", "validate_indices", "validate_shape",
        "parallel_iterations", "swap_memory", "is_constant", "frame_name", "use_locking", "allowed_devices", "debug_name", "config", "config_proto",
        "executor_type", "Targuments", "stop_on_exception", "message", "summarize", "seed", "seed2", "Tparams", "identical_element_shapes", "clear_after_read",
        "dynamic_size", "tensor_array_name", "cudnn_on_gpu", "lower_bound", "Index",
    ];

    /// <summary>The tracer that runs the graph.</summary>
    public GraphTracer Tracer => tracer;

    /// <summary>Where equations are recorded.</summary>
    public Trace Trace => tracer.Trace;

    /// <summary>The graph that the node is in.</summary>
    public FlatGraph Graph => graph;

    /// <summary>The node.</summary>
    public GraphNode Node => node;

    /// <summary>The number of inputs.</summary>
    public int Count => inputs.Length;

    /// <summary>All inputs, whatever they are.</summary>
    public object[] Inputs => inputs;

    /// <summary>An input that must be a tensor.</summary>
    public Value this[int input] => inputs.Length <= input ? throw new InvalidDataException($"input {input} is missing")
        : inputs[input] as Value ?? throw new InvalidDataException($"input {input} is no numeric tensor");

    /// <summary>Inputs that must be tensors.</summary>
    public Value[] Values(int start = 0, int? count = null) => Enumerable.Range(start, count ?? (inputs.Length - start)).Select(i => this[i]).ToArray();

    /// <summary>An input of another kind.</summary>
    public T Handle<T>(int input) where T : class =>
        inputs[input] as T ?? throw new InvalidDataException($"input {input} is not what this op takes");

    /// <summary>The elements of an input that must be known while tracing.</summary>
    public long[] Known(int input) => this[input].KnownIntegers();

    /// <summary>The element of an input that must be known while tracing.</summary>
    public int KnownInt(int input) => checked((int)Known(input)[0]);

    /// <summary>A whole-number attribute.</summary>
    public long Int(string name, long missing) => Attribute(name, AttrValue.ValueOneofCase.I)?.I ?? missing;

    /// <summary>A floating-point attribute, exactly the float32 that the file has.</summary>
    public double Float(string name, double missing) => Attribute(name, AttrValue.ValueOneofCase.F)?.F ?? missing;

    /// <summary>A Boolean attribute.</summary>
    public bool Bool(string name, bool missing = false) => Attribute(name, AttrValue.ValueOneofCase.B)?.B ?? missing;

    /// <summary>A text attribute.</summary>
    public string Text(string name, string missing) => Attribute(name, AttrValue.ValueOneofCase.S)?.S.ToStringUtf8() ?? missing;

    /// <summary>A text attribute that must be one of some words.</summary>
    public string Choice(string name, string missing, params string[] words)
    {
        string value = Text(name, missing);
        return words.Contains(value) ? value : throw Unsupported($"{name} = '{value}'");
    }

    /// <summary>A list of whole numbers.</summary>
    public long[] Ints(string name, params long[] missing) => Attribute(name, AttrValue.ValueOneofCase.List)?.List.I.ToArray() is { Length: > 0 } list ? list : missing;

    /// <summary>A list of floating-point numbers.</summary>
    public double[] Floats(string name) => Attribute(name, AttrValue.ValueOneofCase.List)?.List.F.Select(f => (double)f).ToArray() ?? [];

    /// <summary>A list of texts.</summary>
    public string[] Texts(string name) => Attribute(name, AttrValue.ValueOneofCase.List)?.List.S.Select(s => s.ToStringUtf8()).ToArray() ?? [];

    /// <summary>A function's name.</summary>
    public string Function(string name) => Attribute(name, AttrValue.ValueOneofCase.Func)?.Func.Name ?? throw new InvalidDataException($"the attribute '{name}' is missing");

    /// <summary>A list of functions' names.</summary>
    public string[] Functions(string name) => Attribute(name, AttrValue.ValueOneofCase.List)?.List.Func.Select(f => f.Name).ToArray() ?? [];

    /// <summary>A constant.</summary>
    public TensorProto Tensor(string name) => Attribute(name, AttrValue.ValueOneofCase.Tensor)?.Tensor ?? throw new InvalidDataException($"the attribute '{name}' is missing");

    /// <summary>An element type as it is computed in.</summary>
    public ScalarType Type(string name, DataType missing)
    {
        DataType type = Attribute(name, AttrValue.ValueOneofCase.Type)?.Type ?? missing;
        return Trace.TypeOf(TensorProtos.TypeOf(type) ?? throw Unsupported($"{name} = {type}"));
    }

    /// <summary>An element type as the file has it; null for one without numbers.</summary>
    public NtkDType? FileType(string name, DataType missing) => TensorProtos.TypeOf(Attribute(name, AttrValue.ValueOneofCase.Type)?.Type ?? missing);

    /// <summary>An attribute's sizes; null when it is missing or the rank is unknown.</summary>
    public int[]? Shape(string name) => TensorProtos.Shape(Attribute(name, AttrValue.ValueOneofCase.Shape)?.Shape);

    /// <summary>The error of an attribute's value, or a combination, that is not supported.</summary>
    public static NtkException Unsupported(string what) => new(NtkErrorId.UnsupportedModel, $"{what} is not supported");

    /// <summary>Checks that every attribute that asks for something was understood.</summary>
    public void CheckAttributes()
    {
        foreach ((string name, AttrValue value) in node.Attributes)
        {
            if (!name.StartsWith('_') && !_read.Contains(name) && !s_neutral.Contains(name) && !IsNeutral(value))
            {
                throw Unsupported($"the attribute {name} = {Show(value)}");
            }
        }
    }

    private AttrValue? Attribute(string name, AttrValue.ValueOneofCase kind)
    {
        _read.Add(name);
        if (!node.Attributes.TryGetValue(name, out AttrValue? value))
        {
            return null;
        }
        return value.ValueCase == kind ? value : throw new InvalidDataException($"the attribute '{name}' is {Show(value)}");
    }

    private static bool IsNeutral(AttrValue value) => value.ValueCase switch
    {
        AttrValue.ValueOneofCase.Type or AttrValue.ValueOneofCase.None or AttrValue.ValueOneofCase.Func or AttrValue.ValueOneofCase.Placeholder => true,
        AttrValue.ValueOneofCase.B => !value.B,
        AttrValue.ValueOneofCase.I => value.I == 0,
        AttrValue.ValueOneofCase.F => value.F == 0,
        AttrValue.ValueOneofCase.S => value.S.IsEmpty,
        AttrValue.ValueOneofCase.List => value.List.I.Count + value.List.F.Count + value.List.B.Count + value.List.S.Count + value.List.Tensor.Count == 0,
        _ => false,
    };

    private static string Show(AttrValue value)
    {
        string text = JsonFormatter.Default.Format(value);
        return text.Length <= 80 ? text : text[..80] + "…";
    }
}
