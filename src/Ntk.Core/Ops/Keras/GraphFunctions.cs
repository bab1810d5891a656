using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.Keras;

/// <summary>
/// Functions that stand in a layer graph between the layers, by TensorFlow's names without their modules and by Keras 3's (keras.ops).
/// </summary>
internal static class GraphFunctions
{
    /// <summary>A function by its arguments.</summary>
    internal delegate IReadOnlyList<Value> Function(OperationArguments a);

    private static readonly Dictionary<string, Function> s_all = Join(Elementwise(), Activation(), Shaping(), Reducing(), NumpyFunctions.Table(), NetworkFunctions.Table());

    /// <summary>The names.</summary>
    public static IEnumerable<string> Names => s_all.Keys;

    /// <summary>Whether a function is known.</summary>
    public static bool Knows(string name) => s_all.ContainsKey(name);

    /// <summary>Evaluates a function.</summary>
    public static IReadOnlyList<Flow> Apply(string name, OperationArguments arguments)
    {
        IReadOnlyList<Value> outputs = s_all[name](arguments);
        arguments.RequireAllRead(name);
        return outputs.Select(o => new Flow(o)).ToArray();
    }

    private static Dictionary<string, Function> Elementwise() => Named(
        ("add,addv2,bias_add", Binary(Lax.Add)), ("subtract,sub", Binary(Lax.Subtract)), ("multiply,mul", Binary(Lax.Multiply)),
        ("divide,truediv,true_divide,realdiv,div", a => One(a.Pair() is var (x, y) ? Lax.Divide(a.Call.Float(x), a.Call.Float(y)) : null!)),
        ("divide_no_nan,div_no_nan", Binary(Lax.DivideNoNan)), ("floor_divide,floordiv,floor_div", Binary(Lax.FloorDivide)), ("mod,floormod,floor_mod,remainder", Binary(Lax.FloorMod)),
        ("pow,power", Binary(Lax.Power)), ("maximum", Binary(Lax.Maximum)), ("minimum", Binary(Lax.Minimum)), ("squared_difference", Binary(Lax.SquaredDifference)),
        ("arctan2,atan2", Binary(Lax.Atan2)),
        ("equal,eq", Binary(Lax.Equal)), ("not_equal,ne", Binary(Lax.NotEqual)), ("less,lt", Binary(Lax.Less)), ("less_equal,le", Binary(Lax.LessEqual)),
        ("greater,gt", Binary(Lax.Greater)), ("greater_equal,ge", Binary(Lax.GreaterEqual)), ("logical_and", Binary(Lax.And)), ("logical_or", Binary(Lax.Or)), ("logical_xor", Binary(Lax.Xor)),
        ("logical_not", a => One(Lax.Not(LayerCall.AsBoolean(a.X)))),
        ("rsub,rsubtract", Binary((x, y) => y - x)), ("rtruediv", Binary((x, y) => y / x)), ("radd", Binary(Lax.Add)), ("rmul", Binary(Lax.Multiply)),
        ("negative,neg", Unary(Lax.Negate)), ("absolute,abs", Unary(Lax.Abs)), ("exp", Float(Lax.Exp)), ("expm1", Float(Lax.Expm1)), ("log", Float(Lax.Log)), ("log1p", Float(Lax.Log1p)),
        ("sqrt", Float(Lax.Sqrt)), ("rsqrt", Float(Lax.Rsqrt)), ("square", Unary(Lax.Square)), ("reciprocal", Float(Lax.Reciprocal)),
        ("sin", Float(Lax.Sin)), ("cos", Float(Lax.Cos)), ("tan", Float(Lax.Tan)), ("arcsin,asin", Float(Lax.Asin)), ("arccos,acos", Float(Lax.Acos)), ("arctan,atan", Float(Lax.Atan)),
        ("sinh", Float(Lax.Sinh)), ("cosh", Float(Lax.Cosh)), ("arcsinh,asinh", Float(Lax.Asinh)), ("arccosh,acosh", Float(Lax.Acosh)), ("arctanh,atanh", Float(Lax.Atanh)),
        ("erf", Float(Lax.Erf)), ("erfc", Float(Lax.Erfc)), ("floor", Unary(Lax.Floor)), ("ceil", Unary(Lax.Ceil)), ("round", Unary(Lax.Round)), ("sign", Unary(Lax.Sign)),
        ("stop_gradient", Unary(Lax.StopGradient)), ("identity,copy", Unary(x => x)),
        ("clip_by_value,clip", a => One(Lax.Clip(a.FloatX, a.Number(1, double.NegativeInfinity, "clip_value_min", "x_min"), a.Number(2, double.PositiveInfinity, "clip_value_max", "x_max")))),
        ("where", a => One(Where(a))),
        ("cast", a => One(Cast(a.X, a.Text(1, "dtype")))));

