using System.Text.Json;
using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>The output of a layer's call, before it is computed.</summary>
/// <param name="Layer">The layer's name.</param>
/// <param name="Node">Which of its calls.</param>
/// <param name="Tensor">Which of that call's outputs.</param>
internal sealed record TensorReference(string Layer, int Node, int Tensor)
{
    /// <summary>Reads a layer's name and two numbers.</summary>
    /// <exception cref="ShapeException">The entry is not that.</exception>
    public static TensorReference Read(JsonElement entry) =>
        entry[0].ValueKind == JsonValueKind.String && entry[1].TryGetInt32(out int node) && entry[2].TryGetInt32(out int tensor) && node >= 0 && tensor >= 0
            ? new TensorReference(entry[0].GetString()!, node, tensor) : throw new ShapeException($"{entry} is no reference to a layer's output");
}

/// <summary>Numbers that stand in a file.</summary>
internal sealed record ConstantReference(JsonElement Value, string? DType);

/// <summary>Reads the arguments of layer calls, of Keras 2 (nested lists) and Keras 3 (objects).</summary>
internal static class LayerArguments
{
    /// <summary>One call: its positional and its named arguments.</summary>
    public sealed record Node(IReadOnlyList<object?> Arguments, IReadOnlyDictionary<string, object?> Keywords)
    {
        /// <summary>The outputs it needs.</summary>
        public IEnumerable<TensorReference> Needs => Arguments.Concat(Keywords.Values).SelectMany(References);
    }

    /// <summary>Reads an entry of <c>inbound_nodes</c>.</summary>
    public static Node Read(JsonElement node)
    {
        if (node.ValueKind == JsonValueKind.Object && node.TryGetProperty("args", out JsonElement args))
        {
            var named = node.TryGetProperty("kwargs", out JsonElement kwargs) && Parse(kwargs) is Dictionary<string, object?> map ? map : [];
            return new Node(Parse(args) as List<object?> ?? [], named);
        }
        // Keras 2: tensors of the first argument, each with a copy of the named ones.
        Dictionary<string, object?> keywords = [];
        object? first = ReadFirst(node, keywords);
        return new Node([first is List<object?> { Count: 1 } single ? single[0] : first], keywords);
    }

    /// <summary>A tensor, or a nest of tensors, as <c>input_layers</c> and <c>output_layers</c> name them.</summary>
    public static object? ReadTensors(JsonElement element) => ReadFirst(element, []);

    /// <summary>Replaces references by what they stand for.</summary>
    public static object? Resolve(object? argument, Func<TensorReference, Flow> tensor, Trace trace) => argument switch
    {
        TensorReference reference => tensor(reference),
        ConstantReference constant => new Flow(Constant(constant, trace)),
        List<object?> list => list.Select(a => Resolve(a, tensor, trace)).ToList(),
        Dictionary<string, object?> map => map.ToDictionary(p => p.Key, p => Resolve(p.Value, tensor, trace)),
        _ => argument,
    };

    /// <summary>The references in a nested argument, in Python's order.</summary>
    public static IEnumerable<TensorReference> References(object? argument) => argument switch
    {
        TensorReference reference => [reference],
        List<object?> list => list.SelectMany(References),
        Dictionary<string, object?> map => map.OrderBy(p => p.Key, StringComparer.Ordinal).SelectMany(p => References(p.Value)),
        _ => [],
    };

    /// <summary>JSON as the values that a call takes.</summary>
    public static object? Parse(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Null or JsonValueKind.Undefined:
                return null;
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            case JsonValueKind.String:
                return element.GetString();
            case JsonValueKind.Number:
                return element.TryGetInt64(out long whole) ? (object)whole : element.GetDouble();
            case JsonValueKind.Array:
                return IsLeaf(element) ? Leaf(element) : element.EnumerateArray().Select(Parse).ToList();
        }
        string kind = element.TryGetProperty("class_name", out JsonElement name) && name.ValueKind == JsonValueKind.String ? name.GetString()! : "";
        JsonElement config = kind.Length > 0 && element.TryGetProperty("config", out JsonElement found) ? found : default;
        switch (kind)
        {
            case "__keras_tensor__":
                JsonElement history = config.GetProperty("keras_history");
                return TensorReference.Read(history);
            case "__tensor__" or "__numpy__":
                return new ConstantReference(config.GetProperty("value"), config.TryGetProperty("dtype", out JsonElement dtype) ? dtype.GetString() : null);
            case "__tuple__":
                return config.GetProperty("value").EnumerateArray().Select(Parse).ToList();
            default:
                return element.EnumerateObject().ToDictionary(p => p.Name, p => Parse(p.Value));
        }
    }

    private static object? ReadFirst(JsonElement element, Dictionary<string, object?> keywords)
    {
        if (element.ValueKind == JsonValueKind.Array && IsLeaf(element))
        {
            if (element.GetArrayLength() > 3 && element[3].ValueKind == JsonValueKind.Object)
            {
                foreach (JsonProperty keyword in element[3].EnumerateObject())
                {
                    keywords[keyword.Name] = Parse(keyword.Value);
                }
            }
            return Leaf(element);
        }
        return element.ValueKind switch
        {
            JsonValueKind.Array => element.EnumerateArray().Select(e => ReadFirst(e, keywords)).ToList(),
            JsonValueKind.Object => element.EnumerateObject().ToDictionary(p => p.Name, p => ReadFirst(p.Value, keywords)),
            _ => Parse(element),
        };
    }

    private static bool IsLeaf(JsonElement element) => element.GetArrayLength() is 3 or 4 && element[0].ValueKind == JsonValueKind.String &&
        element[1].ValueKind == JsonValueKind.Number && (element[2].ValueKind == JsonValueKind.Number || element[0].GetString() == "_CONSTANT_VALUE");

    private static object Leaf(JsonElement element) => element[0].GetString() == "_CONSTANT_VALUE"
        ? element[2].ValueKind == JsonValueKind.String ? element[2].GetString()! : new ConstantReference(element[2].Clone(), null)
        : TensorReference.Read(element);

    private static Value Constant(ConstantReference constant, Trace trace)
    {
        double[] numbers = JsonTree.Numbers(constant.Value).ToArray();
        bool whole = constant.DType is { } dtype ? dtype.Contains("int", StringComparison.Ordinal) : !constant.Value.GetRawText().AsSpan().ContainsAny(".eENI");
        using TorchSharp.torch.Tensor flat = TorchSharp.torch.tensor(numbers, TorchSharp.torch.ScalarType.Float64);
        return trace.Constant(flat.reshape(JsonTree.Shape(constant.Value)).to(whole ? TorchSharp.torch.ScalarType.Int32 : trace.FloatType, copy: true));
    }
}
