namespace Ntk.Core.Autodiff;

/// <summary>Arithmetic of shapes.</summary>
public static class Shapes
{
    /// <summary>The number of elements.</summary>
    public static long Count(ReadOnlySpan<long> shape)
    {
        long count = 1;
        foreach (long size in shape)
        {
            count *= size;
        }
        return count;
    }

    /// <summary>The shape that elementwise operands have in common, by NumPy's rule.</summary>
    public static long[] Broadcast(long[] a, long[] b)
    {
        var shape = new long[Math.Max(a.Length, b.Length)];
        for (int i = 1; i <= shape.Length; i++)
        {
            long m = i <= a.Length ? a[^i] : 1, n = i <= b.Length ? b[^i] : 1;
            shape[^i] = m == n || n == 1 ? m : m == 1 ? n : throw new ShapeException($"{Format(a)} and {Format(b)} do not broadcast");
        }
        return shape;
    }

    /// <summary>An axis counted from the front; negative ones count from the end.</summary>
    public static int Axis(long axis, int rank) =>
        axis >= -rank && axis < rank ? (int)(axis < 0 ? axis + rank : axis) : throw new ShapeException($"axis {axis} is out of range for rank {rank}");

    /// <summary>Axes counted from the front, in ascending order.</summary>
    public static int[] Axes(IEnumerable<long> axes, int rank)
    {
        int[] result = axes.Select(a => Axis(a, rank)).Distinct().ToArray();
        Array.Sort(result);
        return result;
    }

    /// <summary>The shape with <paramref name="lead"/> in front.</summary>
    public static long[] Prepend(long lead, long[] shape)
    {
        var result = new long[shape.Length + 1];
        result[0] = lead;
        shape.CopyTo(result, 1);
        return result;
    }

    /// <summary>The shape as (2, 3).</summary>
    public static string Format(long[] shape) => NtkShape.Format(shape);
}

/// <summary>Shapes or dtypes that an operation cannot take; whoever runs a graph adds the node's name.</summary>
public sealed class ShapeException(string message) : Exception(message)
{
    /// <summary>Whether an error is such a one, be it with the node's name.</summary>
    public static bool IsCauseOf(Exception error) => error is ShapeException or NtkException { ErrorId: NtkErrorId.ShapeMismatch };
}
