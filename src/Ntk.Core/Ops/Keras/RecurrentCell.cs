using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>One step of a recurrent layer, split so that what the steps do not share with one another is computed for all of them at once.</summary>
internal abstract class RecurrentCell
{
    /// <summary>How many states it carries; the first is the output.</summary>
    public abstract int StateCount { get; }

    /// <summary>What the input contributes at all steps: (N, T, …) → (N, T, …).</summary>
    public abstract Value Project(LayerCall call, Value sequence);

    /// <summary>A zero state for N examples, given the projected sequence.</summary>
    public abstract Value Zero(LayerCall call, Value projected);

    /// <summary>
    /// One step from a projected input and the states to the new states; the first new state is the output. What the steps share of the
    /// weights is taken once, before the first of them.
    /// </summary>
    public abstract Func<Value, Value[], Value[]> Begin(LayerCall call);

    /// <summary>Whether a state is known to be zero, as the first one mostly is; a product with it can be left out.</summary>
    protected static bool IsZero(Value state)
    {
        if (state.Constant is not { } constant)
        {
            return false;
        }
        using TorchSharp.torch.Tensor nonzero = constant.ne(0), any = nonzero.any();
        return !any.item<bool>();
    }

    /// <summary>A zero matrix (N, units).</summary>
    protected static Value Zeros(LayerCall call, params long[] shape) => call.Trace.Constant(TorchSharp.torch.zeros(shape, call.Trace.FloatType));
}

/// <summary>h ← activation(x·W + b + h·U).</summary>
internal sealed class SimpleCell(LayerVariable kernel, LayerVariable recurrent, LayerVariable? bias, Func<LayerCall, Value, Value> activation) : RecurrentCell
{
    /// <inheritdoc/>
    public override int StateCount => 1;

    /// <inheritdoc/>
    public override Value Project(LayerCall call, Value sequence)
    {
        Value x = Lax.DotGeneral(sequence, call[kernel], [sequence.Rank - 1], [0]);
        return bias is null ? x : x + call[bias];
    }

    /// <inheritdoc/>
    public override Value Zero(LayerCall call, Value projected) => Zeros(call, projected.Shape[0], call[recurrent].Shape[0]);

    /// <inheritdoc/>
    public override Func<Value, Value[], Value[]> Begin(LayerCall call) => (projected, states) =>
        [activation(call, IsZero(states[0]) ? projected : projected + Lax.MatMul(states[0], call[recurrent]))];
}

/// <summary>The weights of a gated cell as the step uses them; those of the cuDNN layers lie in another order in the file.</summary>
internal sealed class GateWeights(LayerVariable kernel, LayerVariable recurrent, LayerVariable? bias, int gates, bool isCudnn)
{
    /// <summary>Whether there is a bias.</summary>
    public bool HasBias => bias is not null;

    /// <summary>The input kernel (features, gates · units).</summary>
    public Value Kernel(LayerCall call) => isCudnn ? PerGate(call[kernel], k => Lax.Transpose(Lax.Reshape(k, k.Shape[1], k.Shape[0]), 1, 0)) : call[kernel];

    /// <summary>The recurrent kernel (units, gates · units).</summary>
    public Value Recurrent(LayerCall call) => isCudnn ? PerGate(call[recurrent], k => Lax.Transpose(k, 1, 0)) : call[recurrent];

    /// <summary>The bias as stored, or of a cuDNN layer (2, gates · units).</summary>
    public Value Bias(LayerCall call) => isCudnn ? Lax.Reshape(call[bias!], 2, -1) : call[bias!];

    /// <summary>The number of units.</summary>
    public long Units(LayerCall call) => call[recurrent].Shape[0];

    private Value PerGate(Value kernels, Func<Value, Value> change)
    {
        long units = kernels.Shape[1] / gates;
        return Lax.Concat(Lax.Split(kernels, 1, Enumerable.Repeat(units, gates).ToArray()).Select(change).ToArray(), 1);
    }
}

/// <summary>Long short-term memory: gates i, f, c, o; states h and c.</summary>
internal sealed class LstmCell(GateWeights weights, Func<LayerCall, Value, Value> activation, Func<LayerCall, Value, Value> gate) : RecurrentCell
{
    /// <inheritdoc/>
    public override int StateCount => 2;

    /// <inheritdoc/>
    public override Value Project(LayerCall call, Value sequence)
    {
        Value x = Lax.DotGeneral(sequence, weights.Kernel(call), [sequence.Rank - 1], [0]);
        if (!weights.HasBias)
        {
            return x;
        }
        Value bias = weights.Bias(call);
        return x + (bias.Rank == 2 ? Lax.Sum(bias, [0]) : bias);
    }

    /// <inheritdoc/>
    public override Value Zero(LayerCall call, Value projected) => Zeros(call, projected.Shape[0], weights.Units(call));

    /// <inheritdoc/>
    public override Func<Value, Value[], Value[]> Begin(LayerCall call)
    {
        Value recurrent = weights.Recurrent(call);
        long units = weights.Units(call);
        return (projected, states) =>
        {
            Value z = IsZero(states[0]) ? projected : projected + Lax.MatMul(states[0], recurrent);
            Value[] parts = Lax.Split(z, -1, units, units, units, units);
            Value fresh = gate(call, parts[0]) * activation(call, parts[2]);
            Value c = IsZero(states[1]) ? fresh : (gate(call, parts[1]) * states[1]) + fresh;
            return [gate(call, parts[3]) * activation(call, c), c];
        };
    }
}

/// <summary>Gated recurrent unit: gates z, r, h; the reset gate acts after the recurrent product (Keras 2's and cuDNN's default) or before it.</summary>
internal sealed class GruCell(GateWeights weights, bool resetAfter, Func<LayerCall, Value, Value> activation, Func<LayerCall, Value, Value> gate) : RecurrentCell
{
    /// <inheritdoc/>
    public override int StateCount => 1;

    /// <inheritdoc/>
    public override Value Project(LayerCall call, Value sequence)
    {
        Value x = Lax.DotGeneral(sequence, weights.Kernel(call), [sequence.Rank - 1], [0]);
        return !weights.HasBias ? x : x + (weights.Bias(call) is { Rank: 2 } both ? Lax.Index(both, 0, 0) : weights.Bias(call));
    }

    /// <inheritdoc/>
    public override Value Zero(LayerCall call, Value projected) => Zeros(call, projected.Shape[0], weights.Units(call));

    /// <inheritdoc/>
    public override Func<Value, Value[], Value[]> Begin(LayerCall call)
    {
        Value recurrent = weights.Recurrent(call);
        long units = weights.Units(call);
        Value? bias = resetAfter && weights.HasBias ? Lax.Index(weights.Bias(call), 0, 1) : null;
        Value[] kernels = resetAfter ? [recurrent] : Lax.Split(recurrent, 1, 2 * units, units);
        return (projected, states) =>
        {
            Value h = states[0];
            Value[] x = Lax.Split(projected, -1, units, units, units);
            Value inner = Lax.MatMul(h, kernels[0]);
            Value[] r = Lax.Split(bias is null ? inner : inner + bias, -1, resetAfter ? [units, units, units] : [units, units]);
            Value update = gate(call, x[0] + r[0]), reset = gate(call, x[1] + r[1]);
            Value candidate = activation(call, x[2] + (resetAfter ? reset * r[2] : Lax.MatMul(reset * h, kernels[1])));
            return [(update * h) + ((1.0 - update) * candidate)];
        };
    }
}
