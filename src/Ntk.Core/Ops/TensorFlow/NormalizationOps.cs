using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Normalisations with a scale and a shift.</summary>
internal static class NormalizationOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("FusedBatchNorm", Fused, "y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2"),
        new("FusedBatchNormV2", Fused, "y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2"),
        new("FusedBatchNormV3", Fused, "y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2", "reserve_space_3"),
        new("_FusedBatchNormEx", FusedEx, "y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2", "reserve_space_3"),
        new("BatchNormWithGlobalNormalization", Global),
        new("LRN", LocalResponse),
    ];

    /// <summary>(x − mean) / √(variance + ε) · scale + offset along the last axis.</summary>
    public static Value Normalize(Value x, Value scale, Value offset, Value mean, Value variance, double epsilon) =>
        ((x - mean) * (Lax.Rsqrt(variance + epsilon) * scale)) + offset;

    // FusedBatchNorm(x, scale, offset, mean, variance; epsilon, is_training, data_format, exponential_avg_factor)
    private static OpResult Fused(OpContext c)
    {
        double epsilon = c.Float("epsilon", 1e-4f), factor = c.Float("exponential_avg_factor", 1);
        string format = c.Choice("data_format", "NHWC", "NHWC", "NCHW", "NDHWC", "NCDHW");
        bool training = c.Bool("is_training", true), first = format[1] == 'C';
        Value x = first ? Lax.MoveAxis(c[0], 1, -1) : c[0];
        Value mean = c[3], variance = c[4], nextMean = mean, nextVariance = variance;
        if (training)
        {
            // The statistics of the batch itself; what leaves them for the moving averages is the unbiased variance.
            long[] axes = Enumerable.Range(0, x.Rank - 1).Select(a => (long)a).ToArray();
            mean = Lax.Mean(x, axes);
            variance = Lax.Variance(x, axes);
            double count = x.Type.Count / (double)Math.Max(1, x.Shape[^1]);
            nextMean = mean;
            nextVariance = variance * (count / Math.Max(1, count - 1));
            if (factor != 1)
            {
                nextMean = (c[3] * (1 - factor)) + (nextMean * factor);
                nextVariance = (c[4] * (1 - factor)) + (nextVariance * factor);
            }
        }
        Value y = Normalize(x, c[1], c[2], mean, variance, epsilon);
        return new[] { first ? Lax.MoveAxis(y, -1, 1) : y, nextMean, nextVariance, mean, variance, ArrayOps.Filled(mean, [0], 0) };
    }

    // A rewritten graph's batch normalisation with a side input and an activation.
    private static OpResult FusedEx(OpContext c)
    {
        _ = c.Int("num_side_inputs", 0);
        Value y = (Value)Fused(c).Outputs[0];
        if (c.Count > 5)
        {
            y += c[5];
        }
        return FusedOps.Activate(c.Text("activation_mode", "Identity"), y, c, null);
    }

    // BatchNormWithGlobalNormalization(x, mean, variance, offset, scale; variance_epsilon, scale_after_normalization)
    private static OpResult Global(OpContext c)
    {
        double epsilon = c.Float("variance_epsilon", 0);
        Value scale = c.Bool("scale_after_normalization") ? c[4] : Lax.ScalarLike(c[4], 1);
        return Normalize(c[0], scale, c[3], c[1], c[2], epsilon);
    }

    // LRN(x; depth_radius, bias, alpha, beta): x / (bias + α Σ x²)^β, the sum over the neighbouring channels.
    private static OpResult LocalResponse(OpContext c)
    {
        Value x = c[0];
        long radius = c.Int("depth_radius", 5), channels = x.Shape[^1];
        double bias = c.Float("bias", 1), alpha = c.Float("alpha", 1), beta = c.Float("beta", 0.5f);
        using Tensor distance = (arange(channels).unsqueeze(0) - arange(channels).unsqueeze(1)).abs();
        Value band = c.Trace.Constant((distance <= radius).to(x.DType));
        Value sum = Lax.MatMul(Lax.Reshape(Lax.Square(x), -1, channels), band);
        Value scale = (Lax.Reshape(sum, x.Shape) * alpha) + bias;
        return x * Lax.Power(scale, Lax.ScalarLike(scale, -beta));
    }
}
