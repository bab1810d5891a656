using System.Numerics;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Formats;

/// <summary>TensorFlow's element types, shapes and constant tensors as ours.</summary>
internal static class TensorProtos
{
    // Reference types (TF 1 variables) are numbered 100 above the values they refer to.
    private const int ReferenceOffset = 100;

    /// <summary>Our name of an element type; null for handles, variants and quantised types, which hold no numbers of their own.</summary>
    public static NtkDType? TypeOf(DataType type) => (int)type > ReferenceOffset ? TypeOf((DataType)((int)type - ReferenceOffset)) : type switch
    {
        DataType.DtHalf => NtkDType.Float16,
        DataType.DtBfloat16 => NtkDType.BFloat16,
        DataType.DtFloat => NtkDType.Float32,
        DataType.DtDouble => NtkDType.Float64,
        DataType.DtInt8 => NtkDType.Int8,
        DataType.DtInt16 => NtkDType.Int16,
        DataType.DtInt32 => NtkDType.Int32,
        DataType.DtInt64 => NtkDType.Int64,
        DataType.DtUint8 => NtkDType.UInt8,
        DataType.DtUint16 => NtkDType.UInt16,
        DataType.DtUint32 => NtkDType.UInt32,
        DataType.DtUint64 => NtkDType.UInt64,
        DataType.DtBool => NtkDType.Bool,
        DataType.DtComplex64 => NtkDType.Complex64,
        DataType.DtComplex128 => NtkDType.Complex128,
        DataType.DtString => NtkDType.String,
        _ => null,
    };

    /// <summary>The sizes, −1 where free; null when the rank is unknown.</summary>
    public static int[]? Shape(TensorShapeProto? shape) =>
        shape is null || shape.UnknownRank ? null : shape.Dim.Select(d => (int)Math.Clamp(d.Size, -1, int.MaxValue)).ToArray();

    /// <summary>The type and shape of a constant, whose contents fit them.</summary>
    /// <exception cref="InvalidDataException">They do not, or have no numeric type.</exception>
    public static (NtkDType DType, int[] Shape) Describe(TensorProto proto)
    {
        NtkDType dtype = TypeOf(proto.Dtype) is { } type && type != NtkDType.String
            ? type : throw new InvalidDataException($"a constant of type {proto.Dtype} holds no numbers");
        int[] shape = (proto.TensorShape?.Dim ?? []).Select(d => d.Size is >= 0 and <= int.MaxValue ? (int)d.Size : throw new InvalidDataException($"a constant with a size of {d.Size}")).ToArray();
        double bytes = shape.Aggregate((double)dtype.Size(), (n, d) => n * d);
        if (bytes > int.MaxValue || (proto.TensorContent.Length > 0 && proto.TensorContent.Length != bytes))
        {
            throw new InvalidDataException($"a constant of {bytes} bytes has {proto.TensorContent.Length}");
        }
        return (dtype, shape);
    }

