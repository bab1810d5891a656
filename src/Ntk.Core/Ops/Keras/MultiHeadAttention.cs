using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.Keras;

/// <summary>Multi-head and grouped-query attention ("Attention is all you need", arXiv 1706.03762; arXiv 2305.13245).</summary>
internal sealed class MultiHeadAttention
{
    private readonly Projection _query;
    private readonly Projection _key;
    private readonly Projection _value;
    private readonly Projection? _gate;
    private readonly Projection _output;
    private readonly double _scale;
    private readonly long[]? _axes;
    private readonly long? _window;
    private readonly bool _droppedOut;
    private readonly int _version;
    private readonly long _repeats;

    private MultiHeadAttention(KerasLayer layer, LayerConfig c, double scale, long[]? axes, long repeats)
    {
        bool hasBias = c.Flag("use_bias", true), gated = c.Flag("use_gate", false);
        _version = c.Version;
        _scale = c.Version >= 3 ? Activations.Single(scale) : scale;
        _axes = axes;
        _repeats = repeats;
        _window = c.Has("sliding_window") ? c.Integer("sliding_window") : null;
        _droppedOut = c.Number("dropout", 0) > 0;
        Projection Add(string name)
        {
            var dense = new KerasLayer("EinsumDense", name is "output" ? "attention_output" : name, trainable: true);
            layer.Add(dense, $"{name}_dense", $"_{name}_dense");
            return new Projection(dense.Add("kernel"), hasBias ? dense.Add("bias") : null, name is "output" ? 2 : 1);
        }
        _query = Add("query");
        _key = Add("key");
        _gate = gated ? Add("gate") : null;
        _value = Add("value");
        _output = Add("output");
    }

    /// <summary>Makes a MultiHeadAttention.</summary>
    public static void Build(KerasLayer layer, LayerConfig c)
    {
        long keySize = c.Integer("key_dim");
        c.Ignore("num_heads", "value_dim", "output_shape", "query_shape", "key_shape", "value_shape");
        long[]? axes = c.Has("attention_axes") ? c.Integers("attention_axes", 1) : null;
        Place(layer, new MultiHeadAttention(layer, c, 1 / Math.Sqrt(keySize), axes, 1));
        layer.TakesMasksAway = c.Version >= 3;
    }

    /// <summary>Makes a GroupQueryAttention.</summary>
    public static void BuildGrouped(KerasLayer layer, LayerConfig c)
    {
        long size = c.Integer("head_dim"), heads = c.Integer("num_query_heads"), groups = c.Integer("num_key_value_heads");
        Place(layer, new MultiHeadAttention(layer, c, 1 / Math.Sqrt(size), null, heads / groups));
    }

    private static void Place(KerasLayer layer, MultiHeadAttention attention)
    {
        layer.PassesMask = true;
        layer.Body = attention.Call;
    }

    private IReadOnlyList<Flow> Call(LayerCall call)
    {
        Flow query = call.Inputs.Count > 0 ? call.Inputs[0] : throw new ShapeException("it is called without a query");
        Flow value = call.Tensor(1, "value") ?? throw new ShapeException("it is called without a value");
        Flow? key = call.Tensor(2, "key");
        Value? keep = Mask(call, query, value, key);
        Value q = _query.Apply(call, query.Value) * _scale, k = _key.Apply(call, (key ?? value).Value), v = _value.Apply(call, value.Value);
        if (_repeats > 1)
        {
            k = Lax.Repeat(k, 2, _repeats);
            v = Lax.Repeat(v, 2, _repeats);
        }
        bool wantsScores = call.Flag(7, "return_attention_scores");
        (Value output, Value scores) = Attend(q, k, v, keep, zeroEmptyRows: _droppedOut || wantsScores || q.Rank != 4);
        if (_gate is not null)
        {
            output *= Lax.Sigmoid(_gate.Apply(call, query.Value));
        }
        var result = new Flow(_output.Apply(call, output));
        return wantsScores ? [result, new Flow(scores)] : [result];
    }

