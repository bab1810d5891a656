using System.Text.Json;
using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>What a model's input layer says of the tensor it takes.</summary>
/// <param name="Name">The layer's name.</param>
/// <param name="Shape">The sizes with the batch, −1 where free; null when the file does not say.</param>
/// <param name="DType">The element type.</param>
public sealed record InputDescription(string Name, int[]? Shape, NtkDType DType);

/// <summary>
/// The layers of a functional or sequential model and the calls that connect them. A layer may be called several times (shared weights), a
/// model may be a layer of another.
/// </summary>
public sealed class LayerGraph
{
    private readonly List<(KerasLayer Layer, int Index, LayerArguments.Node Node)> _calls = [];
    private readonly List<TensorReference> _inputs = [];
    private readonly List<TensorReference> _outputs = [];

    /// <summary>What the model takes, in its order.</summary>
    public List<InputDescription> Inputs { get; } = [];

    /// <summary>The names of what it gives, in its order.</summary>
    public List<string> OutputNames { get; } = [];

    /// <summary>Runs the layers.</summary>
    internal IReadOnlyList<Flow> Run(LayerCall call)
    {
        Flow[] given = Order(call.First);
        if (given.Length != _inputs.Count)
        {
            throw new ShapeException($"{given.Length} tensors for {_inputs.Count} inputs ({string.Join(", ", Inputs.Select(i => i.Name))})");
        }
        var results = new Dictionary<(string, int), IReadOnlyList<Flow>>();
        for (int i = 0; i < given.Length; i++)
        {
            results[(_inputs[i].Layer, _inputs[i].Node)] = [given[i] with { Value = Conform(given[i].Value, Inputs[i]) }];
        }
        Flow Find(TensorReference r) => results.TryGetValue((r.Layer, r.Node), out IReadOnlyList<Flow>? outputs) && r.Tensor < outputs.Count
            ? outputs[r.Tensor] : throw new ShapeException($"output {r.Tensor} of call {r.Node} of layer '{r.Layer}' does not exist");
        foreach ((KerasLayer layer, int index, LayerArguments.Node node) in _calls)
        {
            object?[] arguments = node.Arguments.Select(a => LayerArguments.Resolve(a, Find, call.Trace)).ToArray();
            Dictionary<string, object?> keywords = node.Keywords.ToDictionary(p => p.Key, p => LayerArguments.Resolve(p.Value, Find, call.Trace));
            results[(layer.Name, index)] = layer.Call(call.With(arguments, keywords));
            if (layer.TakesMasksAway)
            {
                foreach (TensorReference used in node.Needs)
                {
                    results[(used.Layer, used.Node)] = results[(used.Layer, used.Node)].Select((f, i) => i == used.Tensor ? f with { Mask = null } : f).ToArray();
                }
            }
        }
        return _outputs.Select(Find).ToArray();
    }