    /// <summary>The tensor of a constant.</summary>
    /// <exception cref="InvalidDataException">The contents do not fit the shape or have no numeric type.</exception>
    public static NtkTensor ToTensor(TensorProto proto, string? name = null)
    {
        (NtkDType dtype, int[] shape) = Describe(proto);
        NtkTensor tensor = NtkTensor.Allocate(dtype, shape, name);
        Span<byte> bytes = Bytes(tensor);
        if (proto.TensorContent.Length > 0)
        {
            proto.TensorContent.Span.CopyTo(bytes);
            GC.KeepAlive(tensor);
            return tensor;
        }
        switch (dtype)
        {
            case NtkDType.Float32: Fill(MemoryMarshal.Cast<byte, float>(bytes), proto.FloatVal, v => v); break;
            case NtkDType.Float64: Fill(MemoryMarshal.Cast<byte, double>(bytes), proto.DoubleVal, v => v); break;
            case NtkDType.Float16 or NtkDType.BFloat16: Fill(MemoryMarshal.Cast<byte, ushort>(bytes), proto.HalfVal, v => (ushort)v); break;
            case NtkDType.Int8: Fill(MemoryMarshal.Cast<byte, sbyte>(bytes), proto.IntVal, v => (sbyte)v); break;
            case NtkDType.UInt8: Fill(bytes, proto.IntVal, v => (byte)v); break;
            case NtkDType.Int16: Fill(MemoryMarshal.Cast<byte, short>(bytes), proto.IntVal, v => (short)v); break;
            case NtkDType.UInt16: Fill(MemoryMarshal.Cast<byte, ushort>(bytes), proto.IntVal, v => (ushort)v); break;
            case NtkDType.Int32: Fill(MemoryMarshal.Cast<byte, int>(bytes), proto.IntVal, v => v); break;
            case NtkDType.Int64: Fill(MemoryMarshal.Cast<byte, long>(bytes), proto.Int64Val, v => v); break;
            case NtkDType.UInt32: Fill(MemoryMarshal.Cast<byte, uint>(bytes), proto.Uint32Val, v => v); break;
            case NtkDType.UInt64: Fill(MemoryMarshal.Cast<byte, ulong>(bytes), proto.Uint64Val, v => v); break;
            case NtkDType.Bool: Fill(bytes, proto.BoolVal, v => v ? (byte)1 : (byte)0); break;
            case NtkDType.Complex64:
                Fill(MemoryMarshal.Cast<byte, (float, float)>(bytes), Pairs(proto.ScomplexVal), v => v);
                break;
            default:
                Fill(MemoryMarshal.Cast<byte, Complex>(bytes), Pairs(proto.DcomplexVal), v => new Complex(v.Item1, v.Item2));
                break;
        }
        GC.KeepAlive(tensor);
        return tensor;
    }

    /// <summary>A tensor's memory; the tensor must be kept alive while it is used.</summary>
    public static unsafe Span<byte> Bytes(NtkTensor tensor) => new(tensor.Pointer, checked((int)tensor.ByteCount));

    /// <summary>The message in a file, in binary form or, where it is called so, in text form (<c>.pbtxt</c>).</summary>
    /// <param name="parser">The message's parser.</param>
    /// <param name="path">The file.</param>
    /// <param name="kind">What it should be, for errors.</param>
    /// <exception cref="NtkException">It is no such message.</exception>
    public static T Read<T>(MessageParser<T> parser, string path, string kind)
        where T : IMessage<T>, new()
    {
        if (!TextProtos.IsText(path))
        {
            return Parse(parser, File.ReadAllBytes(path), path, kind);
        }
        try
        {
            return TextProtos.Parse<T>(File.ReadAllText(path));
        }
        catch (InvalidDataException error)
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' is not a {kind} in text form, or is truncated: {error.Message}", error) { Target = path };
        }
    }

    /// <summary>A message read from a file's bytes.</summary>
    /// <exception cref="NtkException">The file is truncated or of another kind.</exception>
    public static T Parse<T>(MessageParser<T> parser, byte[] bytes, string path, string kind) where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' is not a {kind}, or is truncated: {error.Message}", error) { Target = path };
        }
    }

    // TensorFlow leaves out trailing repetitions of the last value, and everything when all are zero.
    private static void Fill<TTo, TFrom>(Span<TTo> to, IList<TFrom> from, Func<TFrom, TTo> convert)
    {
        if (from.Count > to.Length)
        {
            throw new InvalidDataException($"a constant of {to.Length} elements has {from.Count} values");
        }
        for (int i = 0; i < from.Count; i++)
        {
            to[i] = convert(from[i]);
        }
        if (from.Count > 0)
        {
            to[from.Count..].Fill(to[from.Count - 1]);
        }
    }

    private static (T, T)[] Pairs<T>(RepeatedField<T> values)
    {
        var pairs = new (T, T)[values.Count / 2];
        for (int i = 0; i < pairs.Length; i++)
        {
            pairs[i] = (values[2 * i], values[(2 * i) + 1]);
        }
        return pairs;
    }
}
