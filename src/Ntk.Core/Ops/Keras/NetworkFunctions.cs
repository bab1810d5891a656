using Ntk.Core.Autodiff;
using static Ntk.Core.Ops.Keras.GraphFunctions;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.Keras;

/// <summary>Functions of keras.ops.nn and keras.ops.image.</summary>
internal static class NetworkFunctions
{
    public static Dictionary<string, Function> Table() => Named(
        ("max_pool", a => One(Pool(a, largest: true))), ("average_pool,avg_pool", a => One(Pool(a, largest: false))),
        ("threshold", a => One(Activations.Where(Lax.Greater(a.FloatX, Activations.Like(a.FloatX, a.Number(1, 0, "threshold"))), a.FloatX, a.Number(2, 0, "default_value", "value")))),
        ("hard_shrink", a => One(Shrink(a, soft: false))), ("soft_shrink", a => One(Shrink(a, soft: true))),
        ("layer_norm,layer_normalization", a => One(LayerNorm(a))), ("rms_norm,rms_normalization", a => One(RootMeanSquare(a))),
        ("batch_norm,batch_normalization", a => One(BatchNorm(a))),
        ("moments", a => Moments(a)), ("dot_product_attention", a => One(Attention(a))),
        ("rgb_to_grayscale,rgbto_grayscale", a => One(Grey(a))), ("pad_images", a => One(PadImages(a))), ("crop_images", a => One(CropImages(a))),
        ("depth_to_space", a => One(OfImages(a, a.X, x => Blocks(x, a.Integer(1, 2, "block_size"), toSpace: true)))),
        ("space_to_depth", a => One(OfImages(a, a.X, x => Blocks(x, a.Integer(1, 2, "block_size"), toSpace: false)))));

    /// <summary>A function of images (N, H, W, C), for images that may have their channels first or no axis of examples.</summary>
    internal static Value OfImages(OperationArguments a, Value x, Func<Value, Value> function)
    {
        bool first = a.Text(-1, "data_format") is "channels_first", single = x.Rank == 3;
        x = ChannelOrder.ToLast(single ? Lax.ExpandDims(x, 0) : x, first);
        x = ChannelOrder.FromLast(function(x), first);
        return single ? Lax.Squeeze(x, 0) : x;
    }

    private static Value Pool(OperationArguments a, bool largest)
    {
        Value x = a.FloatX;
        int rank = x.Rank - 2;
        long[] Each(long[] given) => given.Length == 1 ? Enumerable.Repeat(given[0], rank).ToArray() : given;
        long[] window = Each(a.Integers(1, "pool_size") ?? throw new ShapeException("a pool without a size")), strides = a.Integers(2, "strides") is { } s ? Each(s) : window;
        bool same = ConvolutionLayers.IsSame(a.Text(3, "padding") ?? "valid"), first = a.Text(4, "data_format") is "channels_first";
        x = ChannelOrder.ToLast(x, first);
        return ChannelOrder.FromLast(largest ? Lax.MaxPool(x, window, strides, same) : Lax.AveragePool(x, window, strides, same), first);
    }

    private static Value Shrink(OperationArguments a, bool soft)
    {
        Value x = a.FloatX;
        double threshold = a.Number(1, 0.5, "threshold", "lambd");
        return soft ? Lax.Relu(x - threshold) - Lax.Relu(-x - threshold) : Activations.Where(Lax.Greater(Lax.Abs(x), Activations.Like(x, threshold)), x, 0);
    }

    private static Value? Optional(OperationArguments a, Value like, int position, string name) => a[position, name] is null ? null : a.Call.Float(a.Tensor(position, like, name));

    private static Value LayerNorm(OperationArguments a)
    {
        Value x = a.FloatX;
        long[] axes = a.Integers(-1, "axis") ?? [-1];
        double epsilon = a.Number(-1, 1e-7, "epsilon");
        bool rms = a.Flag(-1, false, "rms_scaling");
        Value? gamma = Optional(a, x, 1, "gamma"), beta = Optional(a, x, 2, "beta");
        Value y = (rms ? x : x - Lax.Mean(x, axes, keepDims: true)) * Lax.Rsqrt(Lax.Variance(x, axes, true) + epsilon);
        y = gamma is null ? y : y * NormalizationLayers.Along(gamma, axes, x);
        return beta is null || rms ? y : y + NormalizationLayers.Along(beta, axes, x);
    }

    private static Value RootMeanSquare(OperationArguments a)
    {
        Value x = a.FloatX;
        long[] axes = a.Integers(-1, "axis") ?? [-1];
        Value y = x * Lax.Rsqrt(Lax.Mean(Lax.Square(x), axes, keepDims: true) + a.Number(-1, 1e-7, "epsilon"));
        return Optional(a, x, 1, "scale") is { } scale ? y * NormalizationLayers.Along(scale, axes, x) : y;
    }

