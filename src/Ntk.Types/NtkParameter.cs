namespace Ntk;

/// <summary>A variable of a model.</summary>
public sealed class NtkParameter
{
    private readonly Lazy<NtkTensor?> _value;

    internal NtkParameter(string name, int[] shape, NtkDType dtype, bool trainable, Func<NtkTensor?> load)
    {
        Name = name;
        Shape = shape;
        DType = dtype;
        Trainable = trainable;
        Count = shape.Aggregate(1L, (n, d) => n * d);
        _value = new Lazy<NtkTensor?>(load);
    }

    /// <summary>TensorFlow's name of the variable, without <c>:0</c>.</summary>
    public string Name { get; }

    /// <summary>The sizes of its axes.</summary>
    public int[] Shape { get; }

    /// <summary>The number of scalars.</summary>
    public long Count { get; }

    /// <summary>The element type in the file.</summary>
    public NtkDType DType { get; }

    /// <summary>Whether TensorFlow would train it.</summary>
    public bool Trainable { get; }

    /// <summary>The value in the file, read when first asked for; null for an input that takes parameters (<c>-ParameterInput</c>).</summary>
    public NtkTensor? Value => _value.Value;

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {NtkShape.Format(Shape)}";
}
