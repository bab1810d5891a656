using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>
/// Cells run over the time axis of a sequence (N, T, …). Stacked cells run one after the other over the whole sequence: none looks back at a later one.
/// </summary>
internal sealed class Recurrence(RecurrentCell[] cells)
{
    /// <summary>Whether every step's output is returned, or only the last.</summary>
    public bool ReturnSequences { get; init; }

    /// <summary>Whether the final states are returned too.</summary>
    public bool ReturnState { get; init; }

    /// <summary>Whether time runs backwards; the returned sequence then does, too.</summary>
    public bool GoBackwards { get; set; }

    /// <summary>Whether a masked step's output is zero instead of the one before.</summary>
    public bool ZeroOutputForMask { get; init; }

    /// <summary>The major version of Keras.</summary>
    public int Version { get; init; }

    /// <summary>Runs the layer.</summary>
    public IReadOnlyList<Flow> Call(LayerCall call)
    {
        List<Flow> initial = InitialStates(call);
        if (initial.Count > 0 && initial.Count != cells.Sum(k => k.StateCount))
        {
            throw new ShapeException($"{initial.Count} initial states for {cells.Sum(k => k.StateCount)}");
        }
        Value? mask = MaskOf(call, initial.Count > 0, Version), outputMask = ReturnSequences ? mask : null;
        Value sequence = call.FloatX;
        if (GoBackwards)
        {
            sequence = Lax.Reverse(sequence, 1);
            mask = mask is null ? null : Lax.Reverse(mask, 1);
        }
        Value[]? steps = mask is null ? null : Lax.Unstack(mask, 1);
        var finals = new List<Value>();
        IReadOnlyList<Value> raw = [];
        int used = 0;
        for (int k = 0; k < cells.Length; k++)
        {
            sequence = k == 0 ? sequence : Lax.Stack(raw, 1);
            Value projected = cells[k].Project(call, sequence);
            Value[] states = Enumerable.Range(0, cells[k].StateCount)
                .Select(i => initial.Count > 0 ? call.Float(initial[used + i].Value) : cells[k].Zero(call, projected)).ToArray();
            used += cells[k].StateCount;
            raw = Unroll(call, cells[k], projected, states, steps);
            finals.AddRange(states);
        }
        IReadOnlyList<Value> outputs = steps is null ? raw : Masked(raw, steps);
        Value result = ReturnSequences ? Lax.Stack(outputs, 1) : outputs[^1];
        var flows = new List<Flow> { new(result, outputMask) };
        if (ReturnState)
        {
            flows.AddRange(finals.Select(f => new Flow(f)));
        }
        return flows;
    }

    /// <summary>The states a call begins with: behind the sequence in a list (Keras 2), or by name (Keras 3).</summary>
    public static List<Flow> InitialStates(LayerCall call)
    {
        List<Flow> states = call.Inputs.Skip(1).ToList();
        states.AddRange(call.Tensors(1, "initial_state"));
        return states;
    }

    /// <summary>
    /// The mask that the layer sees. Keras 3 hands a sequence's mask on only where the sequence is the call's only tensor.
    /// </summary>
    public static Value? MaskOf(LayerCall call, bool hasStates, int version)
    {
        if (version >= 3 && hasStates)
        {
            return call.Keyword("mask") is Flow given ? LayerCall.AsBoolean(given.Value) : null;
        }
        return call.Mask;
    }

    // Gives the outputs of all steps and leaves the final states in place. A masked step leaves the states as they are.
    private static List<Value> Unroll(LayerCall call, RecurrentCell cell, Value projected, Value[] states, Value[]? mask)
    {
        Func<Value, Value[], Value[]> step = cell.Begin(call);
        var outputs = new List<Value>();
        for (int t = 0; t < projected.Shape[1]; t++)
        {
            Value[] next = step(Lax.Index(projected, 1, t), states);
            outputs.Add(next[0]);
            for (int i = 0; i < states.Length; i++)
            {
                states[i] = mask is null ? next[i] : Lax.Select(Spread(mask[t], next[i]), next[i], states[i]);
            }
        }
        return outputs;
    }

    private List<Value> Masked(IReadOnlyList<Value> raw, Value[] mask)
    {
        var outputs = new List<Value>();
        Value zero = Lax.BroadcastTo(Lax.ScalarLike(raw[0], 0), raw[0].Shape), before = zero;
        for (int t = 0; t < raw.Count; t++)
        {
            before = Lax.Select(Spread(mask[t], raw[t]), raw[t], ZeroOutputForMask ? zero : before);
            outputs.Add(before);
        }
        return outputs;
    }

    // (N) or (N, 1) as (N, 1, …) of the state's rank.
    private static Value Spread(Value mask, Value state) => Lax.Reshape(mask, [mask.Shape[0], .. Enumerable.Repeat(1L, state.Rank - 1)]);
}
