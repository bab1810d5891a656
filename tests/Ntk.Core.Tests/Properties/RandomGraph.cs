using System.Text;
using Google.Protobuf;
using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Graphs;
using Ntk.Core.Formats.Protos;
using Ntk.Core.Ops.TensorFlow;
using Ntk.Core.Tensors;
using Ntk.Core.Tests.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Properties;

/// <summary>A tensor of the graph being made: its name, and its sizes at <see cref="RandomGraph.Examples"/> examples.</summary>
/// <param name="Name">The node, with <c>:1</c> for an output other than the first.</param>
/// <param name="Shape">Sizes; the first counts examples, or several rows an example.</param>
/// <param name="Least">Its smallest element.</param>
/// <param name="Largest">Its largest magnitude.</param>
internal sealed record RandomTensor(string Name, long[] Shape, double Least, double Largest)
{
    /// <summary>The number of axes.</summary>
    public int Rank => Shape.Length;
}

/// <summary>
/// A small graph of random ops with random attributes: f(x, p0, p1, …) of a batch of examples and a few parameters. It is evaluated while it grows, so that ops
/// are only given what they are defined for. The same seed makes the same graph.
/// </summary>
internal sealed class RandomGraph
{
    /// <summary>The batch that the graph is made with; no other size in it is this one.</summary>
    public const int Examples = 5;

    private const double Limit = 8;
    private const int MostElements = 60;

    private readonly Random _random;
    private readonly GraphDef _graph = new();
    private readonly List<RandomTensor> _pool = [];

    /// <summary>Makes the graph of a seed.</summary>
    public RandomGraph(int seed)
    {
        _random = new Random(seed);
        long[] shape = Pick<long[]>([4], [3, 2], [4, 4, 2], [3, 3, 3], [2, 6], [6, 6, 1], [1, 4], [2, 2, 2, 2]);
        _graph.Node.Add(Placeholder("x", [-1, .. shape]));
        X1 = Draw([Examples, .. shape]);
        X2 = Draw([2, .. shape]);
        _pool.Add(Measure("x")!);
        int steps = _random.Next(3, 9);
        for (int tries = 0; steps > 0 && tries < 200; tries++)
        {
            // Mostly on from the last tensor, so that graphs are deep.
            RandomTensor x = _random.Next(4) > 0 ? _pool[^1] : Pick(_pool.ToArray());
            int before = _graph.Node.Count;
            if (RandomOps.All[_random.Next(RandomOps.All.Count)](this, x) is not { } made)
            {
                Forget(before);
                continue;
            }
            // A window that is larger than the image has no result.
            if (Measure(made) is not { } y)
            {
                Forget(before);
                continue;
            }
            if (y.Shape.Any(d => d == 0) || y.Shape.Length == 0 || y.Shape[0] % Examples != 0 || y.Shape.Aggregate(1L, (a, b) => a * b) > Examples * MostElements || !double.IsFinite(y.Largest))
            {
                Forget(before);
                continue;
            }
            if (y.Largest > Limit)
            {
                y = Measure(Node("Tanh", [Node("Mul", [y.Name, Floats([], 1 / y.Largest)])]))!;
            }
            _pool.Add(y);
            steps--;
        }
        Finish(_pool[^1]);
    }

    /// <summary>The graph; its last node is the output.</summary>
    public GraphDef Graph => _graph;

    /// <summary>The output's name.</summary>
    public string Output => _graph.Node[^1].Name;

    /// <summary>Inputs of both sides.</summary>
    public NtkTensor X1 { get; }

    /// <summary>The other side.</summary>
    public NtkTensor X2 { get; }

    /// <summary>The parameters' values by the names of their placeholders.</summary>
    public Dictionary<string, NtkTensor> Parameters { get; } = [];

