using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Formats.Graphs;

/// <summary>
/// Which constants of a frozen graph were its parameters: the float constants that feed matrix products, convolutions, bias additions, PReLU, the
/// scale and shift of normalisations, and embedding tables, be it inside a loop or a conditional. Their names are their nodes'.
/// </summary>
internal sealed class FrozenParameters
{
    // Ops between a constant and its use that only pass it on, take it apart or give it another shape; the number is the operand's.
    private static readonly Dictionary<string, int> s_passing = new()
    {
        ["Identity"] = 0, ["Enter"] = 0, ["Cast"] = 0, ["Reshape"] = 0, ["ExpandDims"] = 0, ["Squeeze"] = 0, ["Transpose"] = 0, ["BroadcastTo"] = 0, ["Neg"] = 0,
        ["Snapshot"] = 0, ["Switch"] = 0, ["Split"] = 1, ["SplitV"] = 0, ["Unpack"] = 0, ["Slice"] = 0, ["StridedSlice"] = 0,
    };

    private static readonly string[] s_joining = ["ConcatV2", "Concat", "Pack"];

    // Which inputs of an op take parameters.
    private static readonly Dictionary<string, int[]> s_roles = new()
    {
        ["MatMul"] = [0, 1], ["BatchMatMul"] = [0, 1], ["BatchMatMulV2"] = [0, 1], ["BatchMatMulV3"] = [0, 1], ["_FusedMatMul"] = [0, 1, 2, 3, 4, 5],
        ["Conv2D"] = [1], ["Conv3D"] = [1], ["DepthwiseConv2dNative"] = [1], ["Conv2DBackpropInput"] = [1], ["Conv3DBackpropInputV2"] = [1],
        ["DepthwiseConv2dNativeBackpropInput"] = [1], ["Dilation2D"] = [1],
        ["_FusedConv2D"] = [1, 2, 3, 4, 5], ["_FusedConv3D"] = [1, 2, 3, 4, 5], ["_FusedDepthwiseConv2dNative"] = [1, 2, 3, 4, 5], ["FusedDepthwiseConv2dNative"] = [1, 2, 3, 4, 5],
        ["BiasAdd"] = [1], ["BiasAddV1"] = [1], ["Prelu"] = [1],
        ["FusedBatchNorm"] = [1, 2], ["FusedBatchNormV2"] = [1, 2], ["FusedBatchNormV3"] = [1, 2], ["_FusedBatchNormEx"] = [1, 2], ["BatchNormWithGlobalNormalization"] = [3, 4],
        ["Gather"] = [0], ["GatherV2"] = [0], ["GatherNd"] = [0], ["SparseTensorDenseMatMul"] = [3],
    };

    // Additions and products are a bias, a shift or a scale where the other operand comes from the data.
    private static readonly string[] s_affine = ["Add", "AddV2", "Mul"];

    private readonly GraphFlattener _functions;
    private readonly List<GraphNode> _chosen = [];
    private readonly Dictionary<(FlatGraph Graph, string FromData), HashSet<(int Argument, bool Whole)>> _visited = [];

    private FrozenParameters(GraphFlattener functions) => _functions = functions;