    /// <summary>Reads the config of a functional model.</summary>
    internal static LayerGraph Functional(KerasLayer model, LayerConfig config)
    {
        var graph = new LayerGraph();
        var layers = new Dictionary<string, KerasLayer>(StringComparer.Ordinal);
        var nodes = new List<(KerasLayer Layer, int Index, LayerArguments.Node Node)>();
        var inputs = new Dictionary<string, InputDescription>(StringComparer.Ordinal);
        var offsets = new Dictionary<string, (int Inbound, int Output)>(StringComparer.Ordinal);
        JsonElement list = config.Find("layers") ?? throw new ShapeException("the model lists no layers");
        foreach (JsonElement entry in list.EnumerateArray())
        {
            KerasLayer layer = config.Builder.Build(entry);
            model.Add(layer, "layers");
            layers[layer.Name] = layer;
            offsets[layer.Name] = Offsets(layer.ClassName, entry, config.Version);
            if (layer.ClassName == "InputLayer")
            {
                inputs[layer.Name] = Describe(layer.Name, entry.GetProperty("config"));
            }
            JsonElement calls = entry.TryGetProperty("inbound_nodes", out JsonElement inbound) ? inbound : default;
            for (int i = 0; calls.ValueKind == JsonValueKind.Array && i < calls.GetArrayLength(); i++)
            {
                nodes.Add((layer, i, LayerArguments.Read(calls[i])));
            }
        }
        TensorReference Shift(TensorReference r, bool output) => offsets.TryGetValue(r.Layer, out (int Inbound, int Output) by)
            ? r with { Node = r.Node - (output ? by.Output : by.Inbound) } : throw new ShapeException($"layer '{r.Layer}' is used and not there");
        foreach ((KerasLayer layer, int index, LayerArguments.Node node) in nodes)
        {
            graph._calls.Add((layer, index, new LayerArguments.Node(
                node.Arguments.Select(a => Rename(a, r => Shift(r, false))).ToArray(), node.Keywords.ToDictionary(p => p.Key, p => Rename(p.Value, r => Shift(r, false))))));
        }
        object? inputNest = LayerArguments.ReadTensors(config.Find("input_layers") ?? throw new ShapeException("the model has no input_layers"));
        object? outputNest = LayerArguments.ReadTensors(config.Find("output_layers") ?? throw new ShapeException("the model has no output_layers"));
        foreach (TensorReference input in LayerArguments.References(inputNest))
        {
            graph._inputs.Add(input);
            graph.Inputs.Add(inputs.GetValueOrDefault(input.Layer) ?? throw new ShapeException($"input '{input.Layer}' is no input layer"));
        }
        graph._outputs.AddRange(LayerArguments.References(outputNest).Select(r => Shift(r, true)));
        graph.NameOutputs(outputNest is Dictionary<string, object?> named ? named.Keys.Order(StringComparer.Ordinal).ToArray() : null);
        graph.Sort();
        return graph;
    }

    /// <summary>Reads the config of a sequential model; in files of Keras before 2.2 it is the bare list of layers.</summary>
    internal static LayerGraph Sequential(KerasLayer model, LayerConfig config, JsonElement list)
    {
        var graph = new LayerGraph();
        InputDescription? input = null;
        TensorReference? last = null;
        foreach (JsonElement entry in list.EnumerateArray())
        {
            KerasLayer layer = config.Builder.Build(entry);
            model.Add(layer, "layers");
            JsonElement options = entry.TryGetProperty("config", out JsonElement found) ? found : default;
            if (layer.ClassName == "InputLayer")
            {
                input = Describe(layer.Name, options);
                last = new TensorReference(layer.Name, 0, 0);
                continue;
            }
            if (last is null)
            {
                InputDescription? stated = ShapeOf(options) is null && layer.Graph is { Inputs: [var inner] } ? inner : Describe("", options);
                input = stated with { Name = $"{layer.Name}_input" };
                last = new TensorReference(input.Name, 0, 0);
            }
            graph._calls.Add((layer, 0, new LayerArguments.Node([last], new Dictionary<string, object?>())));
            last = new TensorReference(layer.Name, 0, 0);
        }
        if (input is null || last is null)
        {
            throw new ShapeException("the model has no layers");
        }
        if (config.Find("build_input_shape") is { ValueKind: JsonValueKind.Array } built && input.Shape is null)
        {
            input = input with { Shape = Sizes(built) };
        }
        graph._inputs.Add(new TensorReference(input.Name, 0, 0));
        graph.Inputs.Add(input);
        graph._outputs.Add(last);
        graph.OutputNames.Add(last.Layer);
        return graph;
    }