    private static Dictionary<string, Function> Activation() => Named(
        ("relu", a => One(Activations.Relu(a.FloatX, a.Number(1, 0, "negative_slope", "alpha"), a[2, "max_value"] is null ? null : a.Number(2, 0, "max_value"), a.Number(3, 0, "threshold")))),
        ("leaky_relu", a => One(Activations.LeakyRelu(a.FloatX, a.Number(1, 0.2, "negative_slope", "alpha")))),
        ("elu", a => One(Lax.Elu(a.FloatX, a.Number(1, 1, "alpha")))), ("celu", a => One(Activations.Celu(a.FloatX, a.Number(1, 1, "alpha")))),
        ("gelu", a => One(Activations.Gelu(a.FloatX, a.Flag(1, false, "approximate"), 3))),
        ("silu,swish", a => One(Lax.Silu(a.FloatX, a.Number(1, 1, "beta")))), ("squareplus", a => One(Activations.Squareplus(a.FloatX, a.Number(1, 4, "b")))),
        ("softmax", a => One(OverAxis(a, (x, axes) => Activations.Softmax(x, axes)))), ("log_softmax", a => One(OverAxis(a, (x, axes) => Lax.LogSoftmax(x, (int)axes[0])))),
        ("glu", a => One(Activations.Glu(a.FloatX, (int)a.Integer(1, -1, "axis")))),
        ("sparsemax", a => One(Activations.Sparsemax(a.FloatX, (int)a.Integer(1, -1, "axis")))), ("hard_sigmoid", Float(Activations.HardSigmoid)), ("hard_silu,hard_swish", Float(x => x * Activations.HardSigmoid(x))),
        ("l2_normalize", a => One(NormalizationLayers.Normalize(a.FloatX, a.Integers(1, "axis", "dim") ?? Enumerable.Range(0, a.X.Rank).Select(i => (long)i).ToArray(), 2, a.Number(2, 1e-12, "epsilon")))),
        ("normalize", a => One(a.Integer(2, 2, "order") == 2 ? NormalizationLayers.Normalize(a.FloatX, a.Integers(1, "axis") ?? [-1], 3, a.Number(3, 1e-7, "epsilon")) : throw new ShapeException("only order 2 is supported"))),
        ("relu6,selu,sigmoid,log_sigmoid,sparse_sigmoid,softplus,softsign,tanh,hard_tanh,tanh_shrink,mish,sparse_plus", null!));

    // In Keras 3 no axis at all means all elements, those of other examples too.
    private static Value OverAxis(OperationArguments a, Func<Value, long[], Value> function)
    {
        Value x = a.FloatX;
        return a.Integers(1, "axis") is { } axes ? function(x, axes) : a.IsNull("axis") ? Lax.Reshape(function(Lax.Reshape(x, -1), [0]), x.Shape) : function(x, [-1]);
    }

