using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Cross entropies.</summary>
internal static class LossOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("SoftmaxCrossEntropyWithLogits", Dense, "loss", "backprop"),
        new("SparseSoftmaxCrossEntropyWithLogits", Sparse, "loss", "backprop"),
    ];

    private static OpResult Dense(OpContext c)
    {
        Value loss = -Lax.Sum(c[1] * Lax.LogSoftmax(c[0]), [-1]);
        return new[] { loss, Lax.Softmax(c[0]) - c[1] };
    }

    // labels are class numbers
    private static OpResult Sparse(OpContext c)
    {
        Value own = Lax.OneHot(c[1], c[0].Shape[^1], -1, Lax.ScalarLike(c[0], 1), Lax.ScalarLike(c[0], 0));
        Value loss = -Lax.Sum(own * Lax.LogSoftmax(c[0]), [-1]);
        return new[] { loss, Lax.Softmax(c[0]) - own };
    }
}
