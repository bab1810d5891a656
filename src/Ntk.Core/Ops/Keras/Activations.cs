using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>Keras's activation functions by name (keras.activations).</summary>
internal static class Activations
{
    private static readonly Dictionary<string, Func<Value, Value>> s_all = new(StringComparer.Ordinal)
    {
        ["linear"] = x => x,
        ["relu"] = Lax.Relu,
        ["relu6"] = Lax.Relu6,
        ["leaky_relu"] = x => LeakyRelu(x, 0.2),
        ["elu"] = x => Lax.Elu(x),
        ["celu"] = x => Celu(x, 1),
        ["selu"] = Lax.Selu,
                ["silu"] = x => Lax.Silu(x),
        ["swish"] = x => Lax.Silu(x),
        ["mish"] = x => x * Lax.Tanh(Lax.Softplus(x)),
        ["sigmoid"] = Lax.Sigmoid,
        ["log_sigmoid"] = x => -Lax.Softplus(-x),
        ["sparse_sigmoid"] = x => Lax.Clip((x + 1.0) * 0.5, 0, 1),
        ["hard_silu"] = x => x * HardSigmoid(x),
        ["hard_swish"] = x => x * HardSigmoid(x),
        ["tanh"] = Lax.Tanh,
        ["hard_tanh"] = x => Lax.Clip(x, -1, 1),
        ["tanh_shrink"] = x => x - Lax.Tanh(x),
        ["hard_shrink"] = x => Where(Lax.Greater(Lax.Abs(x), Like(x, 0.5)), x, 0),
        ["soft_shrink"] = x => Lax.Relu(x - 0.5) - Lax.Relu(-x - 0.5),
        ["softplus"] = Lax.Softplus,
        ["softsign"] = Lax.Softsign,
        ["squareplus"] = x => Squareplus(x, 4),
        ["sparse_plus"] = SparsePlus,
        ["exponential"] = Lax.Exp,
        ["softmax"] = x => Lax.Softmax(x),
        ["log_softmax"] = x => Lax.LogSoftmax(x),
        ["sparsemax"] = x => Sparsemax(x, -1),
        ["glu"] = x => Glu(x, -1),
    };

    /// <summary>The names that are known.</summary>
    public static IEnumerable<string> Names => s_all.Keys.Append("hard_sigmoid").Append("gelu");

    /// <summary>A function by its name in a file; the classes of Keras 3 (<c>ReLU</c>) and Keras 2 (<c>relu</c>) count alike.</summary>
    /// <param name="name">The name; of a custom object without its package.</param>
    /// <param name="version">The major version of Keras: the hard sigmoid changed its slope, for one.</param>
    public static Func<Value, Value> Find(string name, int version) => name switch
    {
        "hard_sigmoid" => version >= 3 ? HardSigmoid : x => Lax.Clip((x * 0.2) + 0.5, 0, 1),
        "gelu" => x => Gelu(x, approximate: false, version),
        _ when s_all.TryGetValue(name, out Func<Value, Value>? function) => function,
        _ => throw new ShapeException($"activation '{name}' is not known; a custom function's code is not in the file"),
    };

    /// <summary>The rectifier with all of its options: max_value caps, below threshold the slope applies to x − threshold.</summary>
    public static Value Relu(Value x, double slope, double? maximum, double threshold)
    {
        Value positive = threshold != 0 ? Where(Lax.Greater(x, Like(x, threshold)), x, 0) : slope == 0 || maximum is not null ? Lax.Relu(x) : LeakyRelu(x, slope);
        if (maximum is { } cap)
        {
            positive = threshold == 0 ? Lax.Clip(x, 0, cap) : Lax.Clip(positive, 0, cap);
        }
        return slope == 0 || (threshold == 0 && maximum is null) ? positive : positive - (Lax.Relu(threshold - x) * slope);
    }

    /// <summary>A number as TensorFlow hands it to a kernel as an attribute, or casts it: rounded to 32 bits whatever the precision.</summary>
    public static double Single(double number) => (float)number;