    private static Dictionary<string, Function> Shaping() => Named(
        ("reshape", a => One(Reshape(a.X, a.Integers(1, "shape", "newshape") ?? throw new ShapeException("reshape without a shape")))),
        ("transpose,permute_dimensions", a => One(Lax.Transpose(a.X, (a.Integers(1, "perm", "axes", "pattern") ?? Enumerable.Range(0, a.X.Rank).Reverse().Select(i => (long)i).ToArray()).Select(i => Shapes.Axis(i, a.X.Rank)).ToArray()))),
        ("swapaxes", a => One(Lax.SwapAxes(a.X, (int)a.Integer(1, 0, "axis1"), (int)a.Integer(2, 1, "axis2")))),
        ("moveaxis", a => One(Lax.MoveAxis(a.X, (int)a.Integer(1, 0, "source"), (int)a.Integer(2, 0, "destination")))),
        ("expand_dims", a => One((a.Integers(1, "axis") ?? [0]).Aggregate(a.X, (x, axis) => Lax.ExpandDims(x, (int)axis)))),
        ("squeeze", a => One(Lax.Squeeze(a.X, a.Integers(1, "axis") ?? []))),
        ("concatenate,concat", a => One(Lax.Concat(a.List(0, "values", "xs"), (int)a.Integer(1, 0, "axis")))),
        ("stack", a => One(Lax.Stack(a.List(0, "values", "x"), (int)a.Integer(1, 0, "axis")))),
        ("unstack", a => Lax.Unstack(a.X, (int)a.Integer(2, 0, "axis")) is var parts && a.Integer(1, parts.Length, "num") == parts.Length ? parts : throw new ShapeException("unstack into another number of parts")),
        ("split", Split), ("getitem,get_item,_slice_helper,slice_helper", a => One(Slicing.Index(a.Tensor(0, null, "tensor", "x"), a[1, "slice_spec", "key"]))),
        ("broadcast_to", a => One(Lax.BroadcastTo(a.X, a.Integers(1, "shape")!))),
        ("tile", a => One(Lax.Tile(a.X, a.Integers(1, "multiples", "repeats")!))),
        ("repeat", a => One(Lax.Repeat(a.X, (int)a.Integer(2, 0, "axis"), a.Integer(1, 1, "repeats")))),
        ("flip,reverse", a => One(Lax.Reverse(a.X, (a.Integers(1, "axis") ?? Enumerable.Range(0, a.X.Rank).Select(i => (long)i).ToArray()).Select(i => (int)i).ToArray()))),
        ("pad", Pad),
        ("gather,take", a => One(Lax.Gather(a.Tensor(0, null, "params", "x"), a.Tensor(1, null, "indices"), (int)a.Integer(-1, a[-1, "axis"] is null ? 0 : a.Integer(-1, 0, "axis"), "axis")))),
        ("one_hot", a => One(Lax.OneHot(a.Tensor(0, null, "indices", "x"), a.Integer(1, 0, "depth", "num_classes"), (int)a.Integer(-1, -1, "axis"), a.Call.Trace.Scalar(a.Number(2, 1, "on_value"), a.Call.Trace.FloatType), a.Call.Trace.Scalar(a.Number(3, 0, "off_value"), a.Call.Trace.FloatType)))),
        ("shape", a => One(Lax.Cast(a.Call.Trace.Integers(a.X.Shape), ScalarType.Int32))),
        ("zeros_like", Unary(x => Lax.BroadcastTo(Lax.ScalarLike(x, 0), x.Shape))), ("ones_like", Unary(x => Lax.BroadcastTo(Lax.ScalarLike(x, 1), x.Shape))),
        ("convert_to_tensor", a => One(Cast(a.X, a.Text(1, "dtype")))));