    /// <summary>What an input layer's config, or a first layer's, says of the model's input.</summary>
    private static InputDescription Describe(string name, JsonElement config)
    {
        string dtype = "float32";
        foreach (string key in (string[])["input_dtype", "dtype"])
        {
            if (config.ValueKind == JsonValueKind.Object && config.TryGetProperty(key, out JsonElement stated) && stated.ValueKind == JsonValueKind.String)
            {
                dtype = stated.GetString()!;
                break;
            }
        }
        return new InputDescription(name, ShapeOf(config), dtype switch
        {
            "float16" => NtkDType.Float16,
            "bfloat16" => NtkDType.BFloat16,
            "float64" => NtkDType.Float64,
            "int8" => NtkDType.Int8,
            "int16" => NtkDType.Int16,
            "int32" => NtkDType.Int32,
            "int64" => NtkDType.Int64,
            "uint8" => NtkDType.UInt8,
            "bool" => NtkDType.Bool,
            "string" => throw new ShapeException($"input '{name}' takes text; cut the model behind its text preprocessing and feed the numbers"),
            _ => NtkDType.Float32,
        });
    }

    private static int[]? ShapeOf(JsonElement config)
    {
        foreach (string key in (string[])["batch_input_shape", "batch_shape"])
        {
            if (config.ValueKind == JsonValueKind.Object && config.TryGetProperty(key, out JsonElement shape) && shape.ValueKind == JsonValueKind.Array)
            {
                return Sizes(shape);
            }
        }
        return null;
    }

    private static int[] Sizes(JsonElement shape) => shape.EnumerateArray().Select(d => d.ValueKind == JsonValueKind.Number ? d.GetInt32() : -1).ToArray();

    // Keras 2 counts the call that made a model as its first; Keras 3 does so only where outputs are named, and not for sequential models.
    private static (int Inbound, int Output) Offsets(string className, JsonElement entry, int version)
    {
        if (className is "Functional" or "Model" or "Network")
        {
            return version >= 3 ? (0, 1) : (1, 1);
        }
        if (className != "Sequential" || version >= 3)
        {
            return (0, 0);
        }
        JsonElement config = entry.GetProperty("config");
        JsonElement layers = config.ValueKind == JsonValueKind.Array ? config : config.GetProperty("layers");
        JsonElement first = layers.GetArrayLength() > 0 ? layers[0] : default;
        bool built = first.ValueKind == JsonValueKind.Object && (first.GetProperty("class_name").GetString() is "InputLayer" or "Functional" or "Model" || ShapeOf(first.GetProperty("config")) is not null);
        return built ? (1, 1) : (0, 0);
    }

    private static object? Rename(object? argument, Func<TensorReference, TensorReference> rename) => argument switch
    {
        TensorReference reference => rename(reference),
        List<object?> list => list.Select(a => Rename(a, rename)).ToList(),
        Dictionary<string, object?> map => map.ToDictionary(p => p.Key, p => Rename(p.Value, rename)),
        _ => argument,
    };

    private void NameOutputs(string[]? names)
    {
        for (int i = 0; i < _outputs.Count; i++)
        {
            string name = names is not null && names.Length == _outputs.Count ? names[i] : _outputs[i].Layer, unique = name;
            for (int copy = 1; OutputNames.Contains(unique); copy++)
            {
                unique = $"{name}_{copy}";
            }
            OutputNames.Add(unique);
        }
    }

    // Orders the calls so that each comes after those it needs; a walk by counting, so that depth costs no stack.
    private void Sort()
    {
        var waiting = new Dictionary<(string, int), List<int>>();
        var missing = new int[_calls.Count];
        var known = new HashSet<(string, int)>(_inputs.Select(i => (i.Layer, i.Node)));
        var ready = new Queue<int>();
        for (int i = 0; i < _calls.Count; i++)
        {
            foreach ((string, int) need in _calls[i].Node.Needs.Select(r => (r.Layer, r.Node)).Distinct())
            {
                if (!known.Contains(need))
                {
                    missing[i]++;
                    (waiting.TryGetValue(need, out List<int>? list) ? list : waiting[need] = []).Add(i);
                }
            }
            if (missing[i] == 0)
            {
                ready.Enqueue(i);
            }
        }
        var order = new List<(KerasLayer, int, LayerArguments.Node)>();
        while (ready.TryDequeue(out int next))
        {
            (KerasLayer layer, int index, LayerArguments.Node node) = _calls[next];
            order.Add((layer, index, node));
            foreach (int dependent in waiting.GetValueOrDefault((layer.Name, index)) ?? [])
            {
                if (--missing[dependent] == 0)
                {
                    ready.Enqueue(dependent);
                }
            }
        }
        // What was not reached hangs on something outside the model; the outputs must not.
        _calls.Clear();
        _calls.AddRange(ByDepth(order));
        foreach (TensorReference output in _outputs)
        {
            if (!known.Contains((output.Layer, output.Node)) && !order.Any(c => c.Item1.Name == output.Layer && c.Item2 == output.Node))
            {
                throw new ShapeException($"output '{output.Layer}' cannot be reached from the inputs");
            }
        }
    }

