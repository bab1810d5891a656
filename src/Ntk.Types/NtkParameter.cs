using System.Diagnostics.CodeAnalysis;

namespace Ntk;

/// <summary>A variable of a model.</summary>
public sealed class NtkParameter
{
    private readonly Lazy<NtkTensor?> _value;

    internal NtkParameter(string name, int[]? shape, NtkDType dtype, bool trainable, Func<NtkTensor?> load)
    {
        Name = name;
        Shape = shape;
        DType = dtype;
        Trainable = trainable;
        Count = HasShape(shape) ? shape.Aggregate(1L, (n, d) => n * d) : 0;
        _value = new Lazy<NtkTensor?>(load);
    }

    /// <summary>TensorFlow's name of the variable, without <c>:0</c>.</summary>
    public string Name { get; }

    /// <summary>The model that it belongs to; a picture's title says it.</summary>
    internal string? Origin { get; set; }

    /// <summary>The sizes of its axes. For an input that takes parameters −1 is a size that the file leaves open, and null a shape that it does not say.</summary>
    public int[]? Shape { get; }

    /// <summary>The number of scalars; 0 where the file leaves it open.</summary>
    public long Count { get; }

    /// <summary>The element type in the file.</summary>
    public NtkDType DType { get; }

    /// <summary>Whether TensorFlow would train it.</summary>
    public bool Trainable { get; }

    /// <summary>The value in the file, read when first asked for; null for an input that takes parameters (<c>-ParameterInput</c>).</summary>
    public NtkTensor? Value => _value.Value;

    /// <summary>Whether the file says all sizes.</summary>
    internal static bool HasShape([NotNullWhen(true)] int[]? shape) => shape is not null && Array.TrueForAll(shape, size => size >= 0);

    /// <summary>Whether a value of a shape can take the parameter's place.</summary>
    internal bool Takes(int[] shape)
    {
        bool fits = Shape is null || Shape.Length == shape.Length;
        for (int axis = 0; fits && axis < Shape?.Length; axis++)
        {
            fits = Shape[axis] < 0 || Shape[axis] == shape[axis];
        }
        return fits;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {NtkShape.Format(Shape)}";
}
