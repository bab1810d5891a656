using System.Text.Json;
using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>Models, which are layers too, and layers that wrap another.</summary>
internal static class ModelLayers
{
    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = new()
    {
        ["Functional"] = Functional,
        ["Model"] = Functional,
        ["Network"] = Functional,
        ["Sequential"] = Sequential,
        ["InputLayer"] = Input,
        ["TimeDistributed"] = TimeDistributed,
        ["SpectralNormalization"] = SpectralNormalization,
        ["Wrapper"] = Wrapper,
        ["Pipeline"] = Pipeline,
    };

    private static void Functional(KerasLayer layer, LayerConfig c)
    {
        if (c.Find("layers") is null)
        {
            throw new ShapeException("it is a subclassed model, whose code is not in the file");
        }
        Place(layer, LayerGraph.Functional(layer, c));
    }

    private static void Sequential(KerasLayer layer, LayerConfig c)
    {
        JsonElement list = c.Whole.ValueKind == JsonValueKind.Array ? c.Whole : c.Find("layers") ?? throw new ShapeException("the model lists no layers");
        Place(layer, LayerGraph.Sequential(layer, c, list));
    }

    private static void Place(KerasLayer layer, LayerGraph graph)
    {
        layer.Graph = graph;
        layer.Body = call =>
        {
            call.TakeAll();
            return graph.Run(call);
        };
    }

    private static void Input(KerasLayer layer, LayerConfig c)
    {
        c.Require("sparse", false);
        c.Require("ragged", false);
        c.Ignore("optional", "type_spec", "input_tensor");
        layer.Body = call => call.Inputs;
    }

    // The layer sees the time steps as examples: (N, T, …) as (N·T, …).
    private static void TimeDistributed(KerasLayer layer, LayerConfig c)
    {
        KerasLayer inner = c.Inner("layer");
        inner.PathName = c.Version < 3 && inner.Graph is null ? "" : inner.Name;
        layer.PassesMask = true;
        layer.Body = call =>
        {
            Value x = call.X;
            long n = x.Shape[0], t = x.Shape[1];
            Value? mask = call.Mask is { } m && m.Rank >= 2 ? Lax.Reshape(m, [n * t, .. m.Shape[2..]]) : null;
            // A mask of whole steps masks nothing inside one step.
            mask = mask is { Rank: 1 } ? null : mask;
            IReadOnlyList<Flow> outputs = call.Call(inner, new Flow(Lax.Reshape(x, [n * t, .. x.Shape[2..]]), mask));
            return outputs.Select(o => new Flow(Lax.Reshape(o.Value, [n, t, .. o.Value.Shape[1..]]))).ToArray();
        };
    }

    // At inference the stored kernel is used as it is: it was divided by its norm when it was last trained.
    private static void SpectralNormalization(KerasLayer layer, LayerConfig c)
    {
        c.Ignore("power_iterations");
        // The wrapper counts the inner kernel among its own variables.
        layer.StoredBefore = 1;
        layer.Add("vector_u", trained: false);
        KerasLayer inner = c.Inner("layer");
        inner.PathName = c.Version < 3 ? "" : inner.Name;
        layer.Body = call => call.Call(inner, call.First);
    }

    private static void Wrapper(KerasLayer layer, LayerConfig c)
    {
        KerasLayer inner = c.Inner("layer");
        layer.Body = call => call.Call(inner, call.First);
    }

    private static void Pipeline(KerasLayer layer, LayerConfig c)
    {
        JsonElement list = c.Find("layers") ?? throw new ShapeException("it lists no layers");
        KerasLayer[] steps = list.EnumerateArray().Select(e => layer.Add(c.Builder.Build(e), "layers")).ToArray();
        layer.Body = call => steps.Aggregate(call.Inputs, (flows, step) => call.Call(step, flows[0]));
    }
}
