using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Formats.Graphs;

/// <summary>
/// Which constants of a frozen graph were its parameters: the float constants that feed matrix products, convolutions, bias additions, PReLU, the
/// scale and shift of normalisations, and embedding tables. Their names are their nodes'.
/// </summary>
internal static class FrozenParameters
{
    // Ops between a constant and its use that only pass it on, take it apart or give it another shape; the number is the operand's.
    private static readonly Dictionary<string, int> s_passing = new()
    {
        ["Identity"] = 0, ["Enter"] = 0, ["Cast"] = 0, ["Reshape"] = 0, ["ExpandDims"] = 0, ["Squeeze"] = 0, ["Transpose"] = 0, ["BroadcastTo"] = 0, ["Neg"] = 0,
        ["Snapshot"] = 0, ["Split"] = 1, ["SplitV"] = 0, ["Unpack"] = 0, ["Slice"] = 0, ["StridedSlice"] = 0,
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
        ["Gather"] = [0], ["GatherV2"] = [0], ["GatherNd"] = [0],
    };

    // Additions and products are a bias, a shift or a scale where the other operand comes from the data.
    private static readonly string[] s_affine = ["Add", "AddV2", "Mul"];

    /// <summary>The parameters among the nodes that the outputs need; marks the nodes.</summary>
    public static IReadOnlyList<NtkParameter> Bind(FlatGraph graph)
    {
        IReadOnlyList<int> order = graph.Order;
        var given = new HashSet<TensorRef>(graph.Arguments);
        var fromData = new bool[graph.Nodes.Count];
        foreach (int i in order)
        {
            // Behind a shape there are no data any more.
            fromData[i] = graph.Nodes[i].Op is not ("Shape" or "Size" or "Rank" or "ShapeN" or "ZerosLike" or "OnesLike") &&
                graph.Nodes[i].Inputs.Any(t => given.Contains(t) || fromData[t.Node]);
        }
        var chosen = new List<int>();
        foreach (int i in order)
        {
            GraphNode node = graph.Nodes[i];
            if (node.Op == "Einsum")
            {
                chosen.AddRange(node.Inputs.SelectMany(t => Constants(graph, t.Node, whole: false)));
            }
            else if (s_roles.TryGetValue(node.Op, out int[]? roles))
            {
                chosen.AddRange(roles.Where(r => r < node.Inputs.Length).SelectMany(r => Constants(graph, node.Inputs[r].Node, whole: false)));
            }
            else if (s_affine.Contains(node.Op))
            {
                for (int k = 0; k < 2; k++)
                {
                    if (fromData[node.Inputs[1 - k].Node] || given.Contains(node.Inputs[1 - k]))
                    {
                        chosen.AddRange(Affine(graph, node.Inputs[k].Node));
                    }
                }
            }
        }
        var parameters = new List<NtkParameter>();
        // In the order of the file: that of the layers, as far as there is one.
        foreach (int i in chosen.Distinct().Order())
        {
            TensorProto value = graph.Nodes[i].Attributes["value"].Tensor;
            string name = graph.Nodes[i].Name;
            graph.Nodes[i].Parameter = parameters.Count;
            (NtkDType dtype, int[] shape) = TensorProtos.Describe(value);
            parameters.Add(new NtkParameter(name, shape, dtype, trainable: true, () => Load(value, name)));
        }
        return parameters;
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

    // What a node passes on.
    private static int Source(FlatGraph graph, int node)
    {
        while (s_passing.TryGetValue(graph.Nodes[node].Op, out int operand) && operand < graph.Nodes[node].Inputs.Length)
        {
            node = graph.Nodes[node].Inputs[operand].Node;
        }
        return node;
    }

    // The constants that a node is, passes on or joins. A scalar scale is arithmetic, not learned, so sums and products want at least a vector.
    private static IEnumerable<int> Constants(FlatGraph graph, int node, bool whole)
    {
        node = Source(graph, node);
        GraphNode found = graph.Nodes[node];
        if (s_joining.Contains(found.Op))
        {
            return found.Inputs.SelectMany(t => Constants(graph, t.Node, whole));
        }
        return found.Op == "Const" && found.Attributes.TryGetValue("value", out AttrValue? value) && value.Tensor is { } tensor &&
            TensorProtos.TypeOf(tensor.Dtype)?.IsFloat() == true && (!whole || tensor.TensorShape?.Dim.Count > 0) ? [node] : [];
    }

    // A constant, or the scale and shift of tf.nn.batch_normalization: scale · rsqrt(variance + ε), offset − mean · scale · rsqrt(…).
    private static IEnumerable<int> Affine(FlatGraph graph, int node)
    {
        node = Source(graph, node);
        GraphNode found = graph.Nodes[node];
        bool Inverse(int n) => graph.Nodes[Source(graph, n)].Op is "Rsqrt";
        return found.Op switch
        {
            "Mul" when Inverse(found.Inputs[0].Node) => Constants(graph, found.Inputs[1].Node, whole: true),
            "Mul" when Inverse(found.Inputs[1].Node) => Constants(graph, found.Inputs[0].Node, whole: true),
            "Sub" => Constants(graph, found.Inputs[0].Node, whole: true),
            _ => Constants(graph, node, whole: true),
        };
    }
}
