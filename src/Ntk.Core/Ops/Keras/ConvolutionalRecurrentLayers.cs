using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;

namespace Ntk.Core.Ops.Keras;

/// <summary>LSTM layers whose products are convolutions.</summary>
internal static class ConvolutionalRecurrentLayers
{
    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = new()
    {
        ["ConvLSTM1D"] = (l, c) => Whole(l, c, 1),
        ["ConvLSTM2D"] = (l, c) => Whole(l, c, 2),
        ["ConvLSTM3D"] = (l, c) => Whole(l, c, 3),
    };

    private static void Whole(KerasLayer layer, LayerConfig c, int rank)
    {
        c.Ignore("filters", "unit_forget_bias");
        ConvolutionLayers.Geometry geometry = ConvolutionLayers.Geometry.Read(c, rank);
        var inner = new KerasLayer($"{layer.ClassName}Cell", "conv_lstm_cell", trainable: true);
        inner.PathName = c.Version < 3 ? "" : inner.Name;
        layer.Add(inner, "cell");
        LayerVariable kernel = inner.Add("kernel"), recurrent = inner.Add("recurrent_kernel");
        LayerVariable? bias = c.Flag(c.FirstOf("use_bias", "bias"), true) ? inner.Add("bias") : null;
        var cell = new Cell(geometry, kernel, recurrent, bias, c.Activation("activation", "tanh"), c.Activation(c.FirstOf("recurrent_activation", "inner_activation"), c.Version >= 3 ? "sigmoid" : "hard_sigmoid"));
        inner.Cells = [cell];
        RecurrentLayers.Place(layer, c, inner.Cells);
    }

    // States are (N, spatial, filters), or with channels first as the layer gives them; inside, channels come last.
    private sealed class Cell(ConvolutionLayers.Geometry geometry, LayerVariable kernel, LayerVariable recurrent, LayerVariable? bias,
        Func<LayerCall, Value, Value> activation, Func<LayerCall, Value, Value> gate) : RecurrentCell
    {
        public override int StateCount => 2;

        public override Value Project(LayerCall call, Value sequence)
        {
            long n = sequence.Shape[0], t = sequence.Shape[1];
            Value flat = ChannelOrder.ToLast(Lax.Reshape(sequence, [n * t, .. sequence.Shape[2..]]), geometry.ChannelsFirst);
            (Value padded, ConvolutionGeometry shape) = geometry.Prepare(flat, 1);
            Value x = Lax.Convolution(padded, call[kernel], shape);
            x = bias is null ? x : x + call[bias];
            return Lax.Reshape(x, [n, t, .. x.Shape[1..]]);
        }

        public override Value Zero(LayerCall call, Value projected) =>
            ChannelOrder.FromLast(Zeros(call, [projected.Shape[0], .. projected.Shape[2..^1], projected.Shape[^1] / 4]), geometry.ChannelsFirst);

        public override Func<Value, Value[], Value[]> Begin(LayerCall call) => (projected, states) =>
        {
            Value h = ChannelOrder.ToLast(states[0], geometry.ChannelsFirst), c = ChannelOrder.ToLast(states[1], geometry.ChannelsFirst);
            Value z = projected;
            if (!IsZero(h))
            {
                long[] ones = Enumerable.Repeat(1L, geometry.Window.Length).ToArray();
                z += Lax.Convolution(h, call[recurrent], Lax.Geometry(h.Shape.AsSpan(1, ones.Length), geometry.Window, ones, ones, same: true));
            }
            long filters = z.Shape[^1] / 4;
            Value[] parts = Lax.Split(z, -1, filters, filters, filters, filters);
            Value fresh = gate(call, parts[0]) * activation(call, parts[2]);
            c = IsZero(c) ? fresh : (gate(call, parts[1]) * c) + fresh;
            h = gate(call, parts[3]) * activation(call, c);
            return [ChannelOrder.FromLast(h, geometry.ChannelsFirst), ChannelOrder.FromLast(c, geometry.ChannelsFirst)];
        };
    }
}