    /// <summary>(x + √(x² + b)) / 2.</summary>
    public static Value Squareplus(Value x, double b) => (x + Lax.Sqrt(Lax.Square(x) + b)) * 0.5;

    /// <summary>x where positive, slope·x elsewhere; the slope is an attribute of TensorFlow's op.</summary>
    public static Value LeakyRelu(Value x, double slope) => Lax.LeakyRelu(x, Single(slope));

    /// <summary>x · Φ(x), or its tanh approximation, with TensorFlow's constants: 2.15 divides by √2, later ones multiply by √½.</summary>
    public static Value Gelu(Value x, bool approximate, int version)
    {
        if (approximate)
        {
            return x * 0.5 * (Lax.Tanh((x + (x * x * x * Single(0.044715))) * 0.7978845608028654) + 1.0);
        }
        Value scaled = version >= 3 ? x * Single(0.7071067811865476) : x / Single(1.4142135623730951);
        return x * 0.5 * (Lax.Erf(scaled) + 1.0);
    }

    /// <summary>max(x, 0) + α·(e^(min(x, 0)/α) − 1).</summary>
    public static Value Celu(Value x, double alpha) => alpha == 1 ? Lax.Elu(x)
        : Lax.Maximum(x, Like(x, 0)) + (Lax.Expm1(Lax.Minimum(x, Like(x, 0)) * (1 / alpha)) * alpha);

    /// <summary>One half of an axis gated by the sigmoid of the other.</summary>
    public static Value Glu(Value x, int axis)
    {
        long half = x.Shape[Shapes.Axis(axis, x.Rank)] / 2;
        Value[] parts = Lax.Split(x, axis, half, half);
        return parts[0] * Lax.Sigmoid(parts[1]);
    }

    /// <summary>
    /// Sparsemax (Martins and Astudillo, arXiv 1602.02068) as Keras 3 computes it: its threshold adds up the running sums over the support, where the
    /// paper takes the last of them.
    /// </summary>
    public static Value Sparsemax(Value x, int axis) => Lax.AlongLast(x, axis, v =>
    {
        Value sorted = Lax.Sort(v, descending: true).Values, sums = Lax.CumulativeSum(sorted, -1);
        Value ranks = v.Trace.Constant(TorchSharp.torch.arange(1, v.Shape[^1] + 1).to(v.DType));
        Value support = Lax.Cast(Lax.Greater((sorted * ranks) + 1.0, sums), v.DType);
        Value threshold = (Lax.Sum(sums * support, [-1], keepDims: true) - 1.0) / Lax.Sum(support, [-1], keepDims: true);
        return Lax.Relu(v - threshold);
    });

    /// <summary>relu6(x + 3) / 6.</summary>
    public static Value HardSigmoid(Value x) => Lax.Relu6(x + 3.0) * (1.0 / 6);

    /// <summary>exp normalised over several axes together.</summary>
    public static Value Softmax(Value x, long[] axes)
    {
        if (axes.Length == 1)
        {
            return Lax.Softmax(x, Shapes.Axis(axes[0], x.Rank));
        }
        int[] joined = Shapes.Axes(axes, x.Rank);
        int[] order = [.. Enumerable.Range(0, x.Rank).Except(joined), .. joined];
        Value moved = Lax.Transpose(x, order);
        Value flat = Lax.Reshape(moved, [.. moved.Shape[..(x.Rank - joined.Length)], -1]);
        var inverse = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            inverse[order[i]] = i;
        }
        return Lax.Transpose(Lax.Reshape(Lax.Softmax(flat), moved.Shape), inverse);
    }

    /// <summary>A choice between x and a number.</summary>
    public static Value Where(Value condition, Value x, double otherwise) => Lax.Select(condition, x, Like(x, otherwise));

    /// <summary>A number of x's type.</summary>
    public static Value Like(Value x, double value) => Lax.ScalarLike(x, value);

    private static Value SparsePlus(Value x) => Lax.Select(
        Lax.LessEqual(x, Like(x, -1)), Like(x, 0), Lax.Select(Lax.Less(x, Like(x, 1)), Lax.Square(x + 1.0) * 0.25, x));
}
