using System.Runtime.InteropServices;
using Ntk.Core.Autodiff;
using Ntk.Core.Formats;
using Ntk.Core.Formats.Graphs;
using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Runs a TensorFlow graph over traced values; nothing but the ops' own rules is executed.</summary>
/// <param name="trace">Where equations are recorded.</param>
/// <param name="functions">The graph's functions.</param>
/// <param name="parameter">The value of a parameter, by its number.</param>
internal sealed class GraphTracer(Trace trace, GraphFlattener functions, Func<int, Value> parameter)
{
    private readonly Dictionary<GraphNode, object[]> _constants = [];
    private readonly Dictionary<int, Value> _parameters = [];

    /// <summary>Under which an error's data hold the op that it is about.</summary>
    public const string OpKey = "op";

    /// <summary>Where equations are recorded.</summary>
    public Trace Trace => trace;

    /// <summary>The value of one of the model's parameters.</summary>
    public Value Parameter(VariableHandle handle) => Parameter(handle.Parameter);

    /// <summary>A tracer of the same graph's functions over another trace, without parameters.</summary>
    public GraphTracer On(Trace other) => On(other, i => throw new InvalidDataException($"a gradient's function reads the variable {i}"));

    /// <summary>A tracer of the same graph's functions over another trace, in which parameters are what <paramref name="read"/> says.</summary>
    public GraphTracer On(Trace other, Func<int, Value> read) => new(other, functions, read);

    /// <summary>A function's graph.</summary>
    public FlatGraph Function(string name) => functions.Function(name);

    /// <summary>A tracer of the same graph's functions to which every parameter comes through a gate.</summary>
    public GraphTracer Through(Func<Value, Value> gate) => new(trace, functions, i => gate(Parameter(i)));

    /// <summary>Runs a function by name.</summary>
    public object[] Call(string function, IReadOnlyList<object> arguments) => Run(functions.Function(function), arguments);

    /// <summary>Runs what some results of a function need.</summary>
    public object[] Call(string function, IReadOnlyList<object> arguments, IEnumerable<int> results)
    {
        FlatGraph whole = functions.Function(function);
        return Run(new FlatGraph(whole.Nodes, whole.Arguments, results.Select(r => whole.Outputs[r]).ToArray()), arguments);
    }

    /// <summary>Runs a graph: one result for each of its outputs.</summary>
    /// <exception cref="NtkException">An op is not supported, or operands do not fit; the node is named.</exception>
    public object[] Run(FlatGraph graph, IReadOnlyList<object> arguments)
    {
        if (arguments.Count != graph.Arguments.Count)
        {
            throw new InvalidDataException($"a function of {graph.Arguments.Count} arguments is given {arguments.Count}");
        }
        var given = new Dictionary<TensorRef, object>();
        for (int i = 0; i < arguments.Count; i++)
        {
            given[graph.Arguments[i]] = arguments[i];
        }
        var results = new object[graph.Nodes.Count][];
        var branches = new OpenBranches(graph);
        object Read(TensorRef tensor)
        {
            if (given.TryGetValue(tensor, out object? value))
            {
                return value;
            }
            object[] outputs = results[tensor.Node];
            return outputs == s_dead ? DeadTensor.Instance : tensor.Output < outputs.Length ? outputs[tensor.Output]
                : throw new InvalidDataException($"'{graph.Nodes[tensor.Node].Name}' ({graph.Nodes[tensor.Node].Op}) has no output {tensor.Output}");
        }
        foreach (int index in graph.Order)
        {
            GraphNode node = graph.Nodes[index];
            bool dead = node.Controls.Length > 0 && Array.Exists(node.Controls, c => results[c] == s_dead || results[c].All(r => r is DeadTensor));
            results[index] = dead ? s_dead : Evaluate(graph, index, Array.ConvertAll(node.Inputs, Read), branches);
        }
        return graph.Outputs.Select(Read).ToArray();
    }

    private Value Parameter(int index)
    {
        if (!_parameters.TryGetValue(index, out Value? value))
        {
            _parameters.Add(index, value = parameter(index));
        }
        return value;
    }

    private static readonly object[] s_dead = [];

    private object[] Evaluate(FlatGraph graph, int index, object[] inputs, OpenBranches branches)
    {
        GraphNode node = graph.Nodes[index];
        if (node.Op != "Merge" && Array.IndexOf(inputs, DeadTensor.Instance) >= 0)
        {
            return s_dead;
        }
        bool constant = node.Op == "Const";
        if (constant && _constants.TryGetValue(node, out object[]? known))
        {
            return known;
        }
        OpDefinition op = OpTable.Find(node.Op) ?? throw GraphSurvey.Error([(node.Op, node.Name, 1)]);
        try
        {
            if (branches.Any && node.Op == "Merge" && inputs.Count(i => i is not DeadTensor) > 1)
            {
                return branches.Merge(index, inputs);
            }
            var context = new OpContext(this, graph, node, inputs);
            object[] outputs = op.Run(context).Outputs;
            context.CheckAttributes();
            if (node.Op == "Switch" && inputs[1] is Value condition && !condition.IsKnown())
            {
                branches.Add(index, ControlOps.Truth(condition));
            }
            else if (branches.Any)
            {
                branches.Inherit(index);
                if (node.Parameter is not null && outputs is [Value read])
                {
                    return [branches.Gate(index, read)];
                }
            }
            if (constant)
            {
                _constants[node] = outputs;
            }
            return outputs;
        }
        catch (ShapeException error)
        {
            throw At(node, NtkErrorId.ShapeMismatch, error.Message, error);
        }
        catch (InvalidDataException error)
        {
            throw At(node, NtkErrorId.FileCorrupt, error.Message, error);
        }
        catch (ExternalException error)
        {
            // Libtorch's own message continues with a native stack.
            throw At(node, NtkErrorId.ShapeMismatch, error.Message.Split('\n')[0], error);
        }
        catch (NtkException error) when (error.Target is null)
        {
            throw At(node, error.ErrorId, error.Message, error);
        }
    }

    private static NtkException At(GraphNode node, string id, string message, Exception inner) =>
        new(id, $"Node '{node.Name}' ({node.Op}): {message.TrimEnd('.')}.", inner) { Target = node.Name, Data = { [OpKey] = node.Op } };
}