    /// <summary>The parameters among the nodes that the outputs need; marks the nodes.</summary>
    /// <param name="graph">The graph, without the edges that close TF 1 loops.</param>
    /// <param name="functions">The functions that its loops and conditionals call.</param>
    public static IReadOnlyList<NtkParameter> Bind(FlatGraph graph, GraphFlattener functions)
    {
        var search = new FrozenParameters(functions);
        search.Visit(graph, graph.Arguments.Select(_ => true).ToArray());
        var place = graph.Nodes.Select((node, i) => (node, i)).ToDictionary(p => p.node, p => p.i);
        // A loop's condition and body may hold copies of one constant; another function's may have its name.
        var groups = search._chosen.Distinct().GroupBy(n => (n.Name, n.Attributes["value"])).ToArray();
        var names = groups.Select(g => g.Key.Name).GroupBy(n => n).ToDictionary(g => g.Key, g => g.Count() == 1);
        var parameters = new List<NtkParameter>();
        // In the order of the file: that of the layers, as far as there is one.
        foreach (var group in groups.OrderBy(g => place.GetValueOrDefault(g.First(), int.MaxValue)))
        {
            TensorProto value = group.Key.Item2.Tensor;
            string name = names[group.Key.Name] ? group.Key.Name : $"{group.Key.Name}_{parameters.Count(p => p.Name.StartsWith(group.Key.Name + "_", StringComparison.Ordinal)) + 1}";
            foreach (GraphNode node in group)
            {
                node.Parameter = parameters.Count;
            }
            (NtkDType dtype, int[] shape) = TensorProtos.Describe(value);
            parameters.Add(new NtkParameter(name, shape, dtype, trainable: true, () => Load(value, name)));
        }
        return parameters;
    }

    // Chooses constants of a graph and of what it calls; gives the arguments that play a parameter's part, and whether a scalar does so.
    private HashSet<(int Argument, bool Whole)> Visit(FlatGraph graph, bool[] argumentsFromData)
    {
        string key = string.Concat(argumentsFromData.Select(d => d ? '1' : '0'));
        if (_visited.TryGetValue((graph, key), out HashSet<(int, bool)>? known))
        {
            return known;
        }
        HashSet<(int Argument, bool Whole)> wanted = _visited[(graph, key)] = [];
        Dictionary<TensorRef, int> given = graph.Arguments.Select((a, i) => (a, i)).GroupBy(p => p.a).ToDictionary(g => g.Key, g => g.First().i);
        var fromData = new bool[graph.Nodes.Count];
        bool FromData(TensorRef t) => given.TryGetValue(t, out int argument) ? argumentsFromData[argument] : fromData[t.Node];
        void Want(IEnumerable<TensorRef> found, bool whole)
        {
            foreach (TensorRef t in found)
            {
                if (given.TryGetValue(t, out int argument))
                {
                    wanted.Add((argument, whole));
                }
                else if (IsConstant(graph.Nodes[t.Node], whole))
                {
                    _chosen.Add(graph.Nodes[t.Node]);
                }
            }
        }
        foreach (int i in graph.Order)
        {
            GraphNode node = graph.Nodes[i];
            // Behind a shape there are no data any more.
            fromData[i] = node.Op is not ("Shape" or "Size" or "Rank" or "ShapeN" or "ZerosLike" or "OnesLike") &&
                // A variable that a TF 1 loop changes, whose next value is no input here, takes part in what the others carry.
                (node.Inputs.Any(FromData) || (node is { Op: "Merge", Inputs.Length: 1 } && argumentsFromData.Contains(true)));
            if (node.Op == "Einsum")
            {
                Want(node.Inputs.SelectMany(t => Sources(graph, given, t)), whole: false);
            }
            else if (s_roles.TryGetValue(node.Op, out int[]? roles))
            {
                Want(roles.Where(r => r < node.Inputs.Length).SelectMany(r => Sources(graph, given, node.Inputs[r])), whole: false);
            }
            else if (s_affine.Contains(node.Op))
            {
                Want(Enumerable.Range(0, 2).Where(k => FromData(node.Inputs[1 - k])).SelectMany(k => Affine(graph, given, node.Inputs[k])), whole: true);
            }
            foreach ((FlatGraph called, int first, bool[] data) in Calls(node, FromData))
            {
                foreach ((int argument, bool whole) in Visit(called, data).ToArray())
                {
                    Want(Sources(graph, given, node.Inputs[first + argument]), whole);
                }
            }
        }
        return wanted;
    }

