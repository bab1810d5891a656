using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using Ntk.Core.Formats.Protos;
using static Ntk.Core.Ops.TensorFlow.ElementwiseOps;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Activation functions (nn_ops).</summary>
internal static class ActivationOps
{
    private const double SeluAlpha = 1.6732632423543772848170429916717;
    private const double SeluScale = 1.0507009873554804934193349852946;

    // TensorFlow tests y < 0, so that at 0 the derivative is that of the positive side.
    private static readonly Unary s_selu = Lax.OfY("selu", x => where(x > 0, x, x.expm1() * SeluAlpha) * SeluScale,
        (rows, y) => rows * where(y < 0, y + (SeluAlpha * SeluScale), tensor(SeluScale, y.dtype)), 10);

    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        One("Relu", Lax.Relu), One("Relu6", Lax.Relu6), One("Elu", x => Lax.Elu(x)), One("Selu", x => x.Trace.Apply(s_selu, x)),
        new("LeakyRelu", c => Lax.LeakyRelu(c[0], c.Float("alpha", 0.2f))),
        One("Softplus", Lax.Softplus), One("Softsign", Lax.Softsign), One("Sigmoid", Lax.Sigmoid),
        One("Softmax", x => Lax.Softmax(x)), One("LogSoftmax", x => Lax.LogSoftmax(x)),
        new("BiasAdd", BiasAdd), Two("BiasAddV1", Lax.Add), Two("Prelu", Prelu),
        One("_MklSwish", x => Lax.Silu(x)),
    ];

    /// <summary>x where positive, α·x elsewhere, α given for each channel.</summary>
    public static Value Prelu(Value x, Value alpha) => Lax.Relu(x) - (alpha * Lax.Relu(-x));

    // BiasAdd(value, bias; data_format): the bias lies along the channels, the last axis or the second.
    private static OpResult BiasAdd(OpContext c) => AddBias(c[0], c[1], c.Choice("data_format", "NHWC", "NHWC", "NCHW", "NCDHW", "NDHWC", "NWC", "NCW").StartsWith("NC", StringComparison.Ordinal));

    /// <summary>x + bias along the channels.</summary>
    public static Value AddBias(Value x, Value bias, bool channelsFirst)
    {
        if (bias.Rank != 1)
        {
            throw new ShapeException($"a bias of shape {Shapes.Format(bias.Shape)}, where a vector is needed");
        }
        return channelsFirst && x.Rank > 2 ? x + Lax.Reshape(bias, [bias.Shape[0], .. Enumerable.Repeat(1L, x.Rank - 2)]) : x + bias;
    }
}
