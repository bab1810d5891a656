using Ntk.Core.Autodiff;
using static Ntk.Core.Ops.Keras.GraphFunctions;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.Keras;

/// <summary>What Keras 3 takes from NumPy (keras.ops.numpy) beyond what TensorFlow's functions have, and linear algebra.</summary>
internal static class NumpyFunctions
{
    public static Dictionary<string, Function> Table() => Named(
        ("log2", Float(x => Lax.Log(x) * (1 / Math.Log(2)))), ("log10", Float(x => Lax.Log(x) * (1 / Math.Log(10)))), ("exp2", Float(x => Lax.Exp(x * Math.Log(2)))),
        ("cbrt", Float(x => Lax.Sign(x) * Lax.Power(Lax.Abs(x), Activations.Like(x, 1.0 / 3)))), ("deg2rad", Float(x => x * (Math.PI / 180))), ("rad2deg", Float(x => x * (180 / Math.PI))),
        ("erfinv", Float(Lax.InverseErf)), ("trunc", Float(x => Lax.Sign(x) * Lax.Floor(Lax.Abs(x)))), ("fabs", Float(Lax.Abs)),
        ("isfinite", Unary(Lax.IsFinite)), ("isinf", Unary(Lax.IsInf)), ("isnan", Unary(Lax.IsNan)),
        ("logaddexp", Binary((x, y) => Lax.Maximum(x, y) + Lax.Softplus(-Lax.Abs(x - y)))), ("hypot", Binary((x, y) => Lax.Sqrt(Lax.Square(x) + Lax.Square(y)))),
        ("fmax", Binary(Lax.Maximum)), ("fmin", Binary(Lax.Minimum)), ("fmod", Binary(Lax.TruncateMod)),
        ("average", a => One(Average(a))), ("ptp", a => One(Lax.Max(a.X, a.Integers(1, "axis"), a.Flag(2, false, "keepdims")) - Lax.Min(a.X, a.Integers(1, "axis"), a.Flag(2, false, "keepdims")))),
        ("median", a => One(Median(a))), ("count_nonzero", a => One(Lax.Sum(Lax.Cast(Lax.NotEqual(a.X, Lax.ScalarLike(a.X, 0)), ScalarType.Int32), a.Integers(1, "axis")))),
        ("cumprod", a => One(Lax.CumulativeProduct(a.X, (int)Axis(a, 1)))), ("diff", a => One(Difference(a))),
        ("sort", a => One(Lax.AlongLast(a.X, (int)a.Integer(1, -1, "axis"), x => Lax.Sort(x).Values))),
        ("argsort", a => One(Lax.Cast(Lax.AlongLast(a.X, (int)a.Integer(1, -1, "axis"), x => Lax.Sort(x).Indices), ScalarType.Int32))),
        ("top_k", a => TopK(a)), ("roll", a => One(Lax.Roll(a.X, (int)Axis(a, 2), a.Integer(1, 0, "shift")))),
        ("take_along_axis", a => One(TakeAlong(a))),
        ("tril", a => One(Triangle(a, lower: true))), ("triu", a => One(Triangle(a, lower: false))),
        ("fliplr", Unary(x => Lax.Reverse(x, 1))), ("flipud", Unary(x => Lax.Reverse(x, 0))),
        ("hstack", a => One(Lax.Concat(a.List(0, "xs"), 1))), ("vstack", a => One(Lax.Concat(a.List(0, "xs"), 0))), ("dstack", a => One(Lax.Concat(a.List(0, "xs"), 2))),
        ("append", a => One(Lax.Concat([a.Pair().X, a.Pair().Y], (int)Axis(a, 2)))), ("full_like", a => One(Lax.BroadcastTo(Lax.ScalarLike(a.X, a.Number(1, 0, "fill_value")), a.X.Shape))),
        ("dot", a => One(Dot(a))), ("inner", a => One(a.Pair() is var (x, y) ? Lax.TensorDot(x, y, [x.Rank - 1], [y.Rank - 1]) : null!)),
        ("solve", a => One(Lax.Solve(a.Tensor(0, null, "a"), a.Tensor(1, null, "b")))), ("inv", Float(Lax.Inverse)), ("det", Float(Lax.Determinant)), ("cholesky", Float(Lax.Cholesky)));

