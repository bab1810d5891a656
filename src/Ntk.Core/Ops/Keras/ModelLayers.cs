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

    // The layer sees the time steps as examples: (N, T, …) as (N·T, …), and so it does their mask.
    private static void TimeDistributed(KerasLayer layer, LayerConfig c)
    {
        KerasLayer inner = c.Inner("layer");
        inner.PathName = c.Version < 3 && inner.Graph is null ? "" : inner.Name;
        layer.Body = call =>
        {
            Value x = call.X;
            long n = x.Shape[0], t = x.Shape[1];
            Value? given = call.Mask;
            // A mask of whole steps masks nothing inside one step.
            Value? mask = given is { Rank: > 2 } ? Lax.Reshape(given, [n * t, .. given.Shape[2..]]) : null;
            IReadOnlyList<Flow> outputs = call.Call(inner, new Flow(Lax.Reshape(x, [n * t, .. x.Shape[2..]]), mask));
            return outputs.Select(o => new Flow(Lax.Reshape(o.Value, [n, t, .. o.Value.Shape[1..]]), OuterMask(o.Mask, given, n, t, c.Version))).ToArray();
        };
    }

    // Keras 2 asks the layer inside what becomes of the mask, and keeps of one that ends there which steps have any place left; Keras 3 passes the mask on as it came.
    private static Value? OuterMask(Value? inner, Value? given, long n, long t, int version) =>
        version >= 3 || given is { Rank: <= 2 } ? given
        : inner is not null ? Lax.Reshape(inner, [n, t, .. inner.Shape[1..]])
        : given is null ? null : Lax.Any(given, Enumerable.Range(2, given.Rank - 2).Select(a => (long)a).ToArray(), false);

    // At inference the stored kernel is used as it is: it was divided by its norm when it was last trained.
    private static void SpectralNormalization(KerasLayer layer, LayerConfig c)
    {
        c.Ignore("power_iterations");
        // The wrapper counts the inner kernel among its own variables.
        layer.StoredBefore = 1;
        layer.Add("vector_u", trained: false);
        KerasLayer inner = c.Inner("layer");
        inner.PathName = c.Version < 3 ? "" : inner.Name;
        // Keras 3 casts what comes out to the input's type, the rows of an embedding to whole numbers.
        layer.Body = call => call.Call(inner, call.First).Select(o => c.Version < 3 ? o : o with { Value = Lax.Cast(o.Value, call.X.DType) }).ToArray();
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
