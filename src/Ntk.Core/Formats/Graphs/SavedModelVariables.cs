using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Formats.Graphs;

/// <summary>
/// Finds the variables that a SavedModel's graph reads: where their values lie, by following the graph's own restore op (TF 1's saver and TF 2's
/// restore function alike), and what they are called and whether they are trainable, by the object graph or TF 1's collections.
/// </summary>
internal sealed class SavedModelVariables(string folder, MetaGraphDef meta)
{
    private const string ValueAttribute = "VARIABLE_VALUE";
    private const string ObjectGraphKey = "_CHECKPOINTABLE_OBJECT_GRAPH";

    // Lists that Keras keeps beside the layers: the same variables under less telling paths.
    private static readonly string[] s_lists = ["variables", "trainable_variables", "non_trainable_variables", "regularization_losses", "_all_variables", "keras_api", "signatures"];

    private sealed record Known(string Name, string Path, bool Trainable, int Order);

    /// <summary>The variables among the nodes that the outputs need; marks the nodes.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="captured">Nodes that stand for saved objects, and which these are.</param>
    /// <exception cref="NtkException">A value is missing.</exception>
    public IReadOnlyList<NtkParameter> Bind(FlatGraph graph, IReadOnlyDictionary<string, int> captured)
    {
        List<GraphNode> used = graph.Order.Select(i => graph.Nodes[i]).Where(n => IsVariable(n.Op)).ToList();
        if (used.Count == 0)
        {
            return [];
        }
        TensorBundle bundle = TensorBundle.Open(Path.Combine(folder, "variables", "variables"));
        (Dictionary<string, Known> objects, Dictionary<int, string> keys) = Objects(bundle);
        Dictionary<string, (string Key, string Slice)> restored = Restored();
        var found = new List<(string Key, string Slice, Known Known, List<GraphNode> Nodes)>();
        foreach (GraphNode node in used)
        {
            (string key, string slice) = (captured.TryGetValue(node.Name, out int id) && keys.TryGetValue(id, out string? own) ? (own, "") : Locate(node, bundle, objects, restored))
                ?? throw new NtkException(NtkErrorId.VariablesMissing, $"The checkpoint in '{Path.Combine(folder, "variables")}' has no value of the variable '{node.Name}'.") { Target = node.Name };
            int same = found.FindIndex(f => f.Key == key && f.Slice == slice);
            if (same >= 0)
            {
                found[same].Nodes.Add(node);
                continue;
            }
            string name = slice.Length == 0 && objects.GetValueOrDefault(key) is { Name.Length: > 0 } described ? described.Name : SharedName(node);
            Known known = objects.GetValueOrDefault(key) ?? new Known(name, name, IsTrainable(node.Name), int.MaxValue);
            found.Add((key, slice, known with { Name = name }, [node]));
        }
        found = found.OrderBy(f => f.Known.Order).ToList();
        bundle.Check(found.Select(f => f.Key));
        var repeated = found.GroupBy(f => f.Known.Name).Where(g => g.Count() > 1).Select(g => g.Key).ToHashSet();
        var parameters = new List<NtkParameter>();
        foreach ((string key, string slice, Known known, List<GraphNode> nodes) in found)
        {
            nodes.ForEach(n => n.Parameter = parameters.Count);
            string name = repeated.Contains(known.Name) ? known.Path : known.Name;
            (NtkDType? type, int[] shape) = bundle.Describe(key);
            NtkDType dtype = type is { } numeric and not NtkDType.String ? numeric
                : throw new NtkException(NtkErrorId.UnsupportedModel, $"The variable '{name}' holds no numbers.") { Target = name };
            var part = slice.Length == 0 ? null : VariableSlice.Parse(slice, shape);
            parameters.Add(new NtkParameter(name, part?.Size ?? shape, dtype, known.Trainable && dtype.IsFloat(), () => part is null ? bundle.Read(key, name) : part.Of(bundle.Read(key), name)));
        }
        return parameters;
    }

    private static bool IsVariable(string op) => op is "VarHandleOp" or "VariableV2" or "Variable";

    private static string SharedName(GraphNode node) =>
        node.Attributes.TryGetValue("shared_name", out AttrValue? name) && !name.S.IsEmpty ? name.S.ToStringUtf8() : node.Name;

    private static (string Key, string Slice)? Locate(GraphNode node, TensorBundle bundle, Dictionary<string, Known> objects, Dictionary<string, (string, string)> restored)
    {
        if (restored.TryGetValue(node.Name, out (string Key, string Slice) direct))
        {
            return bundle.Contains(direct.Key) ? direct : null;
        }
        // Without a saver: by name.
        string name = SharedName(node);
        string? key = bundle.Contains(name) ? name : objects.FirstOrDefault(o => o.Value.Name == name).Key;
        return key is null ? null : (key, "");
    }