    // (N, T, S) of what each query may look at; null for everything.
    private Value? Mask(LayerCall call, Flow query, Flow value, Flow? key)
    {
        static Value? Given(object? argument) => argument is Flow flow ? LayerCall.AsBoolean(flow.Value) : null;
        var parts = new List<Value>();
        Value? queryMask = Given(call.Argument(3, "query_mask")) ?? query.Mask, valueMask = Given(call.Argument(4, "value_mask")) ?? value.Mask;
        Value? keyMask = Given(call.Argument(5, "key_mask")) ?? key?.Mask;
        if (queryMask is not null)
        {
            parts.Add(Lax.ExpandDims(queryMask, -1));
        }
        if (valueMask is not null)
        {
            parts.Add(Lax.ExpandDims(valueMask, -2));
        }
        if (keyMask is not null)
        {
            parts.Add(Lax.ExpandDims(keyMask, -2));
        }
        long queries = query.Value.Shape[1], keys = value.Value.Shape[1];
        if (call.Flag(9, "use_causal_mask"))
        {
            parts.Add(AttentionLayers.Causal(call.Trace, queries, keys));
        }
        if (_window is { } window)
        {
            using Tensor distance = (arange(queries).unsqueeze(1) - arange(keys)).abs();
            parts.Add(call.Trace.Constant(distance.lt(window).unsqueeze(0)));
        }
        if (Given(call.Argument(6, "attention_mask")) is { } given)
        {
            parts.Add(given);
        }
        return parts.Count == 0 ? null : parts.Aggregate(Lax.And);
    }

    // q (N, …, H, d), k and v (N, …, H, e): axes that are not attended over count as examples.
    private (Value Output, Value Scores) Attend(Value q, Value k, Value v, Value? keep, bool zeroEmptyRows)
    {
        int rank = q.Rank;
        int[] attended = _axes is null ? Enumerable.Range(1, rank - 3).ToArray() : Shapes.Axes(_axes.Select(a => a < 0 ? a + rank - 1 : a), rank);
        int[] apart = [.. Enumerable.Range(0, rank - 2).Except(attended), rank - 2];
        int[] order = [.. apart, .. attended, rank - 1];
        Value Flat(Value x) => Lax.Reshape(Lax.Transpose(x, order), [.. apart.Select(a => x.Shape[a]), Shapes.Count(attended.Select(a => x.Shape[a]).ToArray()), x.Shape[^1]]);
        Value fq = Flat(q), fk = Flat(k), fv = Flat(v);
        int n = apart.Length;
        int[] batch = Enumerable.Range(0, n).ToArray();
        Value scores = Lax.DotGeneral(fq, fk, [n + 1], [n + 1], batch, batch);
        long[] wide = [.. apart.Select(a => q.Shape[a]), .. attended.Select(a => q.Shape[a]), .. attended.Select(a => k.Shape[a])];
        Value? mask = keep is null ? null : Spread(keep, wide, attended.Length, scores.Shape);
        Value shares = _version >= 3 && mask is not null && !zeroEmptyRows
            ? Lax.Softmax(Activations.Where(mask, scores, -2.38e38))
            : ActivationLayers.MaskedSoftmax(scores, mask, [-1], _version);
        Value mixed = Lax.DotGeneral(shares, fv, [n + 1], [n], batch, batch);
        Value unfolded = Lax.Reshape(mixed, [.. apart.Select(a => q.Shape[a]), .. attended.Select(a => q.Shape[a]), v.Shape[^1]]);
        var inverse = new int[rank];
        for (int i = 0; i < rank; i++)
        {
            inverse[order[i]] = i;
        }
        return (Lax.Transpose(unfolded, inverse), Lax.Reshape(shares, wide));
    }

    // Axes of size one go in before the attended ones, as many as are missing.
    private static Value Spread(Value mask, long[] wide, int attended, long[] scores)
    {
        int missing = wide.Length - mask.Rank, place = mask.Rank - (2 * attended);
        if (missing < 0 || place < 0)
        {
            throw new ShapeException($"an attention mask {Shapes.Format(mask.Shape)} for scores {Shapes.Format(wide)}");
        }
        Value expanded = Lax.Reshape(mask, [.. mask.Shape[..place], .. Enumerable.Repeat(1L, missing), .. mask.Shape[place..]]);
        return attended == 1 ? expanded : Lax.Reshape(Lax.BroadcastTo(expanded, wide), scores);
    }

    // x · kernel over the last axes: (…, features) with (features, heads, size), or (…, heads, size) with (heads, size, features).
    private sealed record Projection(LayerVariable Kernel, LayerVariable? Bias, int Bound)
    {
        public Value Apply(LayerCall call, Value x)
        {
            x = call.Float(x);
            Value y = Lax.DotGeneral(x, call[Kernel], Enumerable.Range(x.Rank - Bound, Bound).ToArray(), Enumerable.Range(0, Bound).ToArray());
            return Bias is null ? y : y + call[Bias];
        }
    }
}
