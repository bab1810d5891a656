using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.Keras;

/// <summary>Dense products, embeddings and what only passes through.</summary>
internal static class CoreLayers
{
    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = new()
    {
        ["Dense"] = Dense,
        ["TimeDistributedDense"] = Dense,
        ["EinsumDense"] = EinsumDense,
        ["TernaryDense"] = TernaryDense,
        ["MaxoutDense"] = MaxoutDense,
        ["Highway"] = Highway,
        ["Embedding"] = Embedding,
        ["ReversibleEmbedding"] = ReversibleEmbedding,
        ["Masking"] = Masking,
        ["Identity"] = Identity,
        ["LayerScale"] = LayerScale,
        ["RandomFourierFeatures"] = RandomFourierFeatures,
    };

    private static void Dense(KerasLayer layer, LayerConfig c)
    {
        c.Ignore("units", "output_dim", "quantization_mode");
        LayerVariable kernel = layer.Add("kernel");
        LayerVariable? bias = c.Flag(c.FirstOf("use_bias", "bias"), true) ? layer.Add("bias") : null;
        Func<LayerCall, Value, Value> activation = c.Activation("activation");
        layer.PassesMask = true;
        layer.Map = (call, x) =>
        {
            Value y = Lax.DotGeneral(call.Float(x), call[kernel], [x.Rank - 1], [0]);
            return activation(call, bias is null ? y : y + call[bias]);
        };
    }

    // Only the kernel's signs count, those of small entries not; its derivative is the kernel's own (straight through), and their mean size scales the product.
    private static void TernaryDense(KerasLayer layer, LayerConfig c)
    {
        c.Ignore("units");
        double? threshold = c.Has("threshold") ? c.Number("threshold") : null;
        LayerVariable kernel = layer.Add("kernel");
        LayerVariable? bias = c.Flag("use_bias", true) ? layer.Add("bias") : null;
        Func<LayerCall, Value, Value> activation = c.Activation("activation");
        layer.PassesMask = true;
        layer.Map = (call, x) =>
        {
            Value k = call[kernel], size = Lax.Abs(k), mean = Lax.Mean(size);
            Value least = threshold is { } given ? Activations.Like(k, given) : mean * 0.5;
            Value signs = Lax.Sign(k) * Lax.Cast(Lax.Greater(size, least), k.DType);
            Value y = Lax.DotGeneral(call.Float(x), k + Lax.StopGradient(signs - k), [x.Rank - 1], [0]);
            y = threshold is null ? y * mean : y;
            return activation(call, bias is null ? y : y + call[bias]);
        };
    }

    // The bias is stored with axes of size one where bias_axes names none.
    private static void EinsumDense(KerasLayer layer, LayerConfig c)
    {
        string equation = c.Text("equation");
        c.Ignore("output_shape", "quantization_mode");
        LayerVariable kernel = layer.Add("kernel");
        LayerVariable? bias = c.Has("bias_axes") ? layer.Add("bias") : null;
        Func<LayerCall, Value, Value> activation = c.Activation("activation");
        layer.Map = (call, x) =>
        {
            Value y = EinsumProduct.Apply(equation, call.Float(x), call[kernel]);
            return activation(call, bias is null ? y : y + call[bias]);
        };
    }

    // Keras 1: the largest of several dense layers (Goodfellow and others, arXiv 1302.4389); kernel (pieces, in, out).
    private static void MaxoutDense(KerasLayer layer, LayerConfig c)
    {
        c.Ignore("output_dim", "nb_feature");
        LayerVariable kernel = layer.Add("W");
        LayerVariable? bias = c.Flag("bias", true) ? layer.Add("b") : null;
        layer.Map = (call, x) =>
        {
            Value y = Lax.DotGeneral(call.Float(x), call[kernel], [1], [1]);
            return Lax.Max(bias is null ? y : y + call[bias], [1]);
        };
    }