    // Keras runs calls by their depth, the longest way to an output (of a layer called several times, at least that of the calls met before), and within a depth as a
    // walk back from the outputs meets them. Calls that take masks away are seen by those after them.
    private IEnumerable<(KerasLayer, int, LayerArguments.Node)> ByDepth(List<(KerasLayer Layer, int Index, LayerArguments.Node Node)> calls)
    {
        Dictionary<(string, int), int> places = Enumerable.Range(0, calls.Count).ToDictionary(i => (calls[i].Layer.Name, calls[i].Index));
        int[] Places(IEnumerable<TensorReference> tensors) => [.. tensors.Select(t => places.GetValueOrDefault((t.Layer, t.Node), -1)).Where(i => i >= 0)];
        int[][] needs = [.. calls.Select(c => Places(c.Node.Needs))];
        var finished = new List<int>();
        var visited = new HashSet<int>();
        foreach (int output in Places(_outputs))
        {
            var stack = new Stack<(int Call, int Next)>();
            if (visited.Add(output))
            {
                stack.Push((output, 0));
            }
            while (stack.TryPop(out (int Call, int Next) at))
            {
                if (at.Next == needs[at.Call].Length)
                {
                    finished.Add(at.Call);
                    continue;
                }
                stack.Push((at.Call, at.Next + 1));
                int need = needs[at.Call][at.Next];
                if (visited.Add(need))
                {
                    stack.Push((need, 0));
                }
            }
        }
        var depths = new int[calls.Count];
        var ofLayer = new Dictionary<string, int>();
        var met = new List<int>();
        var seen = new HashSet<int>();
        foreach (int call in Enumerable.Reverse(finished))
        {
            int depth = depths[call] = ofLayer[calls[call].Layer.Name] = Math.Max(depths[call], ofLayer.GetValueOrDefault(calls[call].Layer.Name));
            foreach (int one in needs[call].Prepend(call))
            {
                depths[one] = one == call ? depth : Math.Max(depths[one], depth + 1);
                if (seen.Add(one))
                {
                    met.Add(one);
                }
            }
        }
        // Calls that no output needs come last.
        return met.OrderByDescending(i => depths[i]).Concat(Enumerable.Range(0, calls.Count).Where(i => !seen.Contains(i))).Select(i => calls[i]);
    }

    private Flow[] Order(object? given)
    {
        if (given is Dictionary<string, object?> map && _inputs.All(i => map.ContainsKey(i.Layer)))
        {
            return _inputs.SelectMany(i => LayerCall.Flatten(map[i.Layer])).ToArray();
        }
        return LayerCall.Flatten(given).ToArray();
    }

    // A model takes its inputs as Keras does: in its own element type, and a last axis of size one may be there or not.
    private static Value Conform(Value x, InputDescription input)
    {
        TorchSharp.torch.ScalarType type = x.Trace.TypeOf(input.DType);
        x = Lax.Cast(x, type);
        return input.Shape is not { } shape ? x
            : x.Rank == shape.Length - 1 && shape[^1] == 1 ? Lax.ExpandDims(x, -1)
            : x.Rank == shape.Length + 1 && x.Shape[^1] == 1 ? Lax.Squeeze(x, -1) : x;
    }
}
