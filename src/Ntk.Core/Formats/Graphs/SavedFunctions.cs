using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Formats.Graphs;

/// <summary>A graph with a call of a function added, as a signature's graph has one.</summary>
/// <param name="Graph">The graph.</param>
/// <param name="Inputs">The function's tensor arguments.</param>
/// <param name="Outputs">Its results.</param>
/// <param name="Variables">The nodes that stand for the variables which the function captured, and the saved objects which these are.</param>
internal sealed record FunctionCall(GraphDef Graph, NamedTensor[] Inputs, NamedTensor[] Outputs, IReadOnlyDictionary<string, int> Variables);

/// <summary>
/// The functions of a SavedModel's objects: what a tf.Module's tf.function methods are in a file that exports no signature. They go by their path from the root,
/// <c>__call__</c> or <c>encoder.__call__</c>.
/// </summary>
internal sealed class SavedFunctions
{
    /// <summary>The function that calls a model.</summary>
    public const string Main = "__call__";

    // Keras keeps variants of its layers' calls, with losses and for training, beside the calls themselves.
    private static readonly string[] s_helpers = ["keras_api", "signatures", "call_and_return_conditional_losses", "call_and_return_all_conditional_losses", "_default_save_signature"];

    private readonly SavedObjectGraph? _objects;
    private readonly Dictionary<string, SavedFunction> _functions = [];

    /// <summary>Finds the functions, those of outer objects first.</summary>
    public SavedFunctions(SavedObjectGraph? objects)
    {
        _objects = objects;
        var seen = new HashSet<int>();
        var queue = new Queue<(int Node, string Path)>([(0, "")]);
        while (objects is not null && queue.Count > 0)
        {
            (int id, string path) = queue.Dequeue();
            if (id < 0 || id >= objects.Nodes.Count || !seen.Add(id))
            {
                continue;
            }
            SavedObject node = objects.Nodes[id];
            if (node.KindCase == SavedObject.KindOneofCase.Function)
            {
                if (node.Function.ConcreteFunctions.Any(c => Inputs(c).Count > 0))
                {
                    _functions.TryAdd(path, node.Function);
                }
                continue;
            }
            foreach (var child in node.Children.Where(c => !s_helpers.Contains(c.LocalName)))
            {
                queue.Enqueue((child.NodeId, path.Length == 0 ? child.LocalName : $"{path}.{child.LocalName}"));
            }
        }
        Names = [.. _functions.Keys];
    }

    /// <summary>Their names.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The names of a function's tensor arguments, as it is called for inference.</summary>
    public IReadOnlyList<string> InputsOf(string function) => _functions.TryGetValue(function, out SavedFunction? known) ? [.. Inputs(Concrete(known)).Select(i => i.Name)] : [];

    /// <summary>Adds a call of a function to the graph.</summary>
    /// <exception cref="NtkException">An argument or a result is no dense tensor of numbers.</exception>
    /// <exception cref="InvalidDataException">The function is not defined.</exception>
    public FunctionCall Call(string function, GraphDef graph, string path)
    {
        string concrete = Concrete(_functions[function]);
        if (graph.Library?.Function.Any(f => f.Signature?.Name == concrete) != true)
        {
            throw new InvalidDataException($"the function '{concrete}' is not defined");
        }
        SavedConcreteFunction saved = _objects!.ConcreteFunctions[concrete];
        GraphDef extended = graph.Clone();
        HashSet<string> taken = [.. graph.Node.Select(n => n.Name)];
        string Fresh(string name)
        {
            string fresh = name;
            for (int i = 1; !taken.Add(fresh); i++)
            {
                fresh = $"{name}_{i}";
            }
            return fresh;
        }
        var call = new NodeDef { Name = Fresh(function), Op = concrete };
        var inputs = new List<NamedTensor>();
        foreach ((string name, StructuredValue.Types.TensorSpec? spec) in Inputs(concrete))
        {
            NtkTensorSpec input = Dense(name, spec, function, path);
            var node = new NodeDef { Name = Fresh($"{function}/{name}"), Op = "Placeholder", Attr = { ["dtype"] = new AttrValue { Type = spec!.Dtype }, ["shape"] = new AttrValue { Shape = spec.Shape ?? new TensorShapeProto { UnknownRank = true } } } };
            extended.Node.Add(node);
            call.Input.Add(node.Name);
            inputs.Add(new NamedTensor(input, node.Name));
        }
        var variables = new Dictionary<string, int>();
        foreach (int bound in saved.BoundInputs)
        {
            SavedObject? captured = bound >= 0 && bound < _objects.Nodes.Count ? _objects.Nodes[bound] : null;
            if (captured?.KindCase == SavedObject.KindOneofCase.Constant)
            {
                call.Input.Add(captured.Constant.Operation);
                continue;
            }
            // Of other resources, tables for one, whoever reads them is refused by name.
            var node = new NodeDef { Name = Fresh($"{function}/captured"), Op = "Placeholder" };
            if (captured?.KindCase == SavedObject.KindOneofCase.Variable)
            {
                SavedVariable variable = captured.Variable;
                node = new NodeDef
                {
                    Name = Fresh($"{function}/{(variable.Name.Length > 0 ? variable.Name : "variable")}"),
                    Op = "VarHandleOp",
                    Attr = { ["dtype"] = new AttrValue { Type = variable.Dtype }, ["shape"] = new AttrValue { Shape = variable.Shape }, ["shared_name"] = new AttrValue { S = Google.Protobuf.ByteString.CopyFromUtf8(variable.Name) } },
                };
                variables.Add(node.Name, bound);
            }
            extended.Node.Add(node);
            call.Input.Add(node.Name);
        }
        extended.Node.Add(call);
        var results = new List<(string Name, StructuredValue.Types.TensorSpec? Spec)>();
        Flatten(saved.OutputSignature, "", results, takesNames: false);
        NamedTensor[] outputs = [.. results.Select((r, i) => new NamedTensor(Dense(r.Name.Length > 0 && !int.TryParse(r.Name, out _) ? r.Name : $"output_{i}", r.Spec, function, path), $"{call.Name}:{i}"))];
        return new FunctionCall(extended, [.. inputs], outputs, variables);
    }

