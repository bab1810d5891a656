using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>Recurrent layers, unrolled over time, and their cells.</summary>
internal static class RecurrentLayers
{
    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = new()
    {
        ["SimpleRNN"] = (l, c) => Whole(l, c, "simple_rnn_cell", SimpleCell),
        ["LSTM"] = (l, c) => Whole(l, c, "lstm_cell", (i, o) => LstmCell(i, o)),
        ["LSTMV1"] = (l, c) => Whole(l, c, "lstm_cell", (i, o) => LstmCell(i, o)),
        ["GRU"] = (l, c) => Whole(l, c, "gru_cell", (i, o) => GruCell(i, o)),
        ["GRUV1"] = (l, c) => Whole(l, c, "gru_cell", (i, o) => GruCell(i, o)),
        ["CuDNNLSTM"] = (l, c) => Place(l, c, [LstmCell(l, c, isCudnn: true)]),
        ["CuDNNGRU"] = (l, c) => Place(l, c, [GruCell(l, c, isCudnn: true)]),
        ["SimpleRNNCell"] = (l, c) => l.Cells = [SimpleCell(l, c)],
        ["LSTMCell"] = (l, c) => l.Cells = [LstmCell(l, c)],
        ["GRUCell"] = (l, c) => l.Cells = [GruCell(l, c)],
        ["StackedRNNCells"] = Stack,
        ["RNN"] = (l, c) => Place(l, c, c.Inner("cell").Cells ?? throw new ShapeException("its cell is not one of Keras's own")),
        ["Bidirectional"] = Bidirectional,
    };

    private static SimpleCell SimpleCell(KerasLayer layer, LayerConfig c)
    {
        c.Ignore("units", "output_dim");
        LayerVariable kernel = layer.Add("kernel"), recurrent = layer.Add("recurrent_kernel");
        LayerVariable? bias = c.Flag("use_bias", true) ? layer.Add("bias") : null;
        return new SimpleCell(kernel, recurrent, bias, c.Activation("activation", "tanh"));
    }

    private static LstmCell LstmCell(KerasLayer layer, LayerConfig c, bool isCudnn = false)
    {
        c.Ignore("unit_forget_bias");
        GateWeights weights = Gates(layer, c, 4, isCudnn);
        return new LstmCell(weights, c.Activation("activation", "tanh"), c.Activation(c.FirstOf("recurrent_activation", "inner_activation"), isCudnn || c.Version >= 3 ? "sigmoid" : "hard_sigmoid"));
    }

    private static GruCell GruCell(KerasLayer layer, LayerConfig c, bool isCudnn = false)
    {
        // Files from before the option existed reset before the product.
        bool resetAfter = isCudnn || c.Flag("reset_after", c.Version >= 3);
        GateWeights weights = Gates(layer, c, 3, isCudnn);
        return new GruCell(weights, resetAfter, c.Activation("activation", "tanh"), c.Activation(c.FirstOf("recurrent_activation", "inner_activation"), isCudnn || c.Version >= 3 ? "sigmoid" : "hard_sigmoid"));
    }

    private static GateWeights Gates(KerasLayer layer, LayerConfig c, int gates, bool isCudnn)
    {
        c.Ignore("units", "output_dim");
        LayerVariable kernel = layer.Add("kernel"), recurrent = layer.Add("recurrent_kernel");
        return new GateWeights(kernel, recurrent, c.Flag("use_bias", true) ? layer.Add("bias") : null, gates, isCudnn);
    }

    // LSTM and its like keep their weights in a cell of their own.
    private static void Whole(KerasLayer layer, LayerConfig c, string name, Func<KerasLayer, LayerConfig, RecurrentCell> make)
    {
        var cell = new KerasLayer($"{layer.ClassName}Cell", name, trainable: true);
        layer.Add(cell, "cell");
        cell.Cells = [make(cell, c)];
        Place(layer, c, cell.Cells);
    }

    private static void Stack(KerasLayer layer, LayerConfig c)
    {
        c.Require("reverse_state_order", false);
        var cells = new List<RecurrentCell>();
        foreach (System.Text.Json.JsonElement entry in (c.Find("cells") ?? throw new ShapeException("it lists no cells")).EnumerateArray())
        {
            KerasLayer inner = layer.Add(c.Builder.Build(entry, "cell"), "cells");
            cells.AddRange(inner.Cells ?? throw new ShapeException($"its cell '{inner.Name}' is not one of Keras's own"));
        }
        layer.Cells = cells.ToArray();
    }

    /// <summary>Makes a layer run cells over time.</summary>
    internal static void Place(KerasLayer layer, LayerConfig c, RecurrentCell[] cells)
    {
        c.Require("time_major", false);
        c.Ignore("consume_less", "return_runs");
        var run = new Recurrence(cells)
        {
            ReturnSequences = c.Flag("return_sequences", false),
            ReturnState = c.Flag("return_state", false),
            GoBackwards = c.Flag("go_backwards", false),
            ZeroOutputForMask = c.Flag("zero_output_for_mask", false),
            Version = c.Version,
        };
        layer.Recurrence = run;
        layer.Body = run.Call;
    }

    private static void Bidirectional(KerasLayer layer, LayerConfig c)
    {
        string? merge = c.Has("merge_mode") ? c.Text("merge_mode") : null;
        KerasLayer forward = layer.Add(c.Builder.Build(c.Find("layer") ?? throw new ShapeException("option 'layer' is missing"), "layer", fresh: true), "forward_layer");
        bool own = c.Has("backward_layer");
        KerasLayer backward = layer.Add(c.Builder.Build(c.Find(own ? "backward_layer" : "layer")!.Value, "layer", fresh: true), "backward_layer");
        if (forward.Recurrence is not { } ahead || backward.Recurrence is not { } behind)
        {
            throw new ShapeException("the layer inside is not a recurrent one");
        }
        if (c.Version < 3)
        {
            forward.Name = $"forward_{forward.Name}";
            backward.Name = $"backward_{backward.Name}";
        }
        behind.GoBackwards = own ? behind.GoBackwards : !ahead.GoBackwards;
        layer.Body = call =>
        {
            List<Flow> states = Recurrence.InitialStates(call);
            var explicitMask = new Dictionary<string, object?> { ["mask"] = Recurrence.MaskOf(call, states.Count > 0, c.Version) is { } m ? new Flow(m) : null };
            object First(IEnumerable<Flow> own) => states.Count == 0 ? new Flow(call.X) : new List<object?> { new Flow(call.X) }.Concat(own).ToList();
            IReadOnlyList<Flow> y = call.Call(forward, First(states.Take(states.Count / 2)), explicitMask);
            IReadOnlyList<Flow> z = call.Call(backward, First(states.Skip(states.Count / 2)), explicitMask);
            Value a = y[0].Value, b = ahead.ReturnSequences ? Lax.Reverse(z[0].Value, 1) : z[0].Value;
            Value? mask = y[0].Mask;
            Flow[] merged = merge switch
            {
                "concat" => [new Flow(Lax.Concat([a, b], -1), mask)],
                "sum" => [new Flow(a + b, mask)],
                "ave" => [new Flow((a + b) * 0.5, mask)],
                "mul" => [new Flow(a * b, mask)],
                null => [new Flow(a, mask), new Flow(b, mask)],
                _ => throw new ShapeException($"merge_mode '{merge}' is not supported"),
            };
            return [.. merged, .. y.Skip(1), .. z.Skip(1)];
        };
    }
}
