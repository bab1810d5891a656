using TorchSharp;

namespace Ntk.Core.Autodiff;

/// <summary>What is known of a value before it is computed.</summary>
/// <param name="DType">The element type.</param>
/// <param name="Shape">The sizes; never changed.</param>
public sealed record TensorType(torch.ScalarType DType, long[] Shape)
{
    /// <summary>The number of axes.</summary>
    public int Rank => Shape.Length;

    /// <summary>The number of elements.</summary>
    public long Count => Shapes.Count(Shape);

    /// <summary>The same element type with another shape.</summary>
    public TensorType With(long[] shape) => new(DType, shape);

    /// <summary>Whether dtype and shape agree.</summary>
    public bool Same(TensorType other) => DType == other.DType && Shape.AsSpan().SequenceEqual(other.Shape);

    /// <inheritdoc/>
    public override string ToString() => $"{DTypeName(DType)}{Shapes.Format(Shape)}";

    private static string DTypeName(torch.ScalarType dtype) => dtype switch
    {
        torch.ScalarType.Float32 => "f32",
        torch.ScalarType.Float64 => "f64",
        torch.ScalarType.Int32 => "i32",
        torch.ScalarType.Int64 => "i64",
        torch.ScalarType.Bool => "bool",
        torch.ScalarType.ComplexFloat32 => "c64",
        torch.ScalarType.ComplexFloat64 => "c128",
        _ => dtype.ToString(),
    };
}
