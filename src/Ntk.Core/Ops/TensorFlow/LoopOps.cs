using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using Ntk.Core.Formats.Graphs;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>
/// Loops: While, For and those of TF 1. A loop is unrolled as long as its condition is known while tracing. From the first step on whose condition depends
/// on the data or the parameters it stays a loop of the program (<see cref="Loop"/>), which runs for the values at hand: a batch as often as its common condition
/// says, an example alone as often as it needs itself. Where its steps write lists at places that count them, it is a <see cref="BoundedLoop"/>.
/// </summary>
internal static class LoopOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } = [new("While", While), new("StatelessWhile", While), new(GraphNode.LoopOp, Loop), new("For", For)];

    private static OpResult While(OpContext c)
    {
        string condition = c.Function("cond"), body = c.Function("body");
        return OpResult.Of(Iterate(c, c.Inputs, c.Inputs.Length, c.Tracer.Function(condition), c.Tracer.Function(body)));
    }

    private static OpResult Loop(OpContext c)
    {
        (FlatGraph condition, FlatGraph body) = c.Node.Loop!.Value;
        return OpResult.Of(Iterate(c, c.Inputs, body.Outputs.Count, condition, body));
    }

    // For(start, limit, delta, state…; body (i, state…) → state…)
    private static OpResult For(OpContext c)
    {
        string body = c.Function("body");
        object[] state = c.Inputs[3..];
        int start = c.KnownInt(0), limit = c.KnownInt(1), delta = c.KnownInt(2);
        for (int i = start; delta > 0 ? i < limit : delta < 0 && i > limit; i += delta)
        {
            state = c.Tracer.Call(body, [c.Trace.Constant(tensor(i, ScalarType.Int32)), .. state]);
        }
        return OpResult.Of(state);
    }

    // What lies behind the variables stays as it is.
    private static object[] Iterate(OpContext c, object[] inputs, int variables, FlatGraph condition, FlatGraph body)
    {
        var state = (object[])inputs.Clone();
        while (true)
        {
            Value more = ControlOps.Truth((Value)c.Tracer.Run(condition, state)[0]);
            if (!more.IsKnown())
            {
                try
                {
                    return Recorded(c, state, variables, condition, body)[..variables];
                }
                catch (Exception error) when (error is NtkException or ShapeException && BoundedLoop.HasBound(more))
                {
                    if (BoundedLoop.TryRun(c, WithoutGaps(c, state, new bool[state.Length], body), variables, condition, body, more) is { } result)
                    {
                        return result;
                    }
                    throw;
                }
            }
            if (more.KnownScalar() == 0)
            {
                return state[..variables];
            }
            c.Tracer.Run(body, state).CopyTo(state, 0);
        }
    }

    // The loop as a primitive of the program. Known values that no step changes (shapes, axes) stay known within it.
    private static object[] Recorded(OpContext c, object[] state, int variables, FlatGraph condition, FlatGraph body)
    {
        var trace = new Trace(c.Trace.FloatType);
        var outer = new List<Value>();                                      // the loop's operands: variables first
        var inner = new List<Value>();
        Value Enter(Value value)
        {
            outer.Add(value);
            inner.Add(value.DType.IsDifferentiable() ? trace.Parameter(value.Type) : trace.Input(value.Type));
            return inner[^1];
        }
        bool[] fixedSlots = Enumerable.Range(0, state.Length).Select(k => k >= variables || IsUnchanged(body, k)).ToArray();
        state = WithoutGaps(c, state, fixedSlots, body);
        object?[] arguments = new object?[state.Length];
        for (int k = 0; k < state.Length; k++)
        {
            arguments[k] = fixedSlots[k] ? null : Each(state[k], Enter);
        }
        int count = outer.Count;
        var shared = new Dictionary<Value, Value>();
        Value Read(Value value)
        {
            if (!shared.TryGetValue(value, out Value? own))
            {
                shared[value] = own = value.IsKnown() ? trace.Constant(value.Constant!.alias()) : Enter(value);
            }
            return own;
        }
        for (int k = 0; k < state.Length; k++)
        {
            arguments[k] ??= Each(state[k], Read);
        }
        GraphTracer tracer = c.Tracer.On(trace, i => Read(c.Tracer.Parameter(new VariableHandle(i))));
        Value holds = ControlOps.Truth((Value)tracer.Run(condition, arguments!)[0]);
        object[] results = tracer.Run(body, arguments!);
        var next = new List<Value>();
        for (int k = 0; k < variables; k++)
        {
            if (!fixedSlots[k])
            {
                int before = next.Count;
                Each(Filled(results[k], trace), v =>
                {
                    next.Add(v);
                    return v;
                });
                for (int i = before; i < next.Count; i++)
                {
                    if (i >= count || !next[i].Type.Same(outer[i].Type))
                    {
                        throw OpContext.Unsupported($"a loop whose number of steps depends on the data or the parameters, and with it the shape of '{body.Nodes[body.Outputs[k].Node].Name}',");
                    }
                }
            }
        }
        if (next.Count != count)
        {
            throw OpContext.Unsupported("a loop whose number of steps depends on the data or the parameters, and with it the length of a list,");
        }
        int[] Positions(Program program) => inner.Select(v => v.DType.IsDifferentiable()
            ? program.Parameters[inner.Where(i => i.DType.IsDifferentiable()).ToList().IndexOf(v)]
            : program.Inputs[inner.Where(i => !i.DType.IsDifferentiable()).ToList().IndexOf(v)]).ToArray();
        Program step = trace.Finish([holds, .. next]);
        var loop = new LoopProgram(step, Positions(step));
        Value[] operands = outer.ToArray();
        int result = 0;
        return state.Select((s, k) => fixedSlots[k] ? s : Each(s, _ => c.Trace.Apply(new Loop(loop, result++), operands))).ToArray();
    }

    // The tensors of a slot, one by one; what is no tensor passes as it is.
    internal static object Each(object slot, Func<Value, Value> function) => slot switch
    {
        Value value => function(value),
        TensorList list => list.Of(list.Items.Select(i => i is null ? null : function(i)).ToArray()),
        _ => slot,
    };

    // Lists whose elements never written have no known shape take it from what one step would write.
    private static object[] WithoutGaps(OpContext c, object[] state, bool[] fixedSlots, FlatGraph body)
    {
        object[]? step = null;
        return state.Select((s, k) =>
        {
            if (fixedSlots[k] || s is not TensorList list || list.Items.All(i => i is not null))
            {
                return s;
            }
            step ??= c.Tracer.Run(body, state);
            long[]? shape = step[k] is TensorList next ? next.Items.FirstOrDefault(i => i is not null)?.Shape : null;
            return list.Of(list.All(c.Trace, shape));
        }).ToArray();
    }

    // A list without gaps, as far as its elements' shape is known: elements never written are zero.
    private static object Filled(object slot, Trace trace) => slot is TensorList list && list.Items.Any(i => i is null) ? list.Of(list.All(trace)) : slot;

    // Whether a step passes a variable on as it is.
    private static bool IsUnchanged(FlatGraph body, int variable)
    {
        TensorRef result = body.Outputs[variable];
        while (result != body.Arguments[variable] && body.Nodes[result.Node] is { Op: "Identity", Inputs: [var input] })
        {
            result = input;
        }
        return result == body.Arguments[variable];
    }
}
