using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Formats.Graphs;

/// <summary>One output of a node.</summary>
/// <param name="Node">The node's index in its graph.</param>
/// <param name="Output">Which of its outputs.</param>
internal readonly record struct TensorRef(int Node, int Output);

/// <summary>A node of a graph in which calls of functions have been replaced by the functions' nodes.</summary>
internal sealed class GraphNode(string name, string op, IReadOnlyDictionary<string, AttrValue> attributes)
{
    /// <summary>Stands for an argument of a function.</summary>
    public const string ArgumentOp = "_Arg";

    /// <summary>Stands for a TF 1 loop, whose <see cref="Loop"/> it runs.</summary>
    public const string LoopOp = "_Loop";

    /// <summary>The node's name, behind the names of the calls that it lies in.</summary>
    public string Name => name;

    /// <summary>TensorFlow's op.</summary>
    public string Op { get; set; } = op;

    /// <summary>The op's attributes as the file has them; those at their default may be missing.</summary>
    public IReadOnlyDictionary<string, AttrValue> Attributes => attributes;

    /// <summary>The tensors read.</summary>
    public TensorRef[] Inputs { get; set; } = [];

    /// <summary>Nodes that must be alive for this one to be, which reads no tensor.</summary>
    public int[] Controls { get; set; } = [];

    /// <summary>The model's parameter that the node holds or is a handle of.</summary>
    public int? Parameter { get; set; }

    /// <summary>The gradient that the model's author gave to what this IdentityN passes on; its inputs end with what the gradient reads.</summary>
    public CustomGradient? Gradient { get; set; }

    /// <summary>The condition and body of a TF 1 loop.</summary>
    public (FlatGraph Condition, FlatGraph Body)? Loop { get; set; }
}

/// <summary>Nodes, the tensors given from outside and the tensors wanted.</summary>
internal sealed class FlatGraph(IReadOnlyList<GraphNode> nodes, IReadOnlyList<TensorRef> arguments, IReadOnlyList<TensorRef> outputs)
{
    private int[]? _order;

    /// <summary>All nodes; those that the outputs do not need among them.</summary>
    public IReadOnlyList<GraphNode> Nodes => nodes;

    /// <summary>Tensors whose values are given.</summary>
    public IReadOnlyList<TensorRef> Arguments => arguments;

    /// <summary>Tensors wanted.</summary>
    public IReadOnlyList<TensorRef> Outputs => outputs;

    /// <summary>The nodes that the outputs need, each behind those that it reads.</summary>
    /// <exception cref="InvalidDataException">The graph has a cycle outside TF 1 loops.</exception>
    public IReadOnlyList<int> Order => _order ??= Sort(outputs.Select(o => o.Node));

    /// <summary>The nodes that <paramref name="roots"/> need, each behind those that it reads.</summary>
    public int[] Sort(IEnumerable<int> roots)
    {
        var given = new HashSet<TensorRef>(arguments);
        // An argument that is its node's only use needs no evaluation of the node.
        var done = new byte[nodes.Count];
        var order = new List<int>();
        var stack = new Stack<(int Node, int Next)>();
        foreach (int root in roots)
        {
            if (done[root] == 0 && !given.Contains(new TensorRef(root, 0)))
            {
                done[root] = 1;
                stack.Push((root, 0));
            }
            while (stack.Count > 0)
            {
                (int node, int next) = stack.Pop();
                GraphNode current = nodes[node];
                int reads = current.Inputs.Length;
                if (next == reads + current.Controls.Length)
                {
                    done[node] = 2;
                    order.Add(node);
                    continue;
                }
                stack.Push((node, next + 1));
                if (next < reads && given.Contains(current.Inputs[next]))
                {
                    continue;
                }
                int before = next < reads ? current.Inputs[next].Node : current.Controls[next - reads];
                if (done[before] == 1)
                {
                    throw new InvalidDataException($"the graph has a cycle through '{nodes[before].Name}'");
                }
                if (done[before] == 0)
                {
                    done[before] = 1;
                    stack.Push((before, 0));
                }
            }
        }
        return order.ToArray();
    }
}