    private static Dictionary<string, Function> Reducing() => Named(
        ("reduce_sum,sum", Reduction((x, axes, keep) => Lax.Sum(x, axes, keep))),
        ("reduce_mean,mean", Reduction((x, axes, keep) => Lax.Mean(x, axes, keep))),
        ("reduce_max,max,amax", Reduction((x, axes, keep) => Lax.Max(x, axes, keep))),
        ("reduce_min,min,amin", Reduction((x, axes, keep) => Lax.Min(x, axes, keep))),
        ("reduce_prod,prod", Reduction((x, axes, keep) => Lax.Product(x, axes, keep))),
        ("reduce_logsumexp,logsumexp", Reduction((x, axes, keep) => Lax.LogSumExp(x, axes, keep))),
        ("reduce_variance,var", Reduction((x, axes, keep) => Lax.Variance(x, axes ?? All(x), keep))),
        ("reduce_std,std", Reduction((x, axes, keep) => Lax.Sqrt(Lax.Variance(x, axes ?? All(x), keep)))),
        ("reduce_any,any", Reduction((x, axes, keep) => Lax.Any(x, axes, keep))), ("reduce_all,all", Reduction((x, axes, keep) => Lax.All(x, axes, keep))),
        ("argmax", a => One(Lax.ArgMax(a.X, (int)a.Integer(1, 0, "axis")))), ("argmin", a => One(Lax.ArgMin(a.X, (int)a.Integer(1, 0, "axis")))),
        ("cumsum", a => One(Lax.CumulativeSum(a.X, (int)a.Integer(1, 0, "axis"), a.Flag(2, false, "exclusive"), a.Flag(3, false, "reverse")))),
        ("norm", a => One(Lax.Sqrt(Lax.Sum(Lax.Square(a.FloatX), a[1, "ord"] is null or "euclidean" or 2L ? a.Integers(2, "axis") : throw new ShapeException("only the Euclidean norm is supported"), a.Flag(3, false, "keepdims"))))),
        ("matmul", a => One(a.Pair() is var (x, y) ? Lax.MatMul(x, y, a.Flag(2, false, "transpose_a"), a.Flag(3, false, "transpose_b")) : null!)),
        ("tensordot", a => One(TensorDot(a))),
        ("einsum", a => One(a.Text(-1, "subscripts") is { } equation && a.Pair() is var (x, y) ? EinsumProduct.Apply(equation, x, y)
            : throw new ShapeException("Keras 2 does not write down what einsum is called on"))),
        ("resize", Resize));

    /// <summary>A table of functions that may go by several names.</summary>
    internal static Dictionary<string, Function> Named(params (string Names, Function Function)[] rows)
    {
        var table = new Dictionary<string, Function>(StringComparer.Ordinal);
        foreach ((string names, Function function) in rows)
        {
            foreach (string name in names.Split(','))
            {
                // A row without a function stands for activations that take nothing but x.
                table.Add(name, function ?? Float(Activations.Find(name, 3)));
            }
        }
        return table;
    }

