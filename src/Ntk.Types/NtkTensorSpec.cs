namespace Ntk;

/// <summary>What a model expects or gives: a name, a shape (-1 where a size is free) and an element type.</summary>
/// <param name="Name">The signature's or layer's name.</param>
/// <param name="Shape">The sizes, -1 where free; null when the rank itself is unknown.</param>
/// <param name="DType">The element type.</param>
public sealed record NtkTensorSpec(string Name, int[]? Shape, NtkDType DType)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name} {NtkShape.Format(Shape)} {DType}";
}

/// <summary>Shapes as text and numbers.</summary>
public static class NtkShape
{
    /// <summary>A shape as <c>(5, ?, 3)</c>; <c>(…)</c> when unknown.</summary>
    public static string Format(IReadOnlyList<int>? shape) =>
        shape is null ? "(…)" : $"({string.Join(", ", shape.Select(d => d < 0 ? "?" : $"{d}"))}{(shape.Count == 1 ? "," : "")})";

    /// <summary>A shape as <c>(5, ?, 3)</c>.</summary>
    public static string Format(IReadOnlyList<long> shape) => Format(shape.Select(d => (int)d).ToArray());

    /// <summary>The number of elements, from axis <paramref name="first"/> on.</summary>
    /// <exception cref="NtkException">A negative size, or more than 2^63 - 1 elements.</exception>
    internal static long Count(ReadOnlySpan<int> shape, int first = 0)
    {
        long count = 1;
        bool empty = false;
        for (int axis = first; axis < shape.Length; axis++)
        {
            int size = shape[axis];
            empty |= size == 0;
            long product = unchecked(count * size);
            if (size < 0 || (size > 0 && product / size != count))
            {
                throw new NtkException(NtkErrorId.ShapeMismatch, $"{Format(shape.ToArray())} is not the shape of a tensor.");
            }
            count = size == 0 ? count : product;
        }
        return empty ? 0 : count;
    }
}
