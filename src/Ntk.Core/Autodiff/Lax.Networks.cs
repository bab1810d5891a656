using Ntk.Core.Autodiff.Primitives;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <content>What neural networks are made of: convolutions, pools, activations.</content>
public static partial class Lax
{
    /// <summary>Convolution, channels last: x (N, spatial, Cin), kernel (window, Cin / groups, Cout); padding explicit.</summary>
    public static Value Convolution(Value x, Value kernel, ConvolutionGeometry geometry) => x.Trace.Apply(new Convolution(geometry), x, kernel);

    /// <summary>The transpose of a convolution in its input: x (N, spatial, Cout) → (N, sizes, Cin).</summary>
    public static Value TransposedConvolution(Value x, Value kernel, ConvolutionGeometry geometry, long[] sizes) =>
        x.Trace.Apply(new TransposedConvolution(geometry, sizes), x, kernel);

    /// <summary>TensorFlow's SAME padding of one axis: as little as makes the output ⌈size / stride⌉ long, the odd one behind.</summary>
    public static (long Low, long High) SamePadding(long size, long window, long stride, long dilation = 1)
    {
        long output = (size + stride - 1) / stride;
        long total = Math.Max(0, ((output - 1) * stride) + (dilation * (window - 1)) + 1 - size);
        return (total / 2, total - (total / 2));
    }

    /// <summary>A geometry with TensorFlow's SAME or no padding.</summary>
    public static ConvolutionGeometry Geometry(ReadOnlySpan<long> sizes, ReadOnlySpan<long> window, long[] strides, long[] dilations, bool same, long groups = 1)
    {
        var low = new long[strides.Length];
        var high = new long[strides.Length];
        for (int i = 0; same && i < strides.Length; i++)
        {
            (low[i], high[i]) = SamePadding(sizes[i], window[i], strides[i], dilations[i]);
        }
        return new ConvolutionGeometry(strides, dilations, low, high, groups);
    }

    /// <summary>The mean under a window, channels last; padded places do not count (tf.nn.avg_pool).</summary>
    public static Value AveragePool(Value x, long[] window, long[] strides, bool same)
    {
        (Value padded, bool any) = PadForPool(x, window, strides, same, 0);
        Value sum = SumPool(padded, window, strides);
        if (!any)
        {
            return sum * (1.0 / Shapes.Count(window));
        }
        // How many real elements each window meets: the same pool over ones.
        Value ones = x.Trace.Constant(torch.ones([1, .. x.Shape[1..^1], 1], x.DType));
        return sum / SumPool(PadForPool(ones, window, strides, same, 0).Padded, window, strides);
    }

    /// <summary>The sum under a window, channels last, no padding.</summary>
    public static Value SumPool(Value x, long[] window, long[] strides)
    {
        bool whole = true, apart = true;
        for (int i = 0; i < window.Length; i++)
        {
            whole &= window[i] == x.Shape[i + 1];
            apart &= window[i] == strides[i];
        }
        if (whole)
        {
            return Sum(x, Enumerable.Range(1, window.Length).Select(i => (long)i).ToArray(), keepDims: true);
        }
        if (!apart)
        {
            return x.Trace.Apply(new SumPool(window, strides), x);
        }
        // Windows that tile the input are axes of their own.
        var split = new List<long> { x.Shape[0] };
        var axes = new List<long>();
        for (int i = 0; i < window.Length; i++)
        {
            long count = x.Shape[i + 1] / window[i];
            x = SliceAxis(x, i + 1, 0, count * window[i]);
            split.Add(count);
            axes.Add(split.Count);
            split.Add(window[i]);
        }
        split.Add(x.Shape[^1]);
        return Sum(Reshape(x, split.ToArray()), axes.ToArray());
    }

    /// <summary>The largest element under a window, channels last (tf.nn.max_pool); the first of equal ones takes the derivative.</summary>
    public static Value MaxPool(Value x, long[] window, long[] strides, bool same) => MaxPoolAt(x, MaxPoolPlaces(x, window, strides, same), window, strides, same);

    /// <summary>Where the largest elements lie in the flattened spatial axes of the padded image.</summary>
    public static Value MaxPoolPlaces(Value x, long[] window, long[] strides, bool same) =>
        x.Trace.Apply(new ArgMaxPool(window, strides), PadForPool(x, window, strides, same, double.NegativeInfinity).Padded);

