namespace Ntk;

/// <summary>The element type of a tensor, by NumPy's and TensorFlow's names.</summary>
public enum NtkDType
{
    /// <summary>IEEE 754 binary16.</summary>
    Float16,
    /// <summary>The upper half of a binary32.</summary>
    BFloat16,
    /// <summary>IEEE 754 binary32.</summary>
    Float32,
    /// <summary>IEEE 754 binary64.</summary>
    Float64,
    /// <summary>Signed 8-bit integer.</summary>
    Int8,
    /// <summary>Signed 16-bit integer.</summary>
    Int16,
    /// <summary>Signed 32-bit integer.</summary>
    Int32,
    /// <summary>Signed 64-bit integer.</summary>
    Int64,
    /// <summary>Unsigned 8-bit integer.</summary>
    UInt8,
    /// <summary>Unsigned 16-bit integer.</summary>
    UInt16,
    /// <summary>Unsigned 32-bit integer.</summary>
    UInt32,
    /// <summary>Unsigned 64-bit integer.</summary>
    UInt64,
    /// <summary>One byte, 0 or 1.</summary>
    Bool,
    /// <summary>Two binary32, real and imaginary.</summary>
    Complex64,
    /// <summary>Two binary64, real and imaginary.</summary>
    Complex128,
    /// <summary>Byte strings; they can be named in a signature but not computed with.</summary>
    String,
}

/// <summary>Sizes and kinds of element types.</summary>
public static class NtkDTypes
{
    /// <summary>Bytes of one element; 0 for <see cref="NtkDType.String"/>.</summary>
    public static int Size(this NtkDType dtype) => dtype switch
    {
        NtkDType.Int8 or NtkDType.UInt8 or NtkDType.Bool => 1,
        NtkDType.Float16 or NtkDType.BFloat16 or NtkDType.Int16 or NtkDType.UInt16 => 2,
        NtkDType.Float32 or NtkDType.Int32 or NtkDType.UInt32 => 4,
        NtkDType.Float64 or NtkDType.Int64 or NtkDType.UInt64 or NtkDType.Complex64 => 8,
        NtkDType.Complex128 => 16,
        _ => 0,
    };

    /// <summary>Whether the type is a real floating-point type, one that a gradient can have.</summary>
    public static bool IsFloat(this NtkDType dtype) =>
        dtype is NtkDType.Float16 or NtkDType.BFloat16 or NtkDType.Float32 or NtkDType.Float64;

    /// <summary>Whether the type is a signed or unsigned integer.</summary>
    public static bool IsInteger(this NtkDType dtype) => dtype is >= NtkDType.Int8 and <= NtkDType.UInt64;

    /// <summary>Whether the type is complex.</summary>
    public static bool IsComplex(this NtkDType dtype) => dtype is NtkDType.Complex64 or NtkDType.Complex128;

    /// <summary>NumPy's name of the type: <c>float32</c>, <c>uint8</c>.</summary>
    public static string NumPyName(this NtkDType dtype) => dtype.ToString().ToLowerInvariant();

    /// <summary>The type that holds the values of both, by NumPy's rules.</summary>
    internal static NtkDType Promote(NtkDType a, NtkDType b)
    {
        if (a == b)
        {
            return a;
        }
        if (a.IsComplex() || b.IsComplex())
        {
            return Significance(a) > 24 || Significance(b) > 24 ? NtkDType.Complex128 : NtkDType.Complex64;
        }
        if (a.IsFloat() || b.IsFloat())
        {
            int digits = Math.Max(Significance(a), Significance(b));
            return digits <= 11 && a != NtkDType.BFloat16 && b != NtkDType.BFloat16 ? NtkDType.Float16 : digits <= 24 ? NtkDType.Float32 : NtkDType.Float64;
        }
        if (a == NtkDType.Bool || b == NtkDType.Bool)
        {
            return a == NtkDType.Bool ? b : a;
        }
        bool signedA = a <= NtkDType.Int64, signedB = b <= NtkDType.Int64;
        if (signedA == signedB)
        {
            return a.Size() > b.Size() ? a : b;
        }
        (NtkDType signed, NtkDType unsigned) = signedA ? (a, b) : (b, a);
        return signed.Size() > unsigned.Size() ? signed : unsigned switch
        {
            NtkDType.UInt8 => NtkDType.Int16,
            NtkDType.UInt16 => NtkDType.Int32,
            NtkDType.UInt32 => NtkDType.Int64,
            _ => NtkDType.Float64,
        };
    }

    // Bits of the significand that hold every value of the type, as NumPy counts them: int8 fits float16, int16 float32, int32 float64.
    private static int Significance(NtkDType dtype) => dtype switch
    {
        NtkDType.Float64 or NtkDType.Complex128 or NtkDType.Int32 or NtkDType.UInt32 or NtkDType.Int64 or NtkDType.UInt64 => 53,
        NtkDType.Float32 or NtkDType.Complex64 or NtkDType.Int16 or NtkDType.UInt16 => 24,
        NtkDType.BFloat16 => 8,
        _ => 11,
    };
}
