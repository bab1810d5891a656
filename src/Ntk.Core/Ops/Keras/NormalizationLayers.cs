using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>Normalisations. Scale and shift act on the normalised tensor itself, so that they stand as operands in the program.</summary>
internal static class NormalizationLayers
{
    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = new()
    {
        ["BatchNormalization"] = Batch,
        ["BatchNormalizationV1"] = Batch,
        ["BatchNormalizationV2"] = Batch,
        ["SyncBatchNormalization"] = Batch,
        ["LayerNormalization"] = Layer,
        ["GroupNormalization"] = Group,
        ["RMSNormalization"] = RootMeanSquare,
        ["UnitNormalization"] = Unit,
    };

    // At inference: (x − moving mean) / √(moving variance + ε) · γ + β.
    private static void Batch(KerasLayer layer, LayerConfig c)
    {
        long[] axes = c.Integers("axis", 1, -1);
        double epsilon = c.Number("epsilon", 1e-3);
        if (c.Integer("mode", 0) != 0)
        {
            throw new ShapeException("option 'mode' of Keras 1 other than 0 is not supported");
        }
        LayerVariable? gamma = c.Flag("scale", true) ? layer.Add("gamma") : null, beta = c.Flag("center", true) ? layer.Add("beta") : null;
        LayerVariable mean = layer.Add("moving_mean", trained: false), variance = layer.Add("moving_variance", trained: false);
        if (c.Flag("renorm", false))
        {
            layer.Add("moving_stddev", trained: false);
            layer.Add("renorm_mean", trained: false);
            layer.Add("renorm_stddev", trained: false);
        }
        layer.PassesMask = true;
        layer.Map = (call, x) =>
        {
            x = call.Float(x);
            Value Spread(LayerVariable v) => Along(call[v], axes, x);
            Value y = (x - Spread(mean)) * Lax.Rsqrt(Spread(variance) + epsilon);
            y = gamma is null ? y : y * Spread(gamma);
            return beta is null ? y : y + Spread(beta);
        };
    }

    private static void Layer(KerasLayer layer, LayerConfig c)
    {
        long[] axes = c.Integers("axis", 1, -1);
        double epsilon = c.Number("epsilon", 1e-3);
        bool rms = c.Flag("rms_scaling", false);
        LayerVariable? gamma = c.Flag("scale", true) || rms ? layer.Add("gamma") : null, beta = c.Flag("center", true) && !rms ? layer.Add("beta") : null;
        layer.PassesMask = true;
        layer.Map = (call, x) =>
        {
            x = call.Float(x);
            Value centred = x - Lax.Mean(x, axes, keepDims: true);
            Value inverse = Lax.Rsqrt(Lax.Mean(Lax.Square(centred), axes, keepDims: true) + epsilon);
            // Keras's rms_scaling divides by the standard deviation without taking the mean away.
            Value y = (rms ? x : centred) * inverse;
            y = gamma is null ? y : y * Along(call[gamma], axes, x);
            return beta is null ? y : y + Along(call[beta], axes, x);
        };
    }

    private static void Group(KerasLayer layer, LayerConfig c)
    {
        long groups = c.Integer("groups", 32), stated = c.Integer("axis", -1);
        double epsilon = c.Number("epsilon", 1e-3);
        LayerVariable? gamma = c.Flag("scale", true) ? layer.Add("gamma") : null, beta = c.Flag("center", true) ? layer.Add("beta") : null;
        layer.PassesMask = true;
        layer.Map = (call, x) =>
        {
            x = call.Float(x);
            int axis = Shapes.Axis(stated, x.Rank);
            long count = groups == -1 ? x.Shape[axis] : groups;
            Value Split(Value v) => Lax.Reshape(v, [.. v.Shape[..axis], count, v.Shape[axis] / count, .. v.Shape[(axis + 1)..]]);
            Value blocks = Split(x);
            long[] axes = Enumerable.Range(1, x.Rank).Where(a => a != axis).Select(a => (long)a).ToArray();
            // Keras 2 leaves masked places out of the moments.
            Value? weights = c.Version < 3 && call.Mask is { } mask ? Split(Lax.BroadcastTo(Lax.Cast(mask, x.DType), x.Shape)) : null;
            Value Moment(Value v) => weights is null ? Lax.Mean(v, axes, keepDims: true) : Lax.Sum(v * weights, axes, keepDims: true) / Lax.Sum(weights, axes, keepDims: true);
            Value centred = blocks - Moment(blocks);
            Value y = Lax.Reshape(centred * Lax.Rsqrt(Moment(Lax.Square(centred)) + epsilon), x.Shape);
            y = gamma is null ? y : y * Along(call[gamma], [axis], x);
            return beta is null ? y : y + Along(call[beta], [axis], x);
        };
    }

    private static void RootMeanSquare(KerasLayer layer, LayerConfig c)
    {
        long[] axes = c.Integers("axis", 1, -1);
        double epsilon = c.Number("epsilon", 1e-6);
        LayerVariable scale = layer.Add("scale");
        layer.Map = (call, x) =>
        {
            x = call.Float(x);
            return x * Lax.Rsqrt(Lax.Mean(Lax.Square(x), axes, keepDims: true) + epsilon) * Along(call[scale], axes, x);
        };
    }

    private static void Unit(KerasLayer layer, LayerConfig c)
    {
        long[] axes = c.Integers("axis", 1, -1);
        layer.PassesMask = true;
        layer.Map = (call, x) => Normalize(call.Float(x), axes, c.Version);
    }

    /// <summary>x / |x| over axes; where Keras 2 bounds the squared length by 10⁻¹², Keras 3 bounds its inverse root by 10¹².</summary>
    internal static Value Normalize(Value x, long[] axes, int version, double epsilon = 1e-12)
    {
        Value square = Lax.Sum(Lax.Square(x), axes, keepDims: true);
        return x * (version >= 3
            ? Lax.Minimum(Lax.Rsqrt(square), Activations.Like(x, 1 / epsilon))
            : Lax.Rsqrt(Lax.Maximum(square, Activations.Like(x, epsilon))));
    }

    /// <summary>A parameter over some axes of x, shaped to broadcast against x.</summary>
    internal static Value Along(Value parameter, long[] axes, Value x)
    {
        int[] places = Shapes.Axes(axes, x.Rank);
        if (parameter.Rank == x.Rank || (places.Length == 1 && places[0] == x.Rank - 1))
        {
            return parameter;
        }
        long[] shape = Enumerable.Repeat(1L, x.Rank).ToArray();
        foreach (int place in places)
        {
            shape[place] = x.Shape[place];
        }
        return Lax.Reshape(parameter, shape);
    }
}
