using Ntk.Core.Formats.Protos;
using Ntk.Core.Ops.TensorFlow;

namespace Ntk.Core.Formats.Graphs;

/// <summary>
/// Replaces calls of functions by the functions' nodes, to any depth, so that a graph is one flat list; what If, Case and While call stays a function.
/// An inner node's name is behind that of its call: <c>StatefulPartitionedCall/model/dense/BiasAdd</c>.
/// </summary>
/// <param name="library">The functions.</param>
/// <param name="gradients">Custom gradients by the name under which nodes refer to them.</param>
internal sealed class GraphFlattener(FunctionDefLibrary? library, IReadOnlyDictionary<string, CustomGradient>? gradients = null)
{
    /// <summary>Names the gradient of its author's own that an IdentityN has.</summary>
    public const string GradientAttribute = "_gradient_op_type";

    private const int DeepestCall = 200;
    private readonly Dictionary<string, FunctionDef> _functions = Index(library);
    private readonly Dictionary<string, FlatGraph> _flat = [];

    /// <summary>A function's graph, arguments and results.</summary>
    /// <exception cref="InvalidDataException">There is no such function.</exception>
    public FlatGraph Function(string name)
    {
        lock (_flat)
        {
            if (!_flat.TryGetValue(name, out FlatGraph? graph))
            {
                FunctionDef function = Find(name);
                var build = new Build(this);
                var scope = new Scope("", null, null, function);
                TensorRef[] arguments = function.Signature.InputArg.Select(a => new TensorRef(build.Add(new GraphNode(a.Name, GraphNode.ArgumentOp, Empty)), 0)).ToArray();
                scope.OuterArguments = arguments;
                build.Expand(scope, function.NodeDef, 0);
                build.Connect();
                graph = new FlatGraph(build.Nodes, arguments, function.Signature.OutputArg.Select(o => Build.Resolve(scope, function.Ret.GetValueOrDefault(o.Name) ?? throw new InvalidDataException($"the function '{name}' does not say what its result '{o.Name}' is"))).ToArray());
                LoopRewriter.Rewrite(build.Nodes);
                _flat[name] = graph;
            }
            return graph;
        }
    }

    /// <summary>A graph's nodes, and what tells where a tensor of a given name is.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="roots">Names of the nodes that are needed; null for all.</param>
    public (List<GraphNode> Nodes, Func<string, TensorRef?> Find) Flatten(GraphDef graph, IEnumerable<string>? roots)
    {
        var build = new Build(this);
        var scope = new Scope("", null, null, null);
        build.Expand(scope, roots is null ? graph.Node : Reachable(graph, roots), 0);
        build.Connect();
        var byName = new Dictionary<string, int>();
        for (int i = 0; i < build.Nodes.Count; i++)
        {
            byName.TryAdd(build.Nodes[i].Name, i);
        }
        return (build.Nodes, name => Locate(build, scope, byName, name));
    }

    private CustomGradient? Gradient(string type) => gradients?.GetValueOrDefault(type);

    private static IReadOnlyDictionary<string, AttrValue> Empty { get; } = new Dictionary<string, AttrValue>();

    private static Dictionary<string, FunctionDef> Index(FunctionDefLibrary? library)
    {
        var functions = new Dictionary<string, FunctionDef>();
        foreach (FunctionDef function in library?.Function ?? [])
        {
            if (function.Signature is null)
            {
                continue; // without a name; whoever calls it will find that it is not defined
            }
            functions[function.Signature.Name] = function;
        }
        return functions;
    }

    private FunctionDef Find(string name) => _functions.TryGetValue(name, out FunctionDef? function)
        ? function : throw new InvalidDataException($"the function '{name}' is called but not defined");

    // The tensor "name", "name:1", or one inside a called function by its own name when only one has it.
    private static TensorRef? Locate(Build build, Scope scope, Dictionary<string, int> byName, string tensor)
    {
        int colon = tensor.LastIndexOf(':');
        bool numbered = int.TryParse(tensor.AsSpan(colon + 1), out int output) && colon > 0;
        string name = numbered ? tensor[..colon] : tensor;
        if (scope.Entries.ContainsKey(name))
        {
            return Build.Resolve(scope, numbered ? tensor : $"{tensor}:0");
        }
        if (byName.TryGetValue(name, out int node))
        {
            return new TensorRef(node, numbered ? output : 0);
        }
        int[] inner = Enumerable.Range(0, build.Nodes.Count).Where(i => build.Nodes[i].Name.EndsWith('/' + name, StringComparison.Ordinal)).Take(2).ToArray();
        return inner.Length == 1 ? new TensorRef(inner[0], numbered ? output : 0) : null;
    }

