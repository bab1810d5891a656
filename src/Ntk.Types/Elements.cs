using System.Numerics;
using System.Runtime.CompilerServices;

namespace Ntk;

/// <summary>Single elements and runs of elements of every type.</summary>
internal static unsafe class Elements
{
    /// <summary>Element <paramref name="index"/>, boxed as .NET's type; bfloat16 widens to <see cref="float"/>.</summary>
    public static object Read(byte* address, NtkDType dtype, long index) => dtype switch
    {
        NtkDType.Float16 => ((Half*)address)[index],
        NtkDType.BFloat16 => FromBFloat16(((ushort*)address)[index]),
        NtkDType.Float32 => ((float*)address)[index],
        NtkDType.Float64 => ((double*)address)[index],
        NtkDType.Int8 => ((sbyte*)address)[index],
        NtkDType.Int16 => ((short*)address)[index],
        NtkDType.Int32 => ((int*)address)[index],
        NtkDType.Int64 => ((long*)address)[index],
        NtkDType.UInt8 => address[index],
        NtkDType.UInt16 => ((ushort*)address)[index],
        NtkDType.UInt32 => ((uint*)address)[index],
        NtkDType.UInt64 => ((ulong*)address)[index],
        NtkDType.Bool => address[index] != 0,
        NtkDType.Complex64 => new Complex(((float*)address)[2 * index], ((float*)address)[(2 * index) + 1]),
        NtkDType.Complex128 => ((Complex*)address)[index],
        _ => throw NoNumbers(dtype),
    };

    /// <summary>.NET's type of an element, as <see cref="Read"/> gives it.</summary>
    public static Type TypeOf(NtkDType dtype) => dtype switch
    {
        NtkDType.Float16 => typeof(Half),
        NtkDType.BFloat16 or NtkDType.Float32 => typeof(float),
        NtkDType.Float64 => typeof(double),
        NtkDType.Int8 => typeof(sbyte),
        NtkDType.Int16 => typeof(short),
        NtkDType.Int32 => typeof(int),
        NtkDType.Int64 => typeof(long),
        NtkDType.UInt8 => typeof(byte),
        NtkDType.UInt16 => typeof(ushort),
        NtkDType.UInt32 => typeof(uint),
        NtkDType.UInt64 => typeof(ulong),
        NtkDType.Bool => typeof(bool),
        NtkDType.Complex64 or NtkDType.Complex128 => typeof(Complex),
        _ => throw NoNumbers(dtype),
    };

    /// <summary>The element type that holds .NET's <paramref name="type"/>; null when none does.</summary>
    public static NtkDType? DTypeOf(Type type) =>
        type == typeof(double) || type == typeof(decimal) ? NtkDType.Float64
        : type == typeof(float) ? NtkDType.Float32
        : type == typeof(int) ? NtkDType.Int32
        : type == typeof(long) ? NtkDType.Int64
        : type == typeof(byte) ? NtkDType.UInt8
        : type == typeof(bool) ? NtkDType.Bool
        : type == typeof(Half) ? NtkDType.Float16
        : type == typeof(sbyte) ? NtkDType.Int8
        : type == typeof(short) ? NtkDType.Int16
        : type == typeof(ushort) ? NtkDType.UInt16
        : type == typeof(uint) ? NtkDType.UInt32
        : type == typeof(ulong) ? NtkDType.UInt64
        : type == typeof(Complex) ? NtkDType.Complex128
        : null;

