using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Protos;
using Ntk.Core.Ops.TensorFlow;

namespace Ntk.Core.Formats.Graphs;

/// <summary>A tensor that a model's file names as an input or output.</summary>
/// <param name="Spec">Its public name, shape and type.</param>
/// <param name="Tensor">Its name in the graph.</param>
internal sealed record NamedTensor(NtkTensorSpec Spec, string Tensor);

/// <summary>
/// What SavedModels and frozen graphs have in common: cuts the graph at its inputs and outputs, asks for the parameters, and checks that everything
/// between can be run.
/// </summary>
internal sealed class GraphSourceBuilder(string path, string format, GraphDef graph, ImportOptions options, IReadOnlyDictionary<string, CustomGradient>? gradients = null)
{
    private static readonly TensorRef s_none = new(-1, 0);
    private readonly GraphFlattener _functions = new(graph.Library, gradients);

    /// <summary>Builds the model.</summary>
    /// <param name="inputs">Inputs as the file names them.</param>
    /// <param name="outputs">Outputs as the file names them; the graph is cut at others where the options say so.</param>
    /// <param name="bind">Finds the parameters among the nodes that the outputs need (and those of the functions), and marks these.</param>
    /// <exception cref="NtkException">A tensor is not there, or an op is not supported.</exception>
    public GraphSource Build(IReadOnlyList<NamedTensor> inputs, IReadOnlyList<NamedTensor> outputs, Func<FlatGraph, GraphFlattener, IReadOnlyList<NtkParameter>> bind)
    {
        try
        {
            inputs = FedPlaceholders.Feed(path, graph, inputs, options.Feeds);
            bool cut = options.InputTensors.Count + options.OutputTensors.Count > 0;
            (List<GraphNode> nodes, Func<string, TensorRef?> find) = _functions.Flatten(graph, cut ? null : inputs.Concat(outputs).Select(t => InputName.Parse(t.Tensor).Node));
            TensorRef Find(string tensor) => find(tensor)
                ?? throw new NtkException(NtkErrorId.TensorNotFound, $"'{path}' has no tensor '{tensor}'.{Similar(nodes, tensor)}") { Target = tensor };
            var wanted = options.OutputTensors.Count == 0 ? outputs.Select(o => (o.Spec, At: Find(o.Tensor))).ToList()
                // A tensor of the graph, or an output by its public name.
                : options.OutputTensors.Select(t => find(t) is null && outputs.FirstOrDefault(o => o.Spec.Name == Bare(t)) is { } named
                    ? (named.Spec, At: Find(named.Tensor)) : (Spec: Describe(nodes, Find(t), t), At: Find(t))).ToList();
            var given = options.InputTensors.Select(t => (Spec: Describe(nodes, Find(t), t), At: Find(t), Cut: true)).ToList();
            given.AddRange(inputs.Select(i => (i.Spec, At: Find(i.Tensor), Cut: false)).Where(i => given.All(g => g.At != i.At)));
            if (cut)
            {
                // Inputs behind which nothing lies any more are none.
                HashSet<TensorRef> reached = Reached(nodes, given.Where(g => g.Cut).Select(g => g.At), wanted.Select(w => w.At));
                given = given.Where(g => g.Cut || reached.Contains(g.At)).ToList();
            }
            var isParameter = new HashSet<string>(options.ParameterInputs.Select(p => Bare(p)));
            string? unknown = isParameter.FirstOrDefault(p => given.All(g => g.Spec.Name != p));
            if (unknown is not null)
            {
                throw new NtkException(NtkErrorId.TensorNotFound,
                    $"'{path}' has no input '{unknown}' to take parameters; its inputs are {string.Join(", ", given.Select(g => g.Spec.Name))}.") { Target = unknown };
            }
            var data = given.Where(g => !isParameter.Contains(g.Spec.Name)).ToList();
            var parameterInputs = options.ParameterInputs.Select(p => given.First(g => g.Spec.Name == Bare(p))).ToList();
            TensorRef[] arguments = [.. data.Select(g => g.At), .. parameterInputs.Select(g => g.At)];
            TensorRef[] results = wanted.Select(w => w.At).ToArray();
            bool loops = nodes.Any(n => n.Op == "Enter");
            IReadOnlyList<NtkParameter> parameters = bind(loops ? Acyclic(nodes, arguments, results) : new FlatGraph(nodes, arguments, results), _functions);
            LoopRewriter.Rewrite(nodes);
            var flat = new FlatGraph(nodes, arguments, results);
            options.Survey?.Add(GraphSurvey.Of(flat, _functions, branches: true));
            try
            {
                GraphSurvey.Check(flat, _functions);
            }
            catch (NtkException error)
            {
                throw new NtkException(error.ErrorId, $"'{path}': {error.Message}", error) { Target = error.Target };
            }
            var source = new GraphSource(format, flat, _functions, data.Select(g => g.Spec).ToArray(), wanted.Select(w => w.Spec).ToArray(), parameters,
                parameterInputs.Select(g => g.Spec).ToArray());
            RefuseRandom(source, flat);
            return source;
        }
        catch (InvalidDataException error)
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' holds a damaged graph: {error.Message}.", error) { Target = path };
        }
    }

    // Random numbers that the outputs depend on are refused here, as far as the file tells enough to find out.
    private void RefuseRandom(GraphSource source, FlatGraph flat)
    {
        if (options.Survey is not null || !GraphSurvey.Of(flat, _functions, branches: true).Any(o => RandomOps.IsRandom(o.Op)) || !ShapeProbe.IsPossible(source))
        {
            return;
        }
        foreach (int size in ShapeProbe.Sizes(source))
        {
            try
            {
                ShapeProbe.Run(source, size);
                return;
            }
            catch (NtkException error) when (RandomOps.IsRandom(error.Data[GraphTracer.OpKey] as string ?? ""))
            {
                throw new NtkException(error.ErrorId, $"'{path}': {error.Message}", error) { Target = error.Target };
            }
            catch (Exception error) when (error is NtkException or ShapeException)
            {
                // Another size may fit; what else stands in the way is told when the model is run.
            }
        }
    }

    /// <summary>A tensor name without <c>:0</c>.</summary>
    public static string Bare(string name) => name.EndsWith(":0", StringComparison.Ordinal) ? name[..^2] : name;

    /// <summary>What the graph says about a tensor.</summary>
    public static NtkTensorSpec Describe(IReadOnlyList<GraphNode> nodes, TensorRef tensor, string name)
    {
        GraphNode node = nodes[tensor.Node];
        int[]? shape = node.Attributes.TryGetValue("_output_shapes", out AttrValue? shapes) && shapes.List?.Shape.Count > tensor.Output
            ? TensorProtos.Shape(shapes.List.Shape[tensor.Output])
            : node.Attributes.TryGetValue("shape", out AttrValue? own) && own.Shape is not null ? TensorProtos.Shape(own.Shape) : null;
        return new NtkTensorSpec(Bare(name), shape, TypeOf(node) ?? NtkDType.Float32);
    }

    private static NtkDType? TypeOf(GraphNode node)
    {
        if (node.Op is "Less" or "LessEqual" or "Greater" or "GreaterEqual" or "Equal" or "NotEqual" or "LogicalAnd" or "LogicalOr" or "LogicalNot" or "All" or "Any")
        {
            return NtkDType.Bool;
        }
        foreach (string attribute in new[] { "dtype", "DstT", "output_type", "out_type", "Tparams", "T" })
        {
            if (node.Attributes.TryGetValue(attribute, out AttrValue? value) && value.ValueCase == AttrValue.ValueOneofCase.Type)
            {
                return TensorProtos.TypeOf(value.Type);
            }
        }
        return node.Op is "ArgMax" or "ArgMin" ? NtkDType.Int64 : null;
    }

    // Everything that the outputs read, up to the cuts.
    private static HashSet<TensorRef> Reached(List<GraphNode> nodes, IEnumerable<TensorRef> cuts, IEnumerable<TensorRef> outputs)
    {
        var stop = new HashSet<TensorRef>(cuts);
        var reached = new HashSet<TensorRef>();
        var visited = new HashSet<int>();
        var stack = new Stack<TensorRef>(outputs);
        while (stack.Count > 0)
        {
            TensorRef next = stack.Pop();
            if (reached.Add(next) && !stop.Contains(next) && visited.Add(next.Node))
            {
                foreach (TensorRef input in nodes[next.Node].Inputs)
                {
                    stack.Push(input);
                }
            }
        }
        return reached;
    }

    // The same nodes without the edges that close TF 1 loops, for those who only look.
    private static FlatGraph Acyclic(List<GraphNode> nodes, TensorRef[] arguments, TensorRef[] results)
    {
        List<GraphNode> open = nodes.ConvertAll(n => n);
        for (int i = 0; i < nodes.Count; i++)
        {
            if (nodes[i].Op == "Merge" && nodes[i].Inputs.FirstOrDefault(t => nodes[t.Node].Op == "NextIteration", s_none) is var next && next != s_none)
            {
                // A variable that no iteration changes is what it was before the loop.
                TensorRef carried = nodes[next.Node].Inputs[0];
                while (nodes[carried.Node].Op is "Identity" or "Switch")
                {
                    carried = nodes[carried.Node].Inputs[0];
                }
                open[i] = new GraphNode(nodes[i].Name, carried.Node == i ? "Identity" : nodes[i].Op, nodes[i].Attributes) { Inputs = nodes[i].Inputs.Where(t => nodes[t.Node].Op != "NextIteration").ToArray() };
            }
        }
        // The bodies are reached through the variables' next values.
        IEnumerable<TensorRef> bodies = Enumerable.Range(0, nodes.Count).Where(i => nodes[i].Op == "NextIteration").Select(i => new TensorRef(i, 0));
        return new FlatGraph(open, arguments, [.. results, .. bodies]);
    }

    private static string Similar(List<GraphNode> nodes, string tensor)
    {
        string last = Bare(tensor).Split('/')[^1].Split(':')[0];
        string[] close = nodes.Select(n => n.Name).Where(n => last.Length > 0 && n.Contains(last, StringComparison.OrdinalIgnoreCase)).Take(5).ToArray();
        return close.Length == 0 ? "" : $" Did you mean {string.Join(" or ", close)}?";
    }
}