    private static Value BatchNorm(OperationArguments a)
    {
        Value x = a.FloatX;
        long[] axes = a.Integers(-1, "axis") ?? [-1];
        Value mean = a.Call.Float(a.Tensor(1, x, "mean")), variance = a.Call.Float(a.Tensor(2, x, "variance"));
        Value y = (x - NormalizationLayers.Along(mean, axes, x)) * Lax.Rsqrt(NormalizationLayers.Along(variance, axes, x) + a.Number(-1, 1e-3, "epsilon"));
        Value? offset = Optional(a, x, 3, "offset"), scale = Optional(a, x, 4, "scale");
        y = scale is null ? y : y * NormalizationLayers.Along(scale, axes, x);
        return offset is null ? y : y + NormalizationLayers.Along(offset, axes, x);
    }

    private static Value[] Moments(OperationArguments a)
    {
        Value x = a.FloatX;
        long[] axes = a.Integers(1, "axes") ?? throw new ShapeException("moments without axes");
        bool keep = a.Flag(2, false, "keepdims");
        return [Lax.Mean(x, axes, keep), Lax.Variance(x, axes, keep)];
    }

    // query (N, T, H, d), key and value (N, S, G, d) with G heads that H queries share.
    private static Value Attention(OperationArguments a)
    {
        Value query = a.Call.Float(a.Tensor(0, null, "query")), key = a.Call.Float(a.Tensor(1, null, "key")), value = a.Call.Float(a.Tensor(2, null, "value"));
        Value? bias = Optional(a, query, 3, "bias"), mask = a[4, "mask"] is null ? null : LayerCall.AsBoolean(a.Tensor(4, null, "mask"));
        double scale = a.Number(5, 1 / Math.Sqrt(query.Shape[^1]), "scale");
        bool causal = a.Flag(6, false, "is_causal");
        _ = a[7, "flash_attention"];
        double? cap = a[8, "attn_logits_soft_cap"] is null ? null : a.Number(8, 0, "attn_logits_soft_cap");
        long shared = query.Shape[2] / key.Shape[2];
        if (shared > 1)
        {
            (key, value) = (Lax.Repeat(key, 2, shared), Lax.Repeat(value, 2, shared));
        }
        Value scores = Lax.DotGeneral(query, key, [3], [3], [0, 2], [0, 2]) * scale;
        scores = cap is { } limit ? Lax.Tanh(scores * (1 / limit)) * limit : scores;
        scores = bias is null ? scores : scores + bias;
        if (causal)
        {
            Value order = AttentionLayers.Causal(a.Call.Trace, query.Shape[1], key.Shape[1]);
            mask = mask is null ? order : Lax.And(mask, order);
        }
        scores = mask is null ? scores : Activations.Where(mask, scores, -2.38e38);
        return Lax.Transpose(Lax.DotGeneral(Lax.Softmax(scores), value, [3], [1], [0, 1], [0, 2]), 0, 2, 1, 3);
    }

    private static Value Grey(OperationArguments a) => OfImages(a, a.FloatX, x =>
        Lax.Sum(x * x.Trace.Constant(tensor(new[] { 0.2989, 0.5870, 0.1140 }, x.DType)), [-1], keepDims: true));

    private static Value PadImages(OperationArguments a) => OfImages(a, a.X, x =>
    {
        (long Low, long High) Along(int axis, string low, string high, string target)
        {
            long? before = Whole(a, low), after = Whole(a, high), size = Whole(a, target);
            return (before ?? size!.Value - x.Shape[axis] - after!.Value, after ?? size!.Value - x.Shape[axis] - before!.Value);
        }
        (long Low, long High) rows = Along(1, "top_padding", "bottom_padding", "target_height"), columns = Along(2, "left_padding", "right_padding", "target_width");
        return Lax.Pad(x, [0, rows.Low, columns.Low, 0], [0, rows.High, columns.High, 0]);
    });

    private static Value CropImages(OperationArguments a) => OfImages(a, a.X, x =>
    {
        Value Along(Value v, int axis, string low, string high, string target)
        {
            long? before = Whole(a, low), after = Whole(a, high), size = Whole(a, target);
            long start = before ?? v.Shape[axis] - after!.Value - size!.Value;
            return Lax.SliceAxis(v, axis, start, size ?? v.Shape[axis] - start - after!.Value);
        }
        return Along(Along(x, 1, "top_cropping", "bottom_cropping", "target_height"), 2, "left_cropping", "right_cropping", "target_width");
    });

    private static long? Whole(OperationArguments a, string name) => a[-1, name] is null ? null : a.Integer(-1, 0, name);

    // (N, H, W, b·b·C) and (N, H·b, W·b, C).
    private static Value Blocks(Value x, long b, bool toSpace)
    {
        long n = x.Shape[0], h = x.Shape[1], w = x.Shape[2], c = x.Shape[3];
        return toSpace
            ? Lax.Reshape(Lax.Transpose(Lax.Reshape(x, n, h, w, b, b, c / (b * b)), 0, 1, 3, 2, 4, 5), n, h * b, w * b, c / (b * b))
            : Lax.Reshape(Lax.Transpose(Lax.Reshape(x, n, h / b, b, w / b, b, c), 0, 1, 3, 2, 4, 5), n, h / b, w / b, c * b * b);
    }
}