    // Which tensor of the checkpoint the restore op assigns to which variable's node.
    private Dictionary<string, (string Key, string Slice)> Restored()
    {
        var result = new Dictionary<string, (string, string)>();
        string restore = meta.SaverDef?.RestoreOpName ?? "";
        if (restore.Length == 0)
        {
            return result;
        }
        (List<GraphNode> nodes, _) = new GraphFlattener(meta.GraphDef.Library).Flatten(meta.GraphDef, [restore]);
        GraphNode Behind(TensorRef tensor, out int output)
        {
            while (nodes[tensor.Node].Op is "Identity" && nodes[tensor.Node].Inputs.Length == 1)
            {
                tensor = nodes[tensor.Node].Inputs[0];
            }
            output = tensor.Output;
            return nodes[tensor.Node];
        }
        foreach (GraphNode node in nodes.Where(n => n.Op is "AssignVariableOp" or "Assign" && n.Inputs.Length > 1))
        {
            GraphNode variable = Behind(node.Inputs[0], out _), value = Behind(node.Inputs[1], out int output);
            if (IsVariable(variable.Op) && value is { Op: "RestoreV2", Inputs.Length: > 2 })
            {
                string[] keys = Strings(Behind(value.Inputs[1], out _)), slices = Strings(Behind(value.Inputs[2], out _));
                if (output < keys.Length)
                {
                    result[variable.Name] = (keys[output], output < slices.Length ? slices[output] : "");
                }
            }
        }
        return result;
    }

    private static string[] Strings(GraphNode constant) =>
        constant.Attributes.TryGetValue("value", out AttrValue? value) && value.Tensor is { } tensor ? tensor.StringVal.Select(s => s.ToStringUtf8()).ToArray() : [];

    // By checkpoint key, and the saved objects' keys, walking the saved objects and the checkpoint's from their roots, along the same names.
    private (Dictionary<string, Known> Objects, Dictionary<int, string> Keys) Objects(TensorBundle bundle)
    {
        var result = new Dictionary<string, Known>();
        var keys = new Dictionary<int, string>();
        if (meta.ObjectGraphDef is not { Nodes.Count: > 0 } saved || !bundle.Contains(ObjectGraphKey))
        {
            return (result, keys);
        }
        TrackableObjectGraph stored = TensorProtos.Parse(TrackableObjectGraph.Parser, bundle.ReadString(ObjectGraphKey), Path.Combine(folder, "variables"), "checkpoint");
        foreach (bool lists in new[] { false, true })
        {
            var seen = new HashSet<(int, int)> { (0, 0) };
            var queue = new Queue<(int Saved, int Stored, string Path)>([(0, 0, "")]);
            while (queue.Count > 0)
            {
                (int id, int storedId, string path) = queue.Dequeue();
                if (id >= saved.Nodes.Count || storedId >= stored.Nodes.Count)
                {
                    continue;
                }
                string? key = stored.Nodes[storedId].Attributes.FirstOrDefault(a => a.Name == ValueAttribute)?.CheckpointKey;
                if (key is not null && saved.Nodes[id].KindCase == SavedObject.KindOneofCase.Variable)
                {
                    keys[id] = key;
                    SavedVariable variable = saved.Nodes[id].Variable;
                    string name = variable.Name.Length > 0 ? GraphSourceBuilder.Bare(variable.Name) : path;
                    result.TryAdd(key, new Known(name, path, variable.Trainable, result.Count));
                }
                foreach (var child in saved.Nodes[id].Children)
                {
                    var same = stored.Nodes[storedId].Children.FirstOrDefault(c => c.LocalName == child.LocalName);
                    if (same is not null && (lists || id != 0 || !s_lists.Contains(child.LocalName)) && seen.Add((child.NodeId, same.NodeId)))
                    {
                        queue.Enqueue((child.NodeId, same.NodeId, path.Length == 0 ? child.LocalName : $"{path}/{child.LocalName}"));
                    }
                }
            }
        }
        Sort(result, saved, keys);
        return (result, keys);
    }

    // Keras lists its variables in the order in which layers were made; others come as the walk meets them. It also lists those that frozen layers own, which
    // their own objects call trainable, and does not list a recurrent layer's remembered state, which its object calls so, too. Keras 3 exports each variable twice, by the same name, and the graph reads the one that is not in the lists.
    private static void Sort(Dictionary<string, Known> objects, SavedObjectGraph saved, Dictionary<int, string> keys)
    {
        Dictionary<string, int> Places(string list)
        {
            var places = new Dictionary<string, int>();
            int node = saved.Nodes[0].Children.FirstOrDefault(c => c.LocalName == list)?.NodeId ?? 0;
            foreach (var child in node > 0 && node < saved.Nodes.Count ? saved.Nodes[node].Children : [])
            {
                if (keys.TryGetValue(child.NodeId, out string? key) && int.TryParse(child.LocalName, out int place))
                {
                    places[key] = place;
                    places.TryAdd(objects[key].Name, place);
                }
            }
            return places;
        }
        static int? Place(Dictionary<string, int> places, string key, Known known) =>
            places.TryGetValue(key, out int own) || places.TryGetValue(known.Name, out own) ? own : null;
        Dictionary<string, int> all = Places(s_lists[0]), trained = Places(s_lists[1]);
        bool lists = saved.Nodes[0].Children.Any(c => c.LocalName == s_lists[1]);
        foreach ((string key, Known known) in objects.ToArray())
        {
            int? place = Place(all, key, known);
            bool isFrozen = lists && (all.ContainsKey(key) ? !trained.ContainsKey(key) : Place(trained, key, known) is null);
            objects[key] = known with { Order = place - saved.Nodes.Count ?? known.Order, Trainable = known.Trainable && !isFrozen };
        }
    }

    // TF 1: the collection of trainable variables; without it every variable is one.
    private bool IsTrainable(string node)
    {
        if (!meta.CollectionDef.TryGetValue("trainable_variables", out CollectionDef? trainable) || trainable.KindCase != CollectionDef.KindOneofCase.BytesList)
        {
            return true;
        }
        return trainable.BytesList.Value.Any(v => GraphSourceBuilder.Bare(VariableDef.Parser.ParseFrom(v).VariableName) == node);
    }
}
