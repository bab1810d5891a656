using System.Text.Json;
using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.Keras;

/// <summary>
/// The arguments of a function that stands in a layer graph (<c>x + 1</c>, <c>tf.reduce_mean(x, 1)</c>), by position or by any of the names that
/// TensorFlow and Keras give them; options of the object that Keras 3 makes of the function count, too.
/// </summary>
internal sealed class OperationArguments(LayerCall call, IReadOnlyList<object?> positional, IReadOnlyDictionary<string, object?> named, IReadOnlyDictionary<string, object?> options)
{
    private readonly HashSet<string> _read = ["name", "dtype", "trainable", "training"];
    private int _positions;

    /// <summary>The call.</summary>
    public LayerCall Call { get; } = call;

    /// <summary>An argument; null when absent.</summary>
    public object? this[int position, params string[] names]
    {
        get
        {
            _read.UnionWith(names);
            if (position >= 0 && position < positional.Count)
            {
                _positions = Math.Max(_positions, position + 1);
                return positional[position];
            }
            foreach (string name in names)
            {
                if (named.TryGetValue(name, out object? given))
                {
                    return given;
                }
                if (options.TryGetValue(name, out object? option))
                {
                    return option;
                }
            }
            return null;
        }
    }

    /// <summary>Whether an option of Keras 3's object is null, where its absence means something else.</summary>
    public bool IsNull(string option) => options.TryGetValue(option, out object? given) && given is null;

    /// <summary>The first argument, a tensor.</summary>
    public Value X => Tensor(0, null, "x", "a", "inputs", "input", "images", "features", "input_tensor", "value", "logits", "x1");

    /// <summary>The first argument as a floating-point tensor.</summary>
    public Value FloatX => Call.Float(X);

    /// <summary>A tensor argument; numbers become tensors of <paramref name="like"/>'s type.</summary>
    public Value Tensor(int position, Value? like, params string[] names) => AsTensor(this[position, names], like, names[0]);

    /// <summary>Two operands of a binary function, in the type that both fit.</summary>
    public (Value X, Value Y) Pair()
    {
        object? a = this[0, "x", "x1", "a"], b = this[1, "y", "x2", "b"];
        Value? given = (a as Flow)?.Value is { Rank: > 0 } left ? left : (b as Flow)?.Value ?? (a as Flow)?.Value;
        Value x = AsTensor(a, given, "x"), y = AsTensor(b, given, "y");
        if (x.DType != y.DType)
        {
            ScalarType common = Common(x.DType, y.DType);
            (x, y) = (Lax.Cast(x, common), Lax.Cast(y, common));
        }
        return (x, y);
    }

    /// <summary>The tensors of a list argument, in one type.</summary>
    public Value[] List(int position, params string[] names)
    {
        object? list = this[position, names];
        object?[] items = list is List<object?> several ? several.ToArray() : [list];
        Value? like = items.OfType<Flow>().FirstOrDefault()?.Value;
        Value[] values = items.Select(i => AsTensor(i, like, names[0])).ToArray();
        ScalarType common = values.Select(v => v.DType).Aggregate(Common);
        return values.Select(v => Lax.Cast(v, common)).ToArray();
    }

    /// <summary>A number.</summary>
    public double Number(int position, double absent, params string[] names) => this[position, names] switch
    {
        null => absent,
        long whole => whole,
        double number => number,
        bool flag => flag ? 1 : 0,
        Flow { Value: { } value } when value.IsKnown() => value.KnownScalar(),
        var other => throw new ShapeException($"argument '{names[0]}' = {other} is no number"),
    };

    /// <summary>A whole number.</summary>
    public long Integer(int position, long absent, params string[] names) => (long)Number(position, absent, names);

    /// <summary>A yes-or-no argument.</summary>
    public bool Flag(int position, bool absent, params string[] names) => Number(position, absent ? 1 : 0, names) != 0;

    /// <summary>A text.</summary>
    public string? Text(int position, params string[] names) => this[position, names] as string;

    /// <summary>Whole numbers, a single one included; null when absent.</summary>
    public long[]? Integers(int position, params string[] names) => this[position, names] switch
    {
        null => null,
        List<object?> list => list.Select(i => i switch
        {
            long whole => whole,
            double number => (long)number,
            null => -1,
            Flow { Value: { } value } when value.IsKnown() => (long)value.KnownScalar(),
            _ => throw new ShapeException($"argument '{names[0]}' holds something else than numbers"),
        }).ToArray(),
        long single => [single],
        Flow { Value: { } value } => value.KnownIntegers(),
        _ => throw new ShapeException($"argument '{names[0]}' is no list of numbers"),
    };

    /// <summary>Refuses what the function did not look at.</summary>
    public void RequireAllRead(string function)
    {
        foreach ((string name, object? value) in named.Concat(options))
        {
            if (!_read.Contains(name) && value is not (null or false))
            {
                throw new ShapeException($"argument '{name}' of {function} is not supported");
            }
        }
        if (positional.Count > _positions)
        {
            throw new ShapeException($"{function} is called with {positional.Count} arguments, of which {_positions} are supported");
        }
    }

    /// <summary>The type that both types fit: floating-point before integers, the wider one before the narrower.</summary>
    public static ScalarType Common(ScalarType a, ScalarType b)
    {
        static int Rank(ScalarType type) => type switch
        {
            ScalarType.Bool => 0,
            ScalarType.Byte or ScalarType.Int8 => 1,
            ScalarType.Int16 => 2,
            ScalarType.Int32 => 3,
            ScalarType.Int64 => 4,
            _ => 5,
        };
        return Rank(a) >= Rank(b) ? a : b;
    }

    private Value AsTensor(object? argument, Value? like, string name)
    {
        switch (argument)
        {
            case Flow flow:
                return flow.Value;
            case bool flag:
                return like is null ? Call.Trace.Constant(tensor(flag)) : Lax.ScalarLike(like, flag ? 1 : 0);
            case long whole:
                return like is null ? Call.Trace.Scalar(whole, ScalarType.Int32) : Lax.ScalarLike(like, whole);
            case double number:
                return like is not null && like.DType.IsDifferentiable() ? Lax.ScalarLike(like, number) : Call.Trace.Scalar(number, Call.Trace.FloatType);
            case List<object?> list:
                return Lax.Stack(list.Select(i => AsTensor(i, like, name)).ToArray(), 0);
            case Dictionary<string, object?> map when map.TryGetValue("value", out object? inner):
                return AsTensor(inner, like, name);
            default:
                throw new ShapeException($"argument '{name}' is missing or no tensor");
        }
    }
}
