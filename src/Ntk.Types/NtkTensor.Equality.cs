using System.Numerics;
using System.Runtime.InteropServices;

namespace Ntk;

public sealed unsafe partial class NtkTensor : IEquatable<NtkTensor>
{
    /// <summary>Whether the other tensor has the same shape, element type and elements (NaN equals NaN); names do not count.</summary>
    public bool Equals(NtkTensor? other)
    {
        if (other is null || DType != other.DType || !Shape.AsSpan().SequenceEqual(other.Shape))
        {
            return false;
        }
        bool equal = DType switch
        {
            NtkDType.Float16 => SameNumbers<Half>(Pointer, other.Pointer, Count),
            NtkDType.Float32 => SameNumbers<float>(Pointer, other.Pointer, Count),
            NtkDType.Float64 => SameNumbers<double>(Pointer, other.Pointer, Count),
            NtkDType.Complex64 => SameNumbers<float>(Pointer, other.Pointer, 2 * Count),
            NtkDType.Complex128 => SameNumbers<double>(Pointer, other.Pointer, 2 * Count),
            _ => SameNumbers<byte>(Pointer, other.Pointer, ByteCount),
        };
        GC.KeepAlive(this);
        GC.KeepAlive(other);
        return equal;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NtkTensor);

    /// <summary>A hash of shape and element type; a disposed tensor still has one.</summary>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(DType);
        hash.AddBytes(MemoryMarshal.AsBytes(Shape.AsSpan()));
        return hash.ToHashCode();
    }

    // Bit patterns first, in pieces that a span can address; numbers only where those differ (0 and -0, two NaNs).
    private static bool SameNumbers<T>(byte* a, byte* b, long count) where T : unmanaged, INumberBase<T>
    {
        const int Piece = 1 << 20;
        for (long start = 0; start < count; start += Piece)
        {
            int length = (int)Math.Min(Piece, count - start);
            var left = new ReadOnlySpan<T>((T*)a + start, length);
            var right = new ReadOnlySpan<T>((T*)b + start, length);
            if (MemoryMarshal.AsBytes(left).SequenceEqual(MemoryMarshal.AsBytes(right)))
            {
                continue;
            }
            for (int i = 0; i < length; i++)
            {
                if (left[i] != right[i] && !(T.IsNaN(left[i]) && T.IsNaN(right[i])))
                {
                    return false;
                }
            }
        }
        return true;
    }
}