    // The graphs that a loop or conditional runs, the first of its inputs that they take, and which of those come from the data.
    private IEnumerable<(FlatGraph Called, int First, bool[] FromData)> Calls(GraphNode node, Func<TensorRef, bool> fromData)
    {
        FlatGraph[] Functions(params string[] attributes) => attributes.Select(a => node.Attributes.GetValueOrDefault(a))
            .SelectMany(a => a?.Func is { } one ? [one] : a?.List?.Func.ToArray() ?? []).Select(f => _functions.Function(f.Name)).ToArray();
        bool[] inputs = Array.ConvertAll(node.Inputs, t => fromData(t));
        FlatGraph[] steps = node.Op is "While" or "StatelessWhile" ? Functions("cond", "body") : node.Loop is { } loop ? [loop.Condition, loop.Body] : [];
        if (steps is [_, var body] && inputs.Contains(true))
        {
            // A variable that the body changes takes part in what the others carry.
            for (int i = 0; i < body.Outputs.Count && i < inputs.Length; i++)
            {
                inputs[i] |= Source(body, [], body.Outputs[i]) != body.Arguments[i];
            }
        }
        FlatGraph[] branches = node.Op is "If" or "StatelessIf" or "Case" or "StatelessCase" ? Functions("then_branch", "else_branch", "branches") : [];
        return [.. steps.Select(s => (s, 0, inputs)), .. branches.Select(b => (b, 1, inputs[1..]))];
    }

    private static NtkTensor Load(TensorProto value, string name)
    {
        try
        {
            return TensorProtos.ToTensor(value, name);
        }
        catch (InvalidDataException error)
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"The constant '{name}' is damaged: {error.Message}.", error) { Target = name };
        }
    }

    // What a tensor is passed on from.
    private static TensorRef Source(FlatGraph graph, Dictionary<TensorRef, int> given, TensorRef tensor)
    {
        while (!given.ContainsKey(tensor) && s_passing.TryGetValue(graph.Nodes[tensor.Node].Op, out int operand) && operand < graph.Nodes[tensor.Node].Inputs.Length)
        {
            tensor = graph.Nodes[tensor.Node].Inputs[operand];
        }
        return tensor;
    }

    // What a tensor is passed on or joined from.
    private static IEnumerable<TensorRef> Sources(FlatGraph graph, Dictionary<TensorRef, int> given, TensorRef tensor)
    {
        tensor = Source(graph, given, tensor);
        return !given.ContainsKey(tensor) && s_joining.Contains(graph.Nodes[tensor.Node].Op) ? graph.Nodes[tensor.Node].Inputs.SelectMany(t => Sources(graph, given, t)) : [tensor];
    }

    // A scalar scale is arithmetic, not learned, so sums and products want at least a vector.
    private static bool IsConstant(GraphNode node, bool whole) => node.Op == "Const" && !node.Attributes.ContainsKey(FedPlaceholders.Mark) && node.Attributes.TryGetValue("value", out AttrValue? value) && value.Tensor is { } tensor &&
        TensorProtos.TypeOf(tensor.Dtype)?.IsFloat() == true && (!whole || tensor.TensorShape?.Dim.Count > 0);

    // A constant, or the scale and shift of tf.nn.batch_normalization: scale · rsqrt(variance + ε), offset − mean · scale · rsqrt(…).
    private static IEnumerable<TensorRef> Affine(FlatGraph graph, Dictionary<TensorRef, int> given, TensorRef tensor)
    {
        tensor = Source(graph, given, tensor);
        GraphNode found = graph.Nodes[tensor.Node];
        bool Inverse(TensorRef t) => graph.Nodes[Source(graph, given, t).Node].Op is "Rsqrt";
        return found.Op switch
        {
            _ when given.ContainsKey(tensor) => [tensor],
            "Mul" when Inverse(found.Inputs[0]) => Sources(graph, given, found.Inputs[1]),
            "Mul" when Inverse(found.Inputs[1]) => Sources(graph, given, found.Inputs[0]),
            "Sub" => Sources(graph, given, found.Inputs[0]),
            _ => Sources(graph, given, tensor),
        };
    }
}
