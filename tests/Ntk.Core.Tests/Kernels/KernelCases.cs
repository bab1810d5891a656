using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Kernels;

/// <summary>Small models, one of each way in which parameters meet data and examples move through a program.</summary>
public static class KernelCases
{
    /// <summary>Models whose examples are independent, which cannot be shown.</summary>
    public static IReadOnlyDictionary<string, LambdaModel> Unshown { get; } = new Dictionary<string, LambdaModel>
    {
        ["reversed_twice"] = Model([3], (p, x) => Lax.MatMul(Lax.Tanh(Lax.MatMul(Lax.Reverse(Lax.Reverse(x, 0), 0), p[0]) + p[1]), p[2]), ("w", [3, 4]), ("b", [4]), ("v", [4, 2])),
        ["gathered_in_place"] = Model([4, 3], (p, x) => Lax.Tanh(Lax.MatMul(Lax.Gather(x, x.Trace.Constant(arange(x.Shape[0])), 0), p[0]) * p[1]), ("w", [3, 2]), ("gamma", [2])),
    };

    /// <summary>Whether the examples can be shown to be independent, and the model.</summary>
    public static IReadOnlyDictionary<string, (bool Independent, LambdaModel Model)> All { get; } = new Dictionary<string, (bool, LambdaModel)>
    {
        ["dense"] = (true, Model([4], (p, x) => Lax.MatMul(Lax.Tanh(Lax.MatMul(x, p[0]) + p[1]), p[2]) + p[3], ("w1", [4, 5]), ("b1", [5]), ("w2", [5, 3]), ("b2", [3]))),
        ["dense_positions"] = (true, Model([3, 4], (p, x) => Lax.MatMul(Lax.Relu(Lax.MatMul(x, p[0]) + p[1]), p[2]), ("w1", [4, 5]), ("b1", [5]), ("w2", [5, 2]))),
        ["conv"] = (true, Model([5, 5, 2], (p, x) => Lax.MatMul(Lax.Reshape(Lax.Relu(Conv(x, p[0], 1, 1) + p[1]), x.Shape[0], -1), p[2]), ("k", [3, 3, 2, 3]), ("b", [3]), ("w", [27, 2]))),
        ["conv_grouped_pooled"] = (true, Model([4, 4, 4], (p, x) => Lax.MatMul(Lax.Mean(Lax.Tanh(Conv(x, p[0], 1, 2)), [1, 2]), p[1]), ("k", [2, 2, 2, 4]), ("w", [4, 2]))),
        ["conv_normalised_pooled"] = (true, Model([4, 5, 2], (p, x) => Lax.MatMul(Lax.Mean(Lax.Tanh(Conv(x, p[0], 1, 1) * p[1] + p[2]) * p[3], [1, 2]), p[4]),
            ("k", [2, 2, 2, 3]), ("gamma", [3]), ("beta", [1, 1, 3]), ("rows", [3, 1, 3]), ("w", [3, 2]))),
        ["depthwise_strided"] = (true, Model([5, 5, 3], (p, x) => Lax.Sum(Lax.Tanh(Conv(x, p[0], 2, 3)), [1]), ("k", [3, 3, 1, 6]))),
        ["conv_transposed"] = (true, Model([3, 2, 3], (p, x) => Lax.MatMul(Lax.Reshape(Lax.Tanh(Transposed(x, p[0], [7, 5], 1)), x.Shape[0], -1), p[1]), ("k", [3, 2, 2, 3]), ("w", [70, 2]))),
        ["conv_transposed_grouped"] = (true, Model([3, 2, 4], (p, x) => Lax.Mean(Lax.Square(Transposed(x, p[0], [7, 4], 2)), [1, 2]), ("k", [3, 2, 1, 4]))),
        ["max_pool"] = (true, Model([4, 4, 1], (p, x) => Lax.MatMul(Lax.Reshape(Lax.MaxPool(Conv(x, p[0], 1, 1), [2, 2], [2, 2], same: true), x.Shape[0], -1), p[1]), ("k", [2, 2, 1, 2]), ("w", [8, 2]))),
        ["scale_and_shift"] = (true, Model([3, 4], (p, x) => Lax.Tanh(x * p[0] + p[1]) * p[2], ("gamma", [4]), ("beta", [4]), ("row", [3, 1]))),
        ["normalisation"] = (true, Model([4], (p, x) => (x - p[1]) * (Lax.Rsqrt(Lax.Square(p[2]) + 0.1) * p[0]) + p[3], ("gamma", [4]), ("mean!", [4]), ("variance!", [4]), ("beta", [4]))),
        ["weight_norm"] = (true, Model([4], (p, x) => Lax.MatMul(x, p[0] * (p[1] * Lax.Rsqrt(Lax.Sum(Lax.Square(p[0]), [0], true)))), ("v", [4, 3]), ("g", [3]))),
        ["tied"] = (true, Model([4], (p, x) => Lax.MatMul(Lax.Tanh(Lax.MatMul(Lax.Tanh(Lax.MatMul(x, p[0])), p[0])), p[0]), ("w", [4, 4]))),
        ["tied_transposed"] = (true, Model([4], (p, x) => Lax.MatMul(Lax.Tanh(Lax.MatMul(x, p[0])), p[0], transposeY: true), ("w", [4, 3]))),
        ["tied_mixed_uses"] = (true, Model([4], (p, x) => Lax.MatMul(x, p[0]) * Lax.Sum(Lax.Square(p[0]), [0]), ("w", [4, 3]))),
        ["sliced_parameter"] = (true, Model([3], (p, x) => Lax.MatMul(x, Lax.SliceAxis(p[0], 1, 0, 2)) * Lax.Sigmoid(Lax.MatMul(x, Lax.SliceAxis(p[0], 1, 2, 2))), ("w", [3, 4]))),
        ["recurrent"] = (true, Model([3, 2], Recurrent, ("w", [2, 4]), ("u", [4, 4]), ("b", [4]))),
        ["token"] = (true, Model([2, 3], (p, x) => Lax.Sum(Lax.Tanh(Lax.MatMul(Lax.Concat([Lax.Tile(p[0], x.Shape[0], 1, 1), x], 1), p[1])), [1]), ("token", [1, 1, 3]), ("w", [3, 2]))),
        ["attention"] = (true, Model([3, 4], Attention, ("q", [4, 4]), ("k", [4, 4]), ("v", [4, 2]))),
        ["einsum_heads"] = (true, Model([3, 4], (p, x) => Lax.Sum(Lax.Tanh(Lax.DotGeneral(x, p[0], [2], [0])), [1, 3]), ("w", [4, 2, 3]))),
        ["batched_product"] = (true, Model([3, 4], (p, x) => Lax.Transpose(Lax.Tanh(Lax.DotGeneral(x, p[0], [2], [1], [1], [0])), 1, 0, 2), ("w", [3, 4, 2]))),
        ["merged_positions"] = (true, Model([3, 4], (p, x) => Lax.Reshape(Lax.Tanh(Lax.MatMul(Lax.Reshape(x, -1, 4), p[0])), x.Shape[0], 3, 2), ("w", [4, 2]))),
        ["examples_last"] = (true, Model([4], (p, x) => Lax.Transpose(Lax.Tanh(Lax.DotGeneral(p[0], Lax.Transpose(x, 1, 0), [1], [0])), 1, 0), ("w", [3, 4]))),
        ["triangular"] = (true, Model([3], (p, x) => Lax.Sum(Lax.CumulativeSum(Lax.MatMul(x, p[0]), 1) * x, [1], true), ("w", [3, 3]))),
        ["piecewise_scatter"] = (true, Model([3], (p, x) => Lax.Gather(Lax.MatMul(x, p[0]), x.Trace.Integers(1, 0, 1), 1), ("w", [3, 2]))),
        ["mixes_batch_mean"] = (false, Model([3], (p, x) => Lax.Tanh(Lax.MatMul(x - Lax.Mean(x, [0], true), p[0])), ("w", [3, 2]))),
        ["mixes_by_size"] = (false, Model([3], (p, x) => Lax.Tanh(Lax.MatMul(x, p[0]) * (1.0 / x.Shape[0])), ("w", [3, 2]))),
        ["mixes_by_count"] = (false, Model([3], (p, x) => Lax.MatMul(x, p[0]) * Lax.MatMul(x, p[x.Shape[0] > 3 ? 0 : 1]), ("w", [3, 2]), ("v", [3, 2]))),
        ["mixes_by_position"] = (false, Model([3], (p, x) => Lax.Tanh(Lax.MatMul(x, p[0]) * Lax.ExpandDims(Lax.Cast(x.Trace.Constant(arange(x.Shape[0])), x.DType), 1)), ("w", [3, 2]))),
        ["mixes_reversed"] = (false, Model([3], (p, x) => Lax.Tanh(Lax.MatMul(x + Lax.Reverse(x, 0), p[0])), ("w", [3, 2]))),
        ["embedding"] = (true, Tokens([4], (p, x) => Lax.MatMul(Lax.Tanh(Lax.Sum(Lax.Gather(p[0], x, 0), [1])), p[1]), ("table", [6, 3]), ("w", [3, 2]))),
        ["embedding_positions"] = (true, Tokens([3], (p, x) => Lax.Tanh(Lax.Gather(p[0], x, 0) + p[1]), ("table", [6, 2]), ("positions", [3, 2]))),
    };