    /// <summary>The graph, one node a line.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (NodeDef node in _graph.Node)
        {
            text.Append("  ").Append(node.Name).Append(" = ").Append(node.Op).Append('(').AppendJoin(", ", node.Input).Append(')');
            foreach ((string name, AttrValue value) in node.Attr)
            {
                text.Append(' ').Append(name).Append('=').Append(value.Tensor is { } tensor ? $"{tensor.IntVal}{tensor.FloatVal}{tensor.BoolVal}" : value.ToString());
            }
            text.AppendLine();
        }
        return text.ToString();
    }

    /// <summary>One of several.</summary>
    public T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];

    /// <summary>A number from low to high, both included.</summary>
    public int Number(int low, int high) => _random.Next(low, high + 1);

    /// <summary>True or false.</summary>
    public bool Coin() => _random.Next(2) == 0;

    /// <summary>An axis other than the examples', counted from either end; the same axis counted from the front.</summary>
    public (long Written, int Axis) Axis(RandomTensor x, int first = 1)
    {
        int axis = _random.Next(first, x.Rank);
        return (Coin() ? axis : axis - x.Rank, axis);
    }

    /// <summary>Some axes other than the examples', at least one.</summary>
    public int[] Axes(RandomTensor x)
    {
        int[] axes = Enumerable.Range(1, x.Rank - 1).Where(_ => Coin()).ToArray();
        return axes.Length > 0 ? axes : [_random.Next(1, x.Rank)];
    }

    /// <summary>Another tensor of the graph that fits.</summary>
    public RandomTensor? Other(Func<RandomTensor, bool> fits)
    {
        RandomTensor[] all = _pool.Where(fits).ToArray();
        return all.Length == 0 ? null : Pick(all);
    }

    /// <summary>A parameter of a shape: a new one, or one that the graph uses already.</summary>
    public string Parameter(params long[] shape)
    {
        string? known = Parameters.FirstOrDefault(p => p.Value.Shape.Select(d => (long)d).SequenceEqual(shape)).Key;
        if (known is not null && Coin())
        {
            return known;
        }
        string name = $"p{Parameters.Count}";
        Parameters.Add(name, Draw(shape));
        _graph.Node.Add(Placeholder(name, shape));
        return name;
    }

    /// <summary>A constant of numbers.</summary>
    public string Floats(long[] shape, params double[] values)
    {
        string name = $"c{_graph.Node.Count}";
        _graph.Node.Add(GraphFixtures.Constant(name, shape, [.. values.Select(v => (float)v)]));
        return name;
    }

    /// <summary>A vector of whole numbers.</summary>
    public string Integers(params long[] values) => Integers([values.Length], values);

    /// <summary>A constant of whole numbers.</summary>
    public string Integers(long[] shape, long[] values)
    {
        var tensor = new TensorProto { Dtype = DataType.DtInt32, TensorShape = ShapeOf(shape) };
        tensor.IntVal.AddRange(values.Select(v => (int)v));
        string name = $"c{_graph.Node.Count}";
        _graph.Node.Add(GraphFixtures.Node(name, "Const", [], ("value", tensor), ("dtype", DataType.DtInt32)));
        return name;
    }

    /// <summary>Adds a node.</summary>
    public string Node(string op, string[] inputs, params (string, object)[] attributes)
    {
        string name = $"n{_graph.Node.Count}";
        _graph.Node.Add(GraphFixtures.Node(name, op, inputs, attributes));
        return name;
    }

    // The output: (examples, 1 to 3). What it does not need goes.
    private void Finish(RandomTensor last)
    {
        long count = last.Shape.Aggregate(1L, (a, b) => a * b) / Examples;
        Node("MatMul", [Node("Reshape", [last.Name, Integers(-1, count)]), Parameter(count, Number(1, 3))]);
        var needed = new HashSet<string> { Output };
        foreach (NodeDef node in _graph.Node.Reverse().Where(n => needed.Contains(n.Name)))
        {
            needed.UnionWith(node.Input.Select(i => i.Split(':')[0]));
        }
        foreach (NodeDef node in _graph.Node.Where(n => !needed.Contains(n.Name)).ToArray())
        {
            _graph.Node.Remove(node);
            Parameters.Remove(node.Name);
        }
    }

    private void Forget(int count)
    {
        while (_graph.Node.Count > count)
        {
            Parameters.Remove(_graph.Node[^1].Name);
            _graph.Node.RemoveAt(_graph.Node.Count - 1);
        }
    }

    // What holds of a tensor must hold on both sides.
    private RandomTensor? Measure(string tensor)
    {
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        if (Evaluate(tensor, X1) is not { } left || Evaluate(tensor, X2) is not { } right)
        {
            return null;
        }
        return left.numel() == 0 ? new RandomTensor(tensor, left.shape, 0, 0) : new RandomTensor(tensor, left.shape,
            Math.Min(left.min().item<double>(), right.min().item<double>()), Math.Max(left.abs().max().item<double>(), right.abs().max().item<double>()));
    }

    private Tensor? Evaluate(string tensor, NtkTensor x)
    {
        (List<GraphNode> nodes, Func<string, TensorRef?> find) = new GraphFlattener(null).Flatten(_graph, null);
        var trace = new Trace(ScalarType.Float64);
        var given = Parameters.Append(new KeyValuePair<string, NtkTensor>("x", x)).ToArray();
        var flat = new FlatGraph(nodes, given.Select(g => find(g.Key)!.Value).ToArray(), [find(tensor)!.Value]);
        try
        {
            object[] results = new GraphTracer(trace, new GraphFlattener(null), _ => throw new InvalidOperationException()).Run(flat,
                given.Select(g => (object)trace.Constant(TorchTensors.ToTorch(g.Value).to(ScalarType.Float64))).ToArray());
            return ((Value)results[0]).Constant!;
        }
        catch (NtkException error) when (error.ErrorId == NtkErrorId.ShapeMismatch)
        {
            return null;
        }
        catch (NtkException error)
        {
            throw new InvalidOperationException($"{error.Message}\n{this}", error);
        }
    }

    private NtkTensor Draw(long[] shape)
    {
        long count = shape.Aggregate(1L, (a, b) => a * b);
        return NtkTensor.FromArray(Enumerable.Range(0, (int)count).Select(_ => (float)((_random.NextDouble() * 2) - 1)).ToArray(), Array.ConvertAll(shape, d => (int)d));
    }

    private static NodeDef Placeholder(string name, long[] shape)
    {
        NodeDef node = GraphFixtures.Placeholder(name);
        node.Attr["shape"] = new AttrValue { Shape = ShapeOf(shape) };
        return node;
    }

    private static TensorShapeProto ShapeOf(long[] shape) => new() { Dim = { shape.Select(d => new TensorShapeProto.Types.Dim { Size = d }) } };
}