    /// <summary>The elements at the places that <see cref="MaxPoolPlaces"/> gives.</summary>
    public static Value MaxPoolAt(Value x, Value places, long[] window, long[] strides, bool same)
    {
        Value padded = PadForPool(x, window, strides, same, double.NegativeInfinity).Padded;
        long n = x.Shape[0], c = x.Shape[^1], from = Shapes.Count(padded.Shape.AsSpan()[1..^1]), to = Shapes.Count(places.Shape.AsSpan()[1..^1]);
        // The channels' positions differ: each is its own block.
        Value blocks = Reshape(MoveAxis(Reshape(padded, n, from, c), 2, 1), n * c, from, 1);
        Value chosen = x.Trace.Apply(new TakeAlong(), blocks, Reshape(MoveAxis(Reshape(places, n, to, c), 2, 1), n * c, to));
        return Reshape(MoveAxis(Reshape(chosen, n, c, to), 1, 2), places.Shape);
    }

    /// <summary>exp(x) normalised along an axis.</summary>
    public static Value Softmax(Value x, int axis = -1) => AlongLast(x, axis, v => v.Trace.Apply(new Softmax(logarithm: false), v));

    /// <summary>The logarithm of softmax.</summary>
    public static Value LogSoftmax(Value x, int axis = -1) => AlongLast(x, axis, v => v.Trace.Apply(new Softmax(logarithm: true), v));

    /// <summary>x where positive, α·x elsewhere.</summary>
    public static Value LeakyRelu(Value x, double alpha) => x.Trace.Apply(OfX("leaky_relu",
        v => where(v > 0, v, v * alpha), (rows, v) => rows * where(v > 0, torch.tensor(1.0, v.dtype), torch.tensor(alpha, v.dtype)), 2, $"{alpha}"), x);

    /// <summary>scale·x where positive, scale·α·(eˣ − 1) elsewhere.</summary>
    public static Value Elu(Value x, double alpha = 1, double scale = 1) => x.Trace.Apply(OfX("elu",
        v => where(v > 0, v, v.expm1() * alpha) * scale,
        (rows, v) => rows * (where(v > 0, torch.tensor(1.0, v.dtype), v.exp() * alpha) * scale), 10, alpha == 1 && scale == 1 ? "" : $"{alpha}, {scale}"), x);

    /// <summary>Scaled exponential linear unit with its two fixed constants.</summary>
    public static Value Selu(Value x) => Elu(x, 1.6732632423543772848170429916717, 1.0507009873554804934193349852946);

    /// <summary>x · sigmoid(β·x).</summary>
    public static Value Silu(Value x, double beta = 1) => x.Trace.Apply(OfX("silu", v => v * (v * beta).sigmoid(), (rows, v) =>
    {
        Tensor s = (v * beta).sigmoid();
        return rows * (s * (1 + (v * beta * (1 - s))));
    }, 12, beta == 1 ? "" : $"{beta}"), x);

    /// <summary>x · Φ(x), or its tanh approximation.</summary>
    public static Value Gelu(Value x, bool approximate = false)
    {
        if (!approximate)
        {
            return x * ((Erf(x * Math.Sqrt(0.5)) + 1.0) * 0.5);
        }
        Value inner = (x + (x * x * x * 0.044715)) * Math.Sqrt(2 / Math.PI);
        return x * ((Tanh(inner) + 1.0) * 0.5);
    }

    /// <summary>x / (1 + |x|).</summary>
    public static Value Softsign(Value x) => x.Trace.Apply(OfX("softsign", v => v / (v.abs() + 1), (rows, v) => rows / (v.abs() + 1).square(), 3), x);

    /// <summary>x limited to an interval; the derivative is zero outside and, as TensorFlow's relu6, at its ends.</summary>
    public static Value Clip(Value x, double low, double high) => x.Trace.Apply(OfX("clip", v => v.clamp(low, high),
        (rows, v) => rows * (v > low).logical_and(v < high), 2, $"{low}, {high}"), x);

    /// <summary>min(max(x, 0), 6).</summary>
    public static Value Relu6(Value x) => Clip(x, 0, 6);

    /// <summary>A function along the last axis applied along another.</summary>
    internal static Value AlongLast(Value x, int axis, Func<Value, Value> function) =>
        Shapes.Axis(axis, x.Rank) == x.Rank - 1 ? function(x) : MoveAxis(function(MoveAxis(x, axis, -1)), -1, axis);

    private static (Value Padded, bool Any) PadForPool(Value x, long[] window, long[] strides, bool same, double fill)
    {
        if (!same)
        {
            return (x, false);
        }
        var low = new long[x.Rank];
        var high = new long[x.Rank];
        for (int i = 0; i < window.Length; i++)
        {
            (low[i + 1], high[i + 1]) = SamePadding(x.Shape[i + 1], window[i], strides[i]);
        }
        return (Pad(x, low, high, fill), low.Concat(high).Any(p => p > 0));
    }
}