    internal static LambdaModel Model(int[] input, Func<Value[], Value, Value> function, params (string, int[])[] parameters) => new(function, input, NtkDType.Float32, parameters);

    private static LambdaModel Tokens(int[] input, Func<Value[], Value, Value> function, params (string, int[])[] parameters) => new(function, input, NtkDType.Int32, parameters);

    internal static Value Conv(Value x, Value kernel, long stride, long groups) =>
        Lax.Convolution(x, kernel, new ConvolutionGeometry([stride, stride], [1, 1], [0, 0], [0, 0], groups));

    private static Value Transposed(Value x, Value kernel, long[] sizes, long groups) =>
        Lax.TransposedConvolution(x, kernel, new ConvolutionGeometry([2, 2], [1, 1], [0, 0], [0, 0], groups), sizes);

    private static Value Recurrent(Value[] p, Value x)
    {
        Value state = x.Trace.Constant(zeros([x.Shape[0], 4], x.DType));
        foreach (Value step in Lax.Unstack(x, 1))
        {
            state = Lax.Tanh(Lax.MatMul(step, p[0]) + Lax.MatMul(state, p[1]) + p[2]);
        }
        return state;
    }

    private static Value Attention(Value[] p, Value x)
    {
        Value scores = Lax.MatMul(Lax.MatMul(x, p[0]), Lax.MatMul(x, p[1]), transposeY: true);
        return Lax.MatMul(Lax.Softmax(scores), Lax.MatMul(x, p[2]));
    }
}
