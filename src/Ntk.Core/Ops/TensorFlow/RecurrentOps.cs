using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Whole recurrent cells in one op, as TF 1's contrib layers wrote them.</summary>
internal static class RecurrentOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("LSTMBlockCell", c => Step(c, new Weights(c, 3, c.Float("forget_bias", 1), false), c[0], c[1], c[2]), "i", "cs", "f", "o", "ci", "co", "h"),
        new("BlockLSTM", c => Sequence(c, new Weights(c, 4, c.Float("forget_bias", 1), false)), "i", "cs", "f", "o", "ci", "co", "h"),
        new("BlockLSTMV2", c => Sequence(c, new Weights(c, 4, 0, true)), "i", "cs", "f", "o", "ci", "co", "h"),
        new("GRUBlockCell", Gru, "r", "u", "c", "h"),
    ];

    /// <summary>An LSTM's weights: w (inputs + units, 4 · units), peepholes (units) and bias; the gates' order is i, c, f, o, in the second version i, f, c, o.</summary>
    private readonly struct Weights
    {
        public Weights(OpContext c, int first, double forget, bool forgetSecond)
        {
            (W, InputHole, ForgetHole, OutputHole, Bias) = (c[first], c[first + 1], c[first + 2], c[first + 3], c[first + 4]);
            (Forget, ForgetSecond, Peephole, Clip) = (forget, forgetSecond, c.Bool("use_peephole"), c.Float("cell_clip", first == 3 ? 3 : forgetSecond ? 0 : 3));
        }

        public Value W { get; }

        public Value InputHole { get; }

        public Value ForgetHole { get; }

        public Value OutputHole { get; }

        public Value Bias { get; }

        public double Forget { get; }

        public bool ForgetSecond { get; }

        public bool Peephole { get; }

        public double Clip { get; }
    }

    private static Value[] Step(OpContext c, Weights weights, Value x, Value cell, Value state)
    {
        long units = state.Shape[1];
        Value[] gates = Lax.Split(Lax.MatMul(Lax.Concat([x, state], 1), weights.W) + weights.Bias, 1, units, units, units, units);
        (Value input, Value candidate, Value forget, Value output) = weights.ForgetSecond ? (gates[0], gates[2], gates[1], gates[3]) : (gates[0], gates[1], gates[2], gates[3]);
        if (weights.Peephole)
        {
            input += cell * weights.InputHole;
            forget += cell * weights.ForgetHole;
        }
        (input, forget, candidate) = (Lax.Sigmoid(input), Lax.Sigmoid(forget + weights.Forget), Lax.Tanh(candidate));
        Value next = (cell * forget) + (input * candidate);
        if (weights.Clip > 0)
        {
            next = Lax.Minimum(Lax.Maximum(next, Lax.ScalarLike(next, -weights.Clip)), Lax.ScalarLike(next, weights.Clip));
        }
        output = Lax.Sigmoid(weights.Peephole ? output + (next * weights.OutputHole) : output);
        Value squashed = Lax.Tanh(next);
        return [input, next, forget, output, candidate, squashed, squashed * output];
    }

    // BlockLSTM(seq_len_max, x (time, N, inputs), cs_prev, h_prev, w, wci, wcf, wco, b): steps behind the length are zero.
    private static OpResult Sequence(OpContext c, Weights weights)
    {
        long steps = c[1].Shape[0], length = Math.Min(steps, c.Known(0)[0]);
        (Value cell, Value state) = (c[2], c[3]);
        var all = new List<Value>[7].Select(_ => new List<Value>()).ToArray();
        for (long t = 0; t < steps; t++)
        {
            Value[] now = t < length ? Step(c, weights, Lax.Index(c[1], 0, t), cell, state) : Enumerable.Repeat(c.Trace.Constant(zeros_like(empty(state.Shape, state.DType))), 7).ToArray();
            (cell, state) = (now[1], now[6]);
            for (int i = 0; i < 7; i++)
            {
                all[i].Add(now[i]);
            }
        }
        return all.Select(parts => Lax.Stack(parts, 0)).ToArray();
    }

    // GRUBlockCell(x, h_prev, w_ru, w_c, b_ru, b_c)
    private static OpResult Gru(OpContext c)
    {
        Value x = c[0], state = c[1];
        Value[] gates = Lax.Split(Lax.Sigmoid(Lax.MatMul(Lax.Concat([x, state], 1), c[2]) + c[4]), 1, state.Shape[1], state.Shape[1]);
        Value candidate = Lax.Tanh(Lax.MatMul(Lax.Concat([x, gates[0] * state], 1), c[3]) + c[5]);
        return new[] { gates[0], gates[1], candidate, (gates[1] * state) + ((1 - gates[1]) * candidate) };
    }
}