    // Keras 1: a dense layer's output and its input, mixed by a gate (Srivastava and others, arXiv 1505.00387).
    private static void Highway(KerasLayer layer, LayerConfig c)
    {
        bool biased = c.Flag("bias", true);
        c.Ignore("transform_bias");
        Func<LayerCall, Value, Value> activation = c.Activation("activation");
        LayerVariable kernel = layer.Add("W"), carry = layer.Add("W_carry");
        LayerVariable? bias = biased ? layer.Add("b") : null, carryBias = biased ? layer.Add("b_carry") : null;
        layer.Map = (call, x) =>
        {
            x = call.Float(x);
            Value Product(LayerVariable w, LayerVariable? b) => Lax.MatMul(x, call[w]) is var y && b is not null ? y + call[b] : y;
            Value gate = Lax.Sigmoid(Product(carry, carryBias));
            return (activation(call, Product(kernel, bias)) * gate) + ((1.0 - gate) * x);
        };
    }

    private static void Embedding(KerasLayer layer, LayerConfig c)
    {
        c.Ignore("input_dim", "output_dim", "weights");
        bool masked = c.Flag("mask_zero", false);
        LayerVariable table = layer.Add("embeddings");
        layer.Body = call => [Look(call, call.X, table, masked)];
    }

    // Called with reverse=True it gives the scores of all words: x · tableᵀ.
    private static void ReversibleEmbedding(KerasLayer layer, LayerConfig c)
    {
        c.Ignore("input_dim", "output_dim", "reverse_dtype");
        bool masked = c.Flag("mask_zero", false), tied = c.Flag("tie_weights", true);
        double? cap = c.Has("logit_soft_cap") ? c.Number("logit_soft_cap") : null;
        LayerVariable table = layer.Add("embeddings");
        LayerVariable? reverse = tied ? null : layer.Add("reverse_embeddings");
        layer.Body = call =>
        {
            if (!call.Flag(1, "reverse"))
            {
                return [Look(call, call.X, table, masked)];
            }
            Value scores = Lax.DotGeneral(call.FloatX, reverse is null ? call[table] : call[reverse], [call.X.Rank - 1], [reverse is null ? 1 : 0]);
            return [new Flow(cap is { } limit ? Lax.Tanh(scores * (1 / limit)) * limit : scores)];
        };
    }

    private static Flow Look(LayerCall call, Value ids, LayerVariable table, bool masked)
    {
        Value index = ids.DType is ScalarType.Int32 or ScalarType.Int64 ? ids : Lax.Cast(ids, ScalarType.Int32);
        return new Flow(Lax.Gather(call[table], index, 0), masked ? Lax.NotEqual(ids, Lax.ScalarLike(ids, 0)) : null);
    }

    // A step counts where any feature differs from the mask value; the others become zero.
    private static void Masking(KerasLayer layer, LayerConfig c)
    {
        double value = c.Number("mask_value", 0);
        layer.Body = call =>
        {
            Value x = call.FloatX, differs = Lax.NotEqual(x, Lax.ScalarLike(x, value));
            Value kept = Lax.Any(differs, [-1], keepDims: true);
            return [new Flow(x * Lax.Cast(kept, x.DType), Lax.Squeeze(kept, -1))];
        };
    }

    private static void Identity(KerasLayer layer, LayerConfig c)
    {
        layer.PassesMask = c.Version >= 3;
        layer.Body = call => call.Inputs.Select(i => i with { Mask = null }).ToArray();
    }

    // keras.applications' ConvNeXt scales the branches of its blocks.
    private static void LayerScale(KerasLayer layer, LayerConfig c)
    {
        c.Ignore("init_values", "projection_dim");
        LayerVariable gamma = layer.Add("gamma");
        layer.Map = (call, x) => call.Float(x) * call[gamma];
    }

    // cos(x · kernel / scale + bias): Rahimi and Recht's features; only the scale is ever trained.
    private static void RandomFourierFeatures(KerasLayer layer, LayerConfig c)
    {
        c.Ignore("output_dim", "scale");
        LayerVariable scale = layer.Add("kernel_scale"), kernel = layer.Add("unscaled_kernel", trained: false), bias = layer.Add("bias", trained: false);
        layer.Map = (call, x) => Lax.Cos(Lax.DotGeneral(call.Float(x), call[kernel] * Lax.Reciprocal(call[scale]), [x.Rank - 1], [0]) + call[bias]);
    }
}