    // Of what was traced that which trains least: fewest flags are set. The first of these was asked for first.
    private string Concrete(SavedFunction function) => function.ConcreteFunctions.Where(c => Inputs(c).Count > 0).MinBy(c => Flags(_objects!.ConcreteFunctions[c].CanonicalizedInputSignature))!;

    private List<(string Name, StructuredValue.Types.TensorSpec? Spec)> Inputs(string concrete)
    {
        var inputs = new List<(string, StructuredValue.Types.TensorSpec?)>();
        if (_objects!.ConcreteFunctions.TryGetValue(concrete, out SavedConcreteFunction? function))
        {
            Flatten(function.CanonicalizedInputSignature, "", inputs, takesNames: true);
        }
        return inputs;
    }

    private static int Flags(StructuredValue? value) => value?.KindCase == StructuredValue.KindOneofCase.BoolValue ? value.BoolValue ? 1 : 0 : Parts(value).Sum(p => Flags(p.Value));

    // tf.nest's order: sequences as they are, dictionaries by their keys. An argument's name is its own, or as a result's the path to it.
    private static void Flatten(StructuredValue? value, string path, List<(string Name, StructuredValue.Types.TensorSpec? Spec)> tensors, bool takesNames)
    {
        switch (value?.KindCase)
        {
            case StructuredValue.KindOneofCase.TensorSpecValue or StructuredValue.KindOneofCase.BoundedTensorSpecValue:
                StructuredValue.Types.TensorSpec spec = value.TensorSpecValue ?? value.BoundedTensorSpecValue;
                tensors.Add((takesNames && spec.Name.Length > 0 ? spec.Name : path, spec));
                break;
            case StructuredValue.KindOneofCase.TypeSpecValue:
                tensors.Add((path, null));
                break;
            default:
                foreach ((string key, StructuredValue part) in Parts(value))
                {
                    Flatten(part, path.Length == 0 ? key : $"{path}/{key}", tensors, takesNames);
                }
                break;
        }
    }

    private static IEnumerable<(string Key, StructuredValue Value)> Parts(StructuredValue? value) => value?.KindCase switch
    {
        StructuredValue.KindOneofCase.ListValue => value.ListValue.Values.Select((v, i) => ($"{i}", v)),
        StructuredValue.KindOneofCase.TupleValue => value.TupleValue.Values.Select((v, i) => ($"{i}", v)),
        StructuredValue.KindOneofCase.DictValue => value.DictValue.Fields.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => (f.Key, f.Value)),
        StructuredValue.KindOneofCase.NamedTupleValue => value.NamedTupleValue.Values.Select(v => (v.Key, v.Value)),
        _ => [],
    };

    private static NtkTensorSpec Dense(string name, StructuredValue.Types.TensorSpec? spec, string function, string path)
    {
        NtkDType type = spec is null ? throw new NtkException(NtkErrorId.UnsupportedModel, $"'{name}' of the function '{function}' of '{path}' is a sparse, ragged or composite tensor: name dense ones with -InputTensor and -OutputTensor.") { Target = function }
            : TensorProtos.TypeOf(spec.Dtype) ?? throw new NtkException(NtkErrorId.UnsupportedModel, $"'{name}' of the function '{function}' of '{path}' has the type {spec.Dtype}, which holds no numbers.") { Target = function };
        return new NtkTensorSpec(name, TensorProtos.Shape(spec.Shape), type);
    }
}
