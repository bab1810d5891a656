using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Graphs;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>
/// TF 1's conditionals whose condition depends on the data or the parameters: both sides of the Switch are computed, and the Merge behind them selects. Keeps
/// in which sides of which Switch each node of a graph lies.
/// </summary>
internal sealed class OpenBranches(FlatGraph graph)
{
    private readonly record struct Side(Value Condition, bool Taken);

    private readonly Dictionary<int, Side[]> _sides = [];
    private readonly Dictionary<int, Value> _switches = [];

    /// <summary>Whether there is any.</summary>
    public bool Any => _switches.Count > 0;

    /// <summary>Notes a Switch that could not be decided.</summary>
    public void Add(int node, Value condition)
    {
        Inherit(node);
        _switches[node] = condition;
    }

    /// <summary>A node lies where its inputs and control inputs lie.</summary>
    public void Inherit(int node)
    {
        GraphNode current = graph.Nodes[node];
        Side[] sides = current.Inputs.SelectMany(Of).Concat(current.Controls.SelectMany(c => Of(new TensorRef(c, 0)))).Distinct().ToArray();
        if (sides.Length > 0)
        {
            _sides[node] = sides;
        }
    }

    /// <summary>A parameter that is read within a side: its derivative counts only where that side is taken.</summary>
    public Value Gate(int node, Value parameter)
    {
        foreach (Side side in _sides.GetValueOrDefault(node) ?? [])
        {
            parameter = ControlOps.Gate(parameter, side.Taken ? side.Condition : Lax.Not(side.Condition));
        }
        return parameter;
    }

    /// <summary>The outputs of a Merge of two tensors that are both alive.</summary>
    public object[] Merge(int node, object[] inputs)
    {
        TensorRef[] from = graph.Nodes[node].Inputs;
        int[] alive = Enumerable.Range(0, inputs.Length).Where(i => inputs[i] is not DeadTensor).ToArray();
        if (alive.Length == 2 && inputs[alive[0]] is Value a && inputs[alive[1]] is Value b)
        {
            Side[] first = Of(from[alive[0]]).ToArray(), second = Of(from[alive[1]]).ToArray();
            // The innermost condition on which both sides differ.
            int at = Array.FindLastIndex(first, s => second.Contains(s with { Taken = !s.Taken }));
            if (at >= 0)
            {
                Side side = first[at];
                _sides[node] = first.Where(s => second.Contains(s)).ToArray();
                (Value yes, Value no, int ifYes, int ifNo) = side.Taken ? (a, b, alive[0], alive[1]) : (b, a, alive[1], alive[0]);
                if (!yes.Shape.AsSpan().SequenceEqual(no.Shape))
                {
                    throw OpContext.Unsupported($"a conditional that depends on the data, whose branches give {yes.Type} and {no.Type},");
                }
                Value index = Lax.Select(side.Condition, yes.Trace.Constant(tensor(ifYes, ScalarType.Int32)), yes.Trace.Constant(tensor(ifNo, ScalarType.Int32)));
                return [Lax.Select(side.Condition, yes, no), index];
            }
        }
        throw OpContext.Unsupported("a Merge of tensors that are both alive and belong to no one conditional");
    }

    private IEnumerable<Side> Of(TensorRef tensor)
    {
        IEnumerable<Side> outer = _sides.GetValueOrDefault(tensor.Node) ?? [];
        return _switches.TryGetValue(tensor.Node, out Value? condition) ? outer.Append(new Side(condition, tensor.Output == 1)) : outer;
    }
}
