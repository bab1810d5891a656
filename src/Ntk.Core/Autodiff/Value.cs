using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <summary>What a value depends on.</summary>
[Flags]
public enum Dependence
{
    /// <summary>A constant: computed while tracing.</summary>
    None = 0,
    /// <summary>The model's parameters.</summary>
    Parameters = 1,
    /// <summary>The model's inputs.</summary>
    Data = 2,
    /// <summary>Random numbers, which no output may depend on.</summary>
    Random = 4,
}

/// <summary>A tensor while a model is traced: either known (<see cref="Constant"/>) or a variable of the program that is being written.</summary>
public sealed class Value
{
    internal Value(Trace trace, int index, TensorType type, Dependence dependence, Tensor? constant)
    {
        Trace = trace;
        Index = index;
        Type = type;
        Dependence = dependence;
        Constant = constant;
    }

    /// <summary>The trace it belongs to.</summary>
    public Trace Trace { get; }

    /// <summary>Dtype and shape.</summary>
    public TensorType Type { get; }

    /// <summary>The sizes of the axes, always concrete.</summary>
    public long[] Shape => Type.Shape;

    /// <summary>The number of axes.</summary>
    public int Rank => Type.Shape.Length;

    /// <summary>The element type.</summary>
    public ScalarType DType => Type.DType;

    /// <summary>What the value depends on.</summary>
    public Dependence Dependence { get; }

    /// <summary>The tensor itself when it depends on neither parameters, inputs nor random numbers; owned by the trace.</summary>
    public Tensor? Constant { get; }

    internal int Index { get; }

    /// <summary>Elementwise sum, broadcasting.</summary>
    public static Value operator +(Value a, Value b) => Lax.Add(a, b);

    /// <summary>Elementwise difference, broadcasting.</summary>
    public static Value operator -(Value a, Value b) => Lax.Subtract(a, b);

    /// <summary>Elementwise product, broadcasting.</summary>
    public static Value operator *(Value a, Value b) => Lax.Multiply(a, b);

    /// <summary>Elementwise quotient, broadcasting.</summary>
    public static Value operator /(Value a, Value b) => Lax.Divide(a, b);

    /// <summary>Elementwise sum with a number.</summary>
    public static Value operator +(Value a, double b) => Lax.Add(a, Lax.ScalarLike(a, b));

    /// <summary>Elementwise difference with a number.</summary>
    public static Value operator -(Value a, double b) => Lax.Subtract(a, Lax.ScalarLike(a, b));

    /// <summary>Elementwise difference from a number.</summary>
    public static Value operator -(double a, Value b) => Lax.Subtract(Lax.ScalarLike(b, a), b);

    /// <summary>Elementwise product with a number.</summary>
    public static Value operator *(Value a, double b) => Lax.Multiply(a, Lax.ScalarLike(a, b));

    /// <summary>Elementwise quotient with a number.</summary>
    public static Value operator /(Value a, double b) => Lax.Divide(a, Lax.ScalarLike(a, b));

    /// <summary>Elementwise negation.</summary>
    public static Value operator -(Value a) => Lax.Negate(a);

    /// <inheritdoc/>
    public override string ToString() => $"{(Constant is null ? "%" : "c")}{Index}:{Type}";
}