    private static List<NodeDef> Reachable(GraphDef graph, IEnumerable<string> roots)
    {
        var byName = new Dictionary<string, NodeDef>();
        foreach (NodeDef node in graph.Node)
        {
            byName[node.Name] = node;
        }
        var seen = new HashSet<string>();
        var stack = new Stack<string>(roots);
        while (stack.Count > 0)
        {
            string name = stack.Pop();
            if (seen.Add(name) && byName.TryGetValue(name, out NodeDef? node))
            {
                foreach (string input in node.Input)
                {
                    stack.Push(InputName.Parse(input).Node);
                }
            }
        }
        return graph.Node.Where(n => seen.Contains(n.Name)).ToList();
    }

    /// <summary>The name of the function that a node calls; null for another op.</summary>
    private string? Called(NodeDef node) => node.Op is "PartitionedCall" or "StatefulPartitionedCall"
        ? node.Attr.TryGetValue("f", out AttrValue? f) ? f.Func?.Name : null
        : _functions.ContainsKey(node.Op) ? node.Op : null;

    private sealed class Scope(string prefix, Scope? parent, NodeDef? call, FunctionDef? function)
    {
        public string Prefix => prefix;

        public Scope? Parent => parent;

        public NodeDef? Call => call;

        public FunctionDef? Function => function;

        public Dictionary<string, (NodeDef Definition, int Node, Scope? Body)> Entries { get; } = [];

        public TensorRef[]? OuterArguments { get; set; }

        public Dictionary<string, int> Arguments { get; } =
            function?.Signature.InputArg.Select((a, i) => (a.Name, i)).ToDictionary(p => p.Name, p => p.i) ?? [];
    }

    private sealed class Build(GraphFlattener owner)
    {
        private readonly List<(Scope Scope, NodeDef Definition)> _origins = [];

        public List<GraphNode> Nodes { get; } = [];

        public int Add(GraphNode node)
        {
            Nodes.Add(node);
            return Nodes.Count - 1;
        }

        /// <summary>Makes nodes of a scope and of the functions that it calls.</summary>
        public void Expand(Scope scope, IEnumerable<NodeDef> definitions, int depth)
        {
            if (depth > DeepestCall)
            {
                throw new InvalidDataException($"functions call one another more than {DeepestCall} deep, at '{scope.Prefix}'");
            }
            foreach (NodeDef definition in definitions)
            {
                string name = scope.Prefix + definition.Name;
                if (owner.Called(definition) is { } called)
                {
                    FunctionDef function = owner.Find(called);
                    var body = new Scope(name + "/", scope, definition, function);
                    scope.Entries[definition.Name] = (definition, -1, body);
                    Expand(body, function.NodeDef, depth + 1);
                    continue;
                }
                while (_origins.Count < Nodes.Count)
                {
                    _origins.Add(default);
                }
                _origins.Add((scope, definition));
                scope.Entries[definition.Name] = (definition, Add(new GraphNode(name, OpTable.Normalize(definition.Op), definition.Attr)), null);
            }
        }

        /// <summary>Resolves the nodes' inputs, which may lie on the other side of a call.</summary>
        public void Connect()
        {
            bool conditional = Nodes.Any(n => n.Op == "Switch");
            for (int i = 0; i < _origins.Count; i++)
            {
                if (_origins[i].Definition is not { } definition)
                {
                    continue;
                }
                Scope scope = _origins[i].Scope;
                Nodes[i].Inputs = definition.Input.Where(n => !n.StartsWith('^')).Select(n => Resolve(scope, n)).ToArray();
                if (definition.Op == "IdentityN" && definition.Attr.TryGetValue(GradientAttribute, out AttrValue? type) &&
                    owner.Gradient(type.S.ToStringUtf8()) is { } gradient)
                {
                    TensorRef?[] read = gradient.Reads.Select(r => r is null ? null : Captured(scope, r)).ToArray();
                    Nodes[i].Gradient = gradient with { IsComplete = !read.Contains(null) };
                    Nodes[i].Inputs = [.. Nodes[i].Inputs, .. read.OfType<TensorRef>()];
                }
                // What reads no tensor is alive where its control inputs are: that is how a TF 1 conditional holds its constants.
                if (conditional && Nodes[i].Inputs.Length == 0)
                {
                    Nodes[i].Controls = definition.Input.Select(n => scope.Entries.TryGetValue(n[1..], out var entry) ? entry.Node : -1).Where(n => n >= 0).ToArray();
                }
            }
            if (conditional)
            {
                ForgetLivingControls();
            }
        }