    // Without an axis NumPy flattens, examples and all.
    private static long Axis(OperationArguments a, int position) =>
        a[position, "axis"] is null ? throw new ShapeException("without an axis it would run over all examples, which is not supported") : a.Integer(position, 0, "axis");

    private static Value Average(OperationArguments a)
    {
        long[]? axes = a.Integers(-1, "axis");
        if (a[1, "weights"] is null)
        {
            return Lax.Mean(a.FloatX, axes);
        }
        Value x = a.FloatX, weights = a.Call.Float(a.Tensor(1, x, "weights"));
        weights = weights.Rank == 1 && x.Rank > 1 && axes is [long axis] ? NormalizationLayers.Along(weights, [axis], x) : weights;
        Value wide = Lax.BroadcastTo(weights, x.Shape);
        return Lax.Sum(x * wide, axes) / Lax.Sum(wide, axes);
    }

    private static Value Median(OperationArguments a)
    {
        if (a.Integers(1, "axis") is not [long axis])
        {
            throw new ShapeException("the median over other than one axis is not supported");
        }
        Value middle = Lax.AlongLast(a.FloatX, (int)axis, x =>
        {
            Value sorted = Lax.Sort(x).Values;
            long n = x.Shape[^1];
            return (Lax.SliceAxis(sorted, -1, (n - 1) / 2, 1) + Lax.SliceAxis(sorted, -1, n / 2, 1)) * 0.5;
        });
        return a.Flag(2, false, "keepdims") ? middle : Lax.Squeeze(middle, Shapes.Axis(axis, middle.Rank));
    }

    private static Value Difference(OperationArguments a)
    {
        Value x = a.Tensor(0, null, "a", "x");
        int axis = Shapes.Axis(a.Integer(2, -1, "axis"), x.Rank);
        for (long times = a.Integer(1, 1, "n"); times > 0; times--)
        {
            long n = x.Shape[axis];
            x = Lax.SliceAxis(x, axis, 1, n - 1) - Lax.SliceAxis(x, axis, 0, n - 1);
        }
        return x;
    }

    // Keras sorts whether asked to or not, on TensorFlow.
    private static Value[] TopK(OperationArguments a)
    {
        _ = a[2, "sorted"];
        _ = a[3, "is_stable"];
        (Value values, Value indices) = Lax.Sort(a.X, descending: true, a.Integer(1, 1, "k"));
        return [values, Lax.Cast(indices, ScalarType.Int32)];
    }

    private static Value TakeAlong(OperationArguments a)
    {
        Value x = a.X, indices = a.Tensor(1, null, "indices");
        int axis = Shapes.Axis(Axis(a, 2), x.Rank);
        Value moved = Lax.MoveAxis(x, axis, -1), places = Lax.MoveAxis(indices, axis, -1);
        places = Lax.BroadcastTo(places, [.. moved.Shape[..^1], places.Shape[^1]]);
        places = Lax.Select(Lax.Less(places, Lax.ScalarLike(places, 0)), places + Lax.ScalarLike(places, moved.Shape[^1]), places);
        return Lax.MoveAxis(Lax.Gather(moved, places, -1, moved.Rank - 1), -1, axis);
    }

    private static Value Triangle(OperationArguments a, bool lower)
    {
        Value x = a.X;
        long k = a.Integer(1, 0, "k");
        using Tensor all = ones([x.Shape[^2], x.Shape[^1]], ScalarType.Bool);
        return Lax.Select(x.Trace.Constant(lower ? all.tril(k) : all.triu(k)), x, Lax.ScalarLike(x, 0));
    }

    private static Value Dot(OperationArguments a)
    {
        (Value x, Value y) = a.Pair();
        return x.Rank == 0 || y.Rank == 0 ? x * y : Lax.TensorDot(x, y, [x.Rank - 1], [Math.Max(0, y.Rank - 2)]);
    }
}
