using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Recurrent layers as the GPU's library computes them, stacked and in both directions, their weights in one vector.</summary>
internal static class CudnnOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("CudnnRNN", Run, "output", "output_h", "output_c", "reserve_space"),
        new("CudnnRNNV2", Run, "output", "output_h", "output_c", "reserve_space", "host_reserved"),
        new("CudnnRNNV3", Run, "output", "output_h", "output_c", "reserve_space", "host_reserved"),
    ];

    /// <summary>One direction of one layer: matrices of the inputs (gates · units, inputs) and the state, and both biases (gates · units).</summary>
    private sealed record Layer(Value Input, Value Recurrent, Value InputBias, Value RecurrentBias);

    // CudnnRNN(input (time, N, inputs), input_h (layers · directions, N, units), input_c, params, sequence_lengths?)
    private static OpResult Run(OpContext c)
    {
        string mode = c.Choice("rnn_mode", "lstm", "lstm", "gru", "rnn_tanh", "rnn_relu");
        _ = c.Choice("input_mode", "linear_input", "linear_input");
        int directions = c.Choice("direction", "unidirectional", "unidirectional", "bidirectional") == "bidirectional" ? 2 : 1;
        bool training = c.Bool("is_training", true), timeMajor = c.Bool("time_major", true);
        if ((c.Float("dropout", 0) > 0 && training) || c.Int("num_proj", 0) > 0)
        {
            throw OpContext.Unsupported("dropout in training, or a projection,");
        }
        Value x = timeMajor ? c[0] : Lax.SwapAxes(c[0], 0, 1), h = timeMajor ? c[1] : Lax.SwapAxes(c[1], 0, 1);
        Value? cell = mode != "lstm" ? null : timeMajor ? c[2] : Lax.SwapAxes(c[2], 0, 1);
        Value? lengths = c.Count > 4 ? c[4] : null;
        int gates = mode switch { "lstm" => 4, "gru" => 3, _ => 1 };
        Layer[] layers = Unpack(c[3], (int)h.Shape[0], directions, gates, x.Shape[2], h.Shape[2]);
        Value[] lastStates = new Value[layers.Length], lastCells = new Value[layers.Length];
        for (int first = 0; first < layers.Length; first += directions)
        {
            var sides = new Value[directions];
            for (int d = 0; d < directions; d++)
            {
                int l = first + d;
                (sides[d], lastStates[l], Value? lastCell) = Sequence(mode, layers[l], x, Lax.Index(h, 0, l), cell is null ? null : Lax.Index(cell, 0, l), lengths, d == 1);
                lastCells[l] = lastCell ?? lastStates[l];
            }
            x = Lax.Concat(sides, 2);
        }
        Value Arranged(Value v) => timeMajor ? v : Lax.SwapAxes(v, 0, 1);
        Value none = c.Trace.Constant(zeros(0, x.DType));
        return new[] { Arranged(x), Arranged(Lax.Stack(lastStates, 0)), cell is null ? none : Arranged(Lax.Stack(lastCells, 0)), none, none };
    }

    // All matrices of all layers, the inputs' gates before the state's; then all biases in the same order.
    private static Layer[] Unpack(Value packed, int count, int directions, int gates, long inputs, long units)
    {
        long at = 0;
        Value Take(params long[] shape)
        {
            Value part = Lax.Reshape(Lax.SliceAxis(packed, 0, at, Shapes.Count(shape)), shape);
            at += Shapes.Count(shape);
            return part;
        }
        (Value, Value)[] matrices = Enumerable.Range(0, count).Select(l => (Take(gates * units, l < directions ? inputs : directions * units), Take(gates * units, units))).ToArray();
        Layer[] layers = matrices.Select(m => new Layer(m.Item1, m.Item2, Take(gates * units), Take(gates * units))).ToArray();
        return at == packed.Type.Count ? layers : throw new ShapeException($"{packed.Type.Count} weights, where the layers have {at}");
    }

    private static (Value Output, Value State, Value? Cell) Sequence(string mode, Layer layer, Value x, Value state, Value? cell, Value? lengths, bool backward)
    {
        int steps = (int)x.Shape[0];
        Value projected = Lax.DotGeneral(x, layer.Input, [2], [1]) + layer.InputBias;
        var outputs = new Value[steps];
        for (int i = 0; i < steps; i++)
        {
            int t = backward ? steps - 1 - i : i;
            Value own = Lax.DotGeneral(state, layer.Recurrent, [1], [1]) + layer.RecurrentBias;
            (Value next, Value? nextCell) = Step(mode, Lax.Index(projected, 0, t), own, state, cell);
            outputs[t] = next;
            if (lengths is not null)
            {
                // Behind an example's end the state waits, and the output is zero.
                Value runs = Lax.ExpandDims(Lax.Greater(lengths, Lax.ScalarLike(lengths, t)), 1);
                outputs[t] = Lax.Select(runs, next, Lax.ScalarLike(next, 0));
                next = Lax.Select(runs, next, state);
                nextCell = cell is null ? null : Lax.Select(runs, nextCell!, cell);
            }
            (state, cell) = (next, nextCell);
        }
        return (Lax.Stack(outputs, 0), state, cell);
    }

    private static (Value State, Value? Cell) Step(string mode, Value input, Value own, Value state, Value? cell)
    {
        long units = state.Shape[1];
        Value[] Gates(Value v, int count) => Lax.Split(v, 1, Enumerable.Repeat(units, count).ToArray());
        switch (mode)
        {
            case "lstm":
                Value[] g = Gates(input + own, 4);
                Value kept = (Lax.Sigmoid(g[1]) * cell!) + (Lax.Sigmoid(g[0]) * Lax.Tanh(g[2]));
                return (Lax.Sigmoid(g[3]) * Lax.Tanh(kept), kept);
            case "gru":
                Value[] a = Gates(input, 3), b = Gates(own, 3);
                Value reset = Lax.Sigmoid(a[0] + b[0]), update = Lax.Sigmoid(a[1] + b[1]), candidate = Lax.Tanh(a[2] + (reset * b[2]));
                return (((1 - update) * candidate) + (update * state), null);
            default:
                return (mode == "rnn_relu" ? Lax.Relu(input + own) : Lax.Tanh(input + own), null);
        }
    }
}