    private static Dictionary<string, Function> Join(params Dictionary<string, Function>[] parts) => parts.SelectMany(p => p).ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);

    /// <summary>A function of two tensors.</summary>
    internal static Function Binary(Func<Value, Value, Value> function) => a => One(a.Pair() is var (x, y) ? function(x, y) : null!);

    /// <summary>A function of one tensor.</summary>
    internal static Function Unary(Func<Value, Value> function) => a => One(function(a.X));

    /// <summary>A function of one floating-point tensor.</summary>
    internal static Function Float(Func<Value, Value> function) => a => One(function(a.FloatX));

    private static Function Reduction(Func<Value, long[]?, bool, Value> function) => a => One(function(a.X, a.Integers(1, "axis"), a.Flag(2, false, "keepdims")));

    /// <summary>A function's only result.</summary>
    internal static Value[] One(Value value) => [value];

    private static long[] All(Value x) => Enumerable.Range(0, x.Rank).Select(i => (long)i).ToArray();

    private static Value Where(OperationArguments a)
    {
        Value condition = LayerCall.AsBoolean(a.Tensor(0, null, "condition"));
        Value? like = (a[1, "x", "x1"] as Flow)?.Value ?? (a[2, "y", "x2"] as Flow)?.Value;
        return Lax.Select(condition, a.Tensor(1, like, "x", "x1"), a.Tensor(2, like, "y", "x2"));
    }

    private static Value Cast(Value x, string? dtype) => dtype is null ? x : Lax.Cast(x, dtype switch
    {
        "float16" or "bfloat16" or "float32" or "float64" => x.Trace.FloatType,
        "int8" => ScalarType.Int8,
        "uint8" => ScalarType.Byte,
        "int16" => ScalarType.Int16,
        "int32" or "int" => ScalarType.Int32,
        "int64" => ScalarType.Int64,
        "bool" => ScalarType.Bool,
        _ => throw new ShapeException($"a cast to {dtype} is not supported"),
    });

    private static Value Reshape(Value x, long[] shape) => Lax.Reshape(x, shape);

    private static Value[] Split(OperationArguments a)
    {
        Value x = a.Tensor(0, null, "value", "x");
        int axis = Shapes.Axis(a.Integer(2, 0, "axis"), x.Rank);
        object? how = a[1, "num_or_size_splits", "indices_or_sections"];
        long[] given = a.Integers(1, "num_or_size_splits", "indices_or_sections")!;
        if (how is long count)
        {
            return Lax.Split(x, axis, Enumerable.Repeat(x.Shape[axis] / count, (int)count).ToArray());
        }
        // TensorFlow lists sizes, NumPy and Keras 3 the places to cut at.
        return given.Sum() == x.Shape[axis] ? Lax.Split(x, axis, given)
            : Lax.Split(x, axis, given.Append(x.Shape[axis]).Select((end, i) => end - (i == 0 ? 0 : given[i - 1])).ToArray());
    }

    private static IReadOnlyList<Value> Pad(OperationArguments a)
    {
        Value x = a.Tensor(0, null, "tensor", "x");
        if (a[1, "paddings", "pad_width"] is not List<object?> rows)
        {
            throw new ShapeException("pad without a list of paddings");
        }
        long[][] pairs = rows.Select(r => ((List<object?>)r!).Select(v => (long)v!).ToArray()).ToArray();
        long[] low = pairs.Select(p => p[0]).ToArray(), high = pairs.Select(p => p[1]).ToArray();
        string mode = (a.Text(2, "mode") ?? "constant").ToLowerInvariant();
        return One(mode == "constant" ? Lax.Pad(x, low, high, a.Number(3, 0, "constant_values")) : Lax.MirrorPad(x, low, high, mode == "symmetric"));
    }

    // The fill of a padded image, and the order of its axes, are Keras 3's.
    private static IReadOnlyList<Value> Resize(OperationArguments a)
    {
        long[] size = a.Integers(1, "size") ?? throw new ShapeException("resize without a size");
        string method = a.Text(2, "method", "interpolation") ?? "bilinear";
        bool antialias = a.Flag(4, false, "antialias"), crop = a.Flag(-1, false, "crop_to_aspect_ratio"), pad = a.Flag(-1, false, "pad_to_aspect_ratio");
        double fill = a.Number(-1, 0, "fill_value");
        if ((a.Text(-1, "fill_mode") ?? "constant") != "constant")
        {
            throw new ShapeException("only fill_mode 'constant' is supported");
        }
        return One(NetworkFunctions.OfImages(a, a.FloatX, x => crop ? ImageResizing.CropAndResize(x, size[0], size[1], method, antialias)
            : pad ? ImageResizing.PadAndResize(x, size[0], size[1], method, fill, antialias) : ImageResizing.Resize(x, size[0], size[1], method, antialias)));
    }

    private static Value TensorDot(OperationArguments a)
    {
        (Value x, Value y) = a.Pair();
        if (a[2, "axes"] is List<object?> { Count: 2 } pair)
        {
            int[] Of(object? axes) => axes is List<object?> list ? list.Select(v => (int)(long)v!).ToArray() : [(int)(long)axes!];
            return Lax.TensorDot(x, y, Of(pair[0]), Of(pair[1]));
        }
        int n = (int)a.Integer(2, 2, "axes");
        return Lax.TensorDot(x, y, Enumerable.Range(x.Rank - n, n).ToArray(), Enumerable.Range(0, n).ToArray());
    }
}