    /// <summary>Converts elements as a C# cast does: fractions are cut off, what is out of range saturates.</summary>
    public static void Convert(byte* source, NtkDType from, byte* target, NtkDType to, long count)
    {
        if (from == to)
        {
            Buffer.MemoryCopy(source, target, count * to.Size(), count * to.Size());
            return;
        }
        switch (from)
        {
            case NtkDType.Float16: To((Half*)source, target, to, count); break;
            case NtkDType.BFloat16: FromBFloat16((ushort*)source, target, to, count); break;
            case NtkDType.Float32: To((float*)source, target, to, count); break;
            case NtkDType.Float64: To((double*)source, target, to, count); break;
            case NtkDType.Int8: To((sbyte*)source, target, to, count); break;
            case NtkDType.Int16: To((short*)source, target, to, count); break;
            case NtkDType.Int32: To((int*)source, target, to, count); break;
            case NtkDType.Int64: To((long*)source, target, to, count); break;
            case NtkDType.UInt8 or NtkDType.Bool: To(source, target, to, count); break;
            case NtkDType.UInt16: To((ushort*)source, target, to, count); break;
            case NtkDType.UInt32: To((uint*)source, target, to, count); break;
            case NtkDType.UInt64: To((ulong*)source, target, to, count); break;
            case NtkDType.Complex64 when to == NtkDType.Complex128: Convert(source, NtkDType.Float32, target, NtkDType.Float64, 2 * count); break;
            case NtkDType.Complex128 when to == NtkDType.Complex64: Convert(source, NtkDType.Float64, target, NtkDType.Float32, 2 * count); break;
            default: throw NoNumbers(from, to);
        }
    }

    /// <summary>The error of a type that cannot be computed with, or be converted to <paramref name="to"/>.</summary>
    public static NtkException NoNumbers(NtkDType dtype, NtkDType? to = null) => new(NtkErrorId.DTypeMismatch,
        to is null ? $"A tensor of {dtype.NumPyName()} has no elements that can be computed with." : $"{dtype.NumPyName()} does not convert to {to.Value.NumPyName()}.");

    /// <summary>A bfloat16 widened.</summary>
    public static float FromBFloat16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>A binary32 rounded to the nearest bfloat16, ties to even.</summary>
    public static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static void To<T>(T* source, byte* target, NtkDType to, long count) where T : unmanaged, INumberBase<T>
    {
        switch (to)
        {
            case NtkDType.Float16: Cast(source, (Half*)target, count); break;
            case NtkDType.Float32: Cast(source, (float*)target, count); break;
            case NtkDType.Float64: Cast(source, (double*)target, count); break;
            case NtkDType.Int8: Cast(source, (sbyte*)target, count); break;
            case NtkDType.Int16: Cast(source, (short*)target, count); break;
            case NtkDType.Int32: Cast(source, (int*)target, count); break;
            case NtkDType.Int64: Cast(source, (long*)target, count); break;
            case NtkDType.UInt8: Cast(source, target, count); break;
            case NtkDType.UInt16: Cast(source, (ushort*)target, count); break;
            case NtkDType.UInt32: Cast(source, (uint*)target, count); break;
            case NtkDType.UInt64: Cast(source, (ulong*)target, count); break;
            case NtkDType.Bool:
                for (long i = 0; i < count; i++)
                {
                    target[i] = T.IsZero(source[i]) ? (byte)0 : (byte)1;
                }
                break;
            case NtkDType.BFloat16:
                for (long i = 0; i < count; i++)
                {
                    ((ushort*)target)[i] = ToBFloat16(float.CreateTruncating(source[i]));
                }
                break;
            case NtkDType.Complex64:
                for (long i = 0; i < count; i++)
                {
                    ((float*)target)[2 * i] = float.CreateTruncating(source[i]);
                    ((float*)target)[(2 * i) + 1] = 0;
                }
                break;
            case NtkDType.Complex128:
                for (long i = 0; i < count; i++)
                {
                    ((Complex*)target)[i] = double.CreateTruncating(source[i]);
                }
                break;
            default: throw NoNumbers(to);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Cast<TFrom, TTo>(TFrom* source, TTo* target, long count)
        where TFrom : unmanaged, INumberBase<TFrom>
        where TTo : unmanaged, INumberBase<TTo>
    {
        for (long i = 0; i < count; i++)
        {
            target[i] = TTo.CreateSaturating(source[i]);
        }
    }

    private static void FromBFloat16(ushort* source, byte* target, NtkDType to, long count)
    {
        float value;
        for (long i = 0; i < count; i++)
        {
            value = FromBFloat16(source[i]);
            Convert((byte*)&value, NtkDType.Float32, target + (i * to.Size()), to, 1);
        }
    }
}