        // What lies behind no Switch, or behind the Merge again, is always alive: to wait for it means nothing here.
        private void ForgetLivingControls()
        {
            var readers = new List<int>[Nodes.Count];
            for (int i = 0; i < Nodes.Count; i++)
            {
                foreach (int before in Nodes[i].Inputs.Select(t => t.Node).Concat(Nodes[i].Controls))
                {
                    (readers[before] ??= []).Add(i);
                }
            }
            var mayBeDead = new bool[Nodes.Count];
            var pending = new Stack<int>(Enumerable.Range(0, Nodes.Count).Where(i => Nodes[i].Op == "Switch"));
            while (pending.Count > 0)
            {
                int node = pending.Pop();
                if (!mayBeDead[node] && Nodes[node].Op is not ("Merge" or "Exit"))
                {
                    mayBeDead[node] = true;
                    readers[node]?.ForEach(pending.Push);
                }
            }
            foreach (GraphNode node in Nodes.Where(n => n.Controls.Length > 0))
            {
                node.Controls = Array.FindAll(node.Controls, c => mayBeDead[c]);
            }
        }

        // A tensor of the function's own graph, whose arguments go by names that the definition may have changed to letters, digits and underscores.
        private static TensorRef? Captured(Scope scope, string tensor)
        {
            InputName name = InputName.Parse(tensor);
            if (scope.Entries.ContainsKey(name.Node) || scope.Arguments.ContainsKey(name.Node))
            {
                return Resolve(scope, scope.Entries.ContainsKey(name.Node) ? tensor : name.Node);
            }
            string plain = string.Concat(name.Node.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '_'));
            return scope.Arguments.ContainsKey(plain) ? Resolve(scope, plain) : null;
        }

        /// <summary>The node output that a name in a scope stands for, followed into and out of calls.</summary>
        public static TensorRef Resolve(Scope scope, string input)
        {
            while (true)
            {
                InputName name = InputName.Parse(input);
                if (name.Output is null && scope.Arguments.TryGetValue(name.Node, out int argument))
                {
                    if (scope.OuterArguments is { } outer)
                    {
                        return outer[argument];
                    }
                    input = scope.Call!.Input.Where(n => !n.StartsWith('^')).ElementAtOrDefault(argument)
                        ?? throw new InvalidDataException($"the call '{scope.Call.Name}' gives too few arguments");
                    scope = scope.Parent!;
                    continue;
                }
                if (!scope.Entries.TryGetValue(name.Node, out var entry))
                {
                    throw new InvalidDataException($"the node '{scope.Prefix}{name.Node}' is read but not defined");
                }
                if (entry.Body is null)
                {
                    return new TensorRef(entry.Node, OpTable.OutputIndex(entry.Definition.Op, name.Output, name.Index));
                }
                FunctionDef function = entry.Body.Function!;
                int named = name.Output is null ? -1 : function.Signature.OutputArg.ToList().FindIndex(o => o.Name == name.Output);
                int output = named >= 0 && entry.Definition.Op == function.Signature.Name ? named : name.Index;
                if (output >= function.Signature.OutputArg.Count || !function.Ret.TryGetValue(function.Signature.OutputArg[output].Name, out string? result))
                {
                    throw new InvalidDataException($"the function '{function.Signature.Name}' has no result {output}, which '{input}' reads");
                }
                input = result;
                scope = entry.Body;
            }
        }
    }
}

/// <summary>An input as nodes write it: <c>node</c>, <c>node:1</c>, <c>^node</c>, and <c>node:output:1</c> inside functions.</summary>
internal readonly record struct InputName(string Node, string? Output, int Index)
{
    /// <summary>Takes an input apart.</summary>
    public static InputName Parse(string input)
    {
        string[] parts = input.TrimStart('^').Split(':');
        return parts.Length switch
        {
            1 => new InputName(parts[0], null, 0),
            2 => int.TryParse(parts[1], out int index) ? new InputName(parts[0], null, index) : new InputName(parts[0], parts[1], 0),
            _ => new InputName(parts[0], parts[1], int.TryParse(parts[2], out int index) ? index : throw new InvalidDataException($"'{input}' names no tensor")),
        };
    }
}
