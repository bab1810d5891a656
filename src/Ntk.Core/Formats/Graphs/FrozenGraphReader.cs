using Ntk.Core.Formats.Protos;
using Ntk.Core.Ops.TensorFlow;

namespace Ntk.Core.Formats.Graphs;

/// <summary>Reads a frozen graph: a GraphDef whose variables have become constants. Placeholders are its inputs, what nobody reads its outputs.</summary>
internal static class FrozenGraphReader
{
    private static readonly string[] s_noOutputs =
        ["NoOp", "Assert", "Const", "Placeholder", "PlaceholderV2", "SaveV2", "Print", "NextIteration", "ControlTrigger", "AssignVariableOp", "LoopCond", "MergeSummary"];

    // The last version of graphs whose placeholders cannot tell a scalar from an open shape.
    private const int LastOfOpenPlaceholders = 21;

    /// <summary>Reads the graph in a file.</summary>
    public static GraphSource Read(string path, ImportOptions options)
    {
        GraphDef graph = TensorProtos.Read(GraphDef.Parser, path, "GraphDef");
        if (graph.Node.Count == 0)
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' is not a GraphDef: it has no nodes.") { Target = path };
        }
        if ((graph.Versions?.Producer ?? 0) <= LastOfOpenPlaceholders)
        {
            foreach (NodeDef node in graph.Node.Where(n => n.Op == "Placeholder" && n.Attr.TryGetValue("shape", out AttrValue? shape) && shape.Shape?.Dim.Count == 0))
            {
                node.Attr.Remove("shape");
            }
        }
        return Build(path, "GraphDef", graph, options);
    }

    /// <summary>The model of a graph whose parameters are constants.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">Its format's name.</param>
    /// <param name="graph">The graph.</param>
    /// <param name="options">What of it is to be read.</param>
    /// <param name="signature">What inputs and outputs the file names among the nodes; none of a kind, or null, where it does not.</param>
    public static GraphSource Build(string path, string format, GraphDef graph, ImportOptions options, Func<IReadOnlyList<GraphNode>, (NamedTensor[] Inputs, NamedTensor[] Outputs)>? signature = null)
    {
        if (options.Signature is { } asked)
        {
            throw new NtkException(NtkErrorId.SignatureNotFound, $"'{path}' is a graph without named signatures, so it has no '{asked}'.") { Target = asked };
        }
        var nodes = graph.Node.Select(n => new GraphNode(n.Name, n.Op, n.Attr)).ToList();
        NamedTensor Name(int index) => new(GraphSourceBuilder.Describe(nodes, new TensorRef(index, 0), nodes[index].Name), nodes[index].Name);
        var read = graph.Node.SelectMany(n => n.Input).Select(i => InputName.Parse(i).Node).ToHashSet();
        (NamedTensor[] inputs, NamedTensor[] outputs) = signature?.Invoke(nodes) ?? ([], []);
        inputs = inputs.Length > 0 ? inputs : Enumerable.Range(0, nodes.Count).Where(i => FedPlaceholders.IsOpen(nodes[i].Op)).Select(Name).ToArray();
        // A scalar with a default is a switch; where nothing else is to be fed, a tensor with one is the input.
        inputs = inputs.Length > 0 ? inputs : Enumerable.Range(0, nodes.Count).Where(i => nodes[i].Op == FedPlaceholders.WithDefault).Select(Name).Where(n => n.Spec.Shape is not []).ToArray();
        outputs = outputs.Length > 0 ? outputs : Enumerable.Range(0, nodes.Count).Where(i => !read.Contains(nodes[i].Name) && IsOutput(nodes[i])).Select(Name).ToArray();
        if (outputs.Length == 0 && options.OutputTensors.Count == 0)
        {
            throw new NtkException(NtkErrorId.UnsupportedModel, $"'{path}' has no node that nobody reads: name the outputs with -OutputTensor.") { Target = path };
        }
        return new GraphSourceBuilder(path, format, graph, options).Build(inputs, outputs, FrozenParameters.Bind);
    }

    // Graphs for training end in records for TensorBoard and in file names too, which are text.
    private static bool IsOutput(GraphNode node) => !s_noOutputs.Contains(node.Op) && !node.Op.EndsWith("Summary", StringComparison.Ordinal) &&
        !(node.Attributes.TryGetValue("T", out AttrValue? type) && type.Type == DataType.DtString);
}
