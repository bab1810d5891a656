using System.Globalization;
using System.Numerics;

namespace Ntk.Core.Tensors;

/// <summary>
/// Conversion of a tensor's elements to another type where that loses nothing. Between floating-point types rounding counts as nothing
/// (0.1 has no exact form in any of them), a finite value that becomes infinite does not.
/// </summary>
internal static unsafe class LosslessCast
{
    /// <summary>The tensor as <paramref name="to"/>; itself where it is of that type.</summary>
    /// <param name="tensor">The values.</param>
    /// <param name="to">The type wanted.</param>
    /// <param name="what">What the values are, for errors: <c>-X1</c>.</param>
    /// <exception cref="NtkException">A value that the type cannot hold; the message names the first.</exception>
    public static NtkTensor To(NtkTensor tensor, NtkDType to, string what)
    {
        NtkDType from = tensor.DType;
        if (from == to)
        {
            return tensor;
        }
        if (from == NtkDType.String || to == NtkDType.String || (from.IsComplex() && !to.IsComplex()))
        {
            throw new NtkException(NtkErrorId.DTypeMismatch, $"{what} is {from.NumPyName()} where {to.NumPyName()} is expected.{(from.IsComplex() ? " Give real numbers: one of the parts, or both as two columns." : "")}");
        }
        NtkTensor result = tensor.AsType(to);
        if (!AlwaysFits(from, to) && FirstLoss(tensor, result) is var position and >= 0)
        {
            throw new NtkException(NtkErrorId.DTypeMismatch,
                string.Create(CultureInfo.InvariantCulture, $"{what} is {from.NumPyName()} where {to.NumPyName()} is expected, and its element {Index(tensor, position)}, {tensor.ElementAt(position)}, is not a {to.NumPyName()}. {Fix(from, to)}"));
        }
        return result;
    }

    private static string Fix(NtkDType from, NtkDType to) =>
        to.IsInteger() || to == NtkDType.Bool ? from.IsFloat() ? "Give whole numbers, or round them first." : $"Give numbers within the range of {to.NumPyName()}."
        : "Give numbers that it can hold, or scale them first.";

    // Promotion is NumPy's, which counts 64-bit integers as fitting float64; they have more digits.
    private static bool AlwaysFits(NtkDType from, NtkDType to) => from == NtkDType.Bool || to.IsComplex()
        || (NtkDTypes.Promote(from, to) == to && !(from is NtkDType.Int64 or NtkDType.UInt64 && to.IsFloat()));

    private static long FirstLoss(NtkTensor source, NtkTensor result)
    {
        long loss = -1;
        switch (source.DType)
        {
            case NtkDType.Float16: loss = From((Half*)source.Pointer, source, result); break;
            case NtkDType.BFloat16: loss = FirstLoss(source.AsType(NtkDType.Float32), result); break;
            case NtkDType.Float32: loss = From((float*)source.Pointer, source, result); break;
            case NtkDType.Float64: loss = From((double*)source.Pointer, source, result); break;
            case NtkDType.Int8: loss = From((sbyte*)source.Pointer, source, result); break;
            case NtkDType.Int16: loss = From((short*)source.Pointer, source, result); break;
            case NtkDType.Int32: loss = From((int*)source.Pointer, source, result); break;
            case NtkDType.Int64: loss = From((long*)source.Pointer, source, result); break;
            case NtkDType.UInt8: loss = From(source.Pointer, source, result); break;
            case NtkDType.UInt16: loss = From((ushort*)source.Pointer, source, result); break;
            case NtkDType.UInt32: loss = From((uint*)source.Pointer, source, result); break;
            case NtkDType.UInt64: loss = From((ulong*)source.Pointer, source, result); break;
        }
        GC.KeepAlive(source);
        GC.KeepAlive(result);
        return loss;
    }

    private static long From<T>(T* values, NtkTensor source, NtkTensor result) where T : unmanaged, INumberBase<T> => result.DType switch
    {
        NtkDType.Float16 => Compare(values, (Half*)result.Pointer, source),
        NtkDType.BFloat16 => From(values, source, result.AsType(NtkDType.Float32)),
        NtkDType.Float32 => Compare(values, (float*)result.Pointer, source),
        NtkDType.Float64 => Compare(values, (double*)result.Pointer, source),
        NtkDType.Int8 => Compare(values, (sbyte*)result.Pointer, source),
        NtkDType.Int16 => Compare(values, (short*)result.Pointer, source),
        NtkDType.Int32 => Compare(values, (int*)result.Pointer, source),
        NtkDType.Int64 => Compare(values, (long*)result.Pointer, source),
        NtkDType.UInt8 or NtkDType.Bool => Compare(values, result.Pointer, source),
        NtkDType.UInt16 => Compare(values, (ushort*)result.Pointer, source),
        NtkDType.UInt32 => Compare(values, (uint*)result.Pointer, source),
        NtkDType.UInt64 => Compare(values, (ulong*)result.Pointer, source),
        _ => -1,
    };

    private static long Compare<TFrom, TTo>(TFrom* values, TTo* cast, NtkTensor source)
        where TFrom : unmanaged, INumberBase<TFrom>
        where TTo : unmanaged, INumberBase<TTo>
    {
        bool floats = typeof(TFrom) == typeof(double) || typeof(TFrom) == typeof(float) || typeof(TFrom) == typeof(Half);
        floats &= typeof(TTo) == typeof(double) || typeof(TTo) == typeof(float) || typeof(TTo) == typeof(Half);
        for (long i = 0; i < source.Count; i++)
        {
            // A round trip through the wider of two integers saturates at both ends and proves nothing; 128 bits have room for all of them.
            bool same = floats
                ? TFrom.IsFinite(values[i]) == TTo.IsFinite(cast[i])
                : TFrom.CreateSaturating(Int128.CreateSaturating(values[i])) == values[i] && Int128.CreateSaturating(values[i]) == Int128.CreateSaturating(cast[i]);
            if (!same)
            {
                return i;
            }
        }
        return -1;
    }

    private static string Index(NtkTensor tensor, long position)
    {
        var index = new long[tensor.Rank];
        for (int axis = index.Length - 1; axis >= 0; axis--)
        {
            (position, index[axis]) = Math.DivRem(position, tensor.Shape[axis]);
        }
        return $"[{string.Join(", ", index)}]";
    }
}
