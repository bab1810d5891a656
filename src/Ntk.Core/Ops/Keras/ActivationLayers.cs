using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>Activations that are layers of their own.</summary>
internal static class ActivationLayers
{
    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = new()
    {
        ["Activation"] = Activation,
        ["ReLU"] = Relu,
        ["LeakyReLU"] = LeakyRelu,
        ["ThresholdedReLU"] = ThresholdedRelu,
        ["ELU"] = Elu,
        ["Softmax"] = Softmax,
        ["PReLU"] = PRelu,
        ["SReLU"] = SRelu,
        ["ParametricSoftplus"] = ParametricSoftplus,
    };

    private static void Activation(KerasLayer layer, LayerConfig c)
    {
        Func<LayerCall, Value, Value> function = c.Activation("activation");
        layer.PassesMask = true;
        layer.Map = (call, x) => function(call, call.Float(x));
    }

    private static void Relu(KerasLayer layer, LayerConfig c)
    {
        double slope = c.Number("negative_slope", 0), threshold = c.Number("threshold", 0);
        double? maximum = c.Has("max_value") ? c.Number("max_value") : null;
        layer.PassesMask = true;
        layer.Map = (call, x) => Activations.Relu(call.Float(x), slope, maximum, threshold);
    }

    // Keras 2 calls the slope alpha.
    private static void LeakyRelu(KerasLayer layer, LayerConfig c)
    {
        double slope = c.Number(c.FirstOf("negative_slope", "alpha"), 0.3);
        layer.PassesMask = true;
        layer.Map = (call, x) => Activations.LeakyRelu(call.Float(x), slope);
    }

    private static void ThresholdedRelu(KerasLayer layer, LayerConfig c)
    {
        double theta = c.Number("theta", 1);
        layer.PassesMask = true;
        layer.Map = (call, x) => Activations.Where(Lax.Greater(call.Float(x), Activations.Like(call.Float(x), theta)), call.Float(x), 0);
    }

    private static void Elu(KerasLayer layer, LayerConfig c)
    {
        double alpha = c.Number("alpha", 1);
        layer.PassesMask = true;
        layer.Map = (call, x) => Lax.Elu(call.Float(x), alpha);
    }

    // A mask takes its places out of the sum.
    private static void Softmax(KerasLayer layer, LayerConfig c)
    {
        long[] axes = c.Integers("axis", 1, -1);
        layer.PassesMask = true;
        layer.Body = call =>
        {
            Value x = call.FloatX;
            Value? mask = call.Argument(1, "mask") is Flow given ? given.Value : call.Mask;
            return [new Flow(MaskedSoftmax(x, mask, axes, c.Version))];
        };
    }

    private static void PRelu(KerasLayer layer, LayerConfig c)
    {
        c.Ignore("shared_axes");
        LayerVariable alpha = layer.Add("alpha");
        layer.PassesMask = true;
        layer.Map = (call, x) => Lax.Relu(call.Float(x)) - (call[alpha] * Lax.Relu(-call.Float(x)));
    }

    // Keras 1: the identity between two bends, with a slope of its own on either side.
    private static void SRelu(KerasLayer layer, LayerConfig c)
    {
        c.Ignore("t_left_init", "a_left_init", "t_right_init", "a_right_init", "shared_axes");
        LayerVariable left = layer.Add("t_left"), leftSlope = layer.Add("a_left"), right = layer.Add("t_right"), rightSlope = layer.Add("a_right");
        layer.PassesMask = true;
        layer.Map = (call, x) =>
        {
            Value start = call[left], end = start + Lax.Abs(call[right]), beyond = call.Float(x) - start;
            Value middle = Lax.Minimum(Lax.Relu(beyond), end - start) - (call[leftSlope] * Lax.Relu(-beyond));
            return start + middle + (Lax.Relu(call.Float(x) - end) * call[rightSlope]);
        };
    }

    // Keras 1: alpha · log(1 + exp(beta · x)).
    private static void ParametricSoftplus(KerasLayer layer, LayerConfig c)
    {
        c.Ignore("alpha_init", "beta_init", "shared_axes");
        LayerVariable alphas = layer.Add("alphas"), betas = layer.Add("betas");
        layer.PassesMask = true;
        layer.Map = (call, x) => Lax.Softplus(call[betas] * call.Float(x)) * call[alphas];
    }

    /// <summary>
    /// Softmax over what the mask leaves. Keras 2 lowers masked scores by 10⁹; Keras 3 sets them to −10⁹ and their shares to zero, so that a
    /// row without any score gives zeros.
    /// </summary>
    internal static Value MaskedSoftmax(Value scores, Value? mask, long[] axes, int version)
    {
        if (mask is null)
        {
            return Activations.Softmax(scores, axes);
        }
        if (version < 3)
        {
            return Activations.Softmax(scores + ((1.0 - Lax.Cast(mask, scores.DType)) * -1e9), axes);
        }
        Value keep = mask.DType.IsFloatingPoint() ? Lax.Greater(mask, Activations.Like(mask, 0.5)) : LayerCall.AsBoolean(mask);
        return Activations.Where(keep, Activations.Softmax(Activations.Where(keep, scores, -1e9), axes), 0);
    }
}
