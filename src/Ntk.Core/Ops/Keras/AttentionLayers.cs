using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.Keras;

/// <summary>Attention over sequences.</summary>
internal static class AttentionLayers
{
    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = new()
    {
        ["Attention"] = (l, c) => Dense(l, c, additive: false),
        ["AdditiveAttention"] = (l, c) => Dense(l, c, additive: true),
        ["MultiHeadAttention"] = MultiHeadAttention.Build,
        ["GroupQueryAttention"] = MultiHeadAttention.BuildGrouped,
        ["GroupedQueryAttention"] = MultiHeadAttention.BuildGrouped,
    };

    // Inputs are query (N, T, d), value (N, S, e) and, where it differs, key (N, S, d).
    private static void Dense(KerasLayer layer, LayerConfig c, bool additive)
    {
        string mode = additive ? "additive" : c.Text("score_mode", "dot");
        bool causal = c.Flag("causal", false);
        LayerVariable? scale = c.Flag("use_scale", additive) ? layer.Add("scale") : null;
        LayerVariable? weight = mode == "concat" ? layer.Add("concat_score_weight") : null;
        layer.Body = call =>
        {
            Value[] inputs = call.Inputs.Select(i => call.Float(i.Value)).ToArray();
            if (inputs.Length is < 2 or > 3)
            {
                throw new ShapeException($"it is called with {inputs.Length} tensors instead of a list of query, value and key");
            }
            Value query = inputs[0], value = inputs[1], key = inputs[^1];
            if (inputs.Length == 2)
            {
                key = value;
            }
            Value scores = mode switch
            {
                "dot" => Scaled(call, Lax.DotGeneral(query, key, [2], [2], [0], [0]), scale),
                "concat" => Lax.Sum(Lax.Tanh(Scaled(call, Lax.ExpandDims(query, 2) + Lax.ExpandDims(key, 1), scale)), [-1]) * call[weight!],
                "additive" => Lax.Sum(Scaled(call, Lax.Tanh(Lax.ExpandDims(query, 2) + Lax.ExpandDims(key, 1)), scale), [-1]),
                _ => throw new ShapeException($"score_mode '{mode}' is not supported"),
            };
            (Value? queryMask, Value? valueMask) = Masks(call);
            Value? keep = valueMask is null ? null : Lax.ExpandDims(valueMask, 1);
            if (causal || call.Flag(4, "use_causal_mask"))
            {
                Value order = Causal(call.Trace, query.Shape[1], key.Shape[1]);
                keep = keep is null ? order : Lax.And(keep, order);
            }
            scores = keep is null ? scores : scores - ((1.0 - Lax.Cast(keep, scores.DType)) * 1e9);
            Value shares = Lax.Softmax(scores), result = Lax.DotGeneral(shares, value, [2], [1], [0], [0]);
            result = queryMask is null ? result : result * Lax.Cast(Lax.ExpandDims(queryMask, -1), result.DType);
            var output = new Flow(result, queryMask);
            return call.Flag(3, "return_attention_scores") ? [output, new Flow(shares)] : [output];
        };
    }

    private static Value Scaled(LayerCall call, Value scores, LayerVariable? scale) => scale is null ? scores : scores * call[scale];

    // A list given by name, or what the tensors carry.
    private static (Value? Query, Value? Value) Masks(LayerCall call)
    {
        if (call.Keyword("mask") is List<object?> given)
        {
            return (given.Count > 0 && given[0] is Flow q ? LayerCall.AsBoolean(q.Value) : null, given.Count > 1 && given[1] is Flow v ? LayerCall.AsBoolean(v.Value) : null);
        }
        return (call.Inputs[0].Mask, call.Inputs[1].Mask);
    }

    /// <summary>(1, T, S): whether place s is not behind place t.</summary>
    internal static Value Causal(Trace trace, long queries, long keys) => trace.Constant(ones(queries, keys, ScalarType.Bool).tril().unsqueeze(0));
}
