using System.Runtime.InteropServices;
using Google.Protobuf;
using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Formats.TensorFlowJs;

/// <summary>How a weight's numbers were made smaller for the file; value = stored · Scale + Min, or a float16.</summary>
/// <param name="DType">The type in the file: uint8, uint16 or float16.</param>
/// <param name="Scale">The step between neighbouring stored numbers.</param>
/// <param name="Min">What a stored 0 stands for.</param>
internal sealed record Quantization(string DType, double Scale, double Min);

/// <summary>A weight of a TensorFlow.js model, with the numbers that it had before it was quantised.</summary>
/// <param name="Name">Its name: a constant's node, or layer and variable.</param>
/// <param name="DType">The element type.</param>
/// <param name="Shape">The shape.</param>
/// <param name="Content">The elements, little endian; empty for texts.</param>
/// <param name="Texts">The elements of a string tensor.</param>
internal sealed record StoredWeight(string Name, NtkDType DType, int[] Shape, byte[] Content, IReadOnlyList<ByteString> Texts)
{
    /// <summary>The weight as a tensor.</summary>
    public NtkTensor ToTensor()
    {
        NtkTensor tensor = NtkTensor.Allocate(DType, Shape, Name);
        Content.CopyTo(TensorProtos.Bytes(tensor));
        GC.KeepAlive(tensor);
        return tensor;
    }

    /// <summary>
    /// The weight as the contents of a graph's constant. TensorFlow.js has one integer type; the node's own is what the ops around it expect.
    /// </summary>
    /// <param name="declared">The node's element type.</param>
    public TensorProto ToProto(DataType declared)
    {
        DataType type = DType == NtkDType.Int32 && TensorProtos.TypeOf(declared) is { } own && own is not NtkDType.Bool and not NtkDType.String && !own.IsFloat() ? declared : Type;
        var proto = new TensorProto { Dtype = type, TensorShape = new TensorShapeProto() };
        proto.TensorShape.Dim.AddRange(Shape.Select(d => new TensorShapeProto.Types.Dim { Size = d }));
        proto.StringVal.AddRange(Texts);
        ReadOnlySpan<int> whole = type == Type ? [] : MemoryMarshal.Cast<byte, int>(Content);
        switch (type)
        {
            case var same when same == Type: proto.TensorContent = UnsafeByteOperations.UnsafeWrap(Content); break;
            case DataType.DtInt64: proto.Int64Val.AddRange(whole.ToArray().Select(v => (long)v)); break;
            case DataType.DtUint32: proto.Uint32Val.AddRange(whole.ToArray().Select(v => (uint)v)); break;
            case DataType.DtUint64: proto.Uint64Val.AddRange(whole.ToArray().Select(v => (ulong)v)); break;
            default: proto.IntVal.AddRange(whole.ToArray()); break;
        }
        return proto;
    }

    private DataType Type => DType switch
    {
        NtkDType.Float32 => DataType.DtFloat,
        NtkDType.Float16 => DataType.DtHalf,
        NtkDType.Int32 => DataType.DtInt32,
        NtkDType.UInt8 => DataType.DtUint8,
        NtkDType.UInt16 => DataType.DtUint16,
        NtkDType.Bool => DataType.DtBool,
        NtkDType.Complex64 => DataType.DtComplex64,
        _ => DataType.DtString,
    };

    /// <summary>Our name of an element type in a manifest; null for one that the format does not have.</summary>
    public static NtkDType? TypeOf(string name) => name switch
    {
        "float32" => NtkDType.Float32,
        "float16" => NtkDType.Float16,
        "int32" => NtkDType.Int32,
        "uint8" => NtkDType.UInt8,
        "uint16" => NtkDType.UInt16,
        "bool" => NtkDType.Bool,
        "complex64" => NtkDType.Complex64,
        "string" => NtkDType.String,
        _ => null,
    };

    /// <summary>The numbers behind quantised ones, in the type that they had (tfjs-core's io_utils: real numbers in float64, whole ones rounded half up).</summary>
    /// <exception cref="InvalidDataException">The type cannot be quantised so.</exception>
    public static byte[] Restore(byte[] stored, Quantization quantization, NtkDType dtype)
    {
        int count = quantization.DType == "uint8" ? stored.Length : stored.Length / 2;
        ReadOnlySpan<ushort> words = MemoryMarshal.Cast<byte, ushort>(stored);
        ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(stored);
        var restored = new byte[count * sizeof(float)];
        Span<float> reals = MemoryMarshal.Cast<byte, float>(restored.AsSpan());
        Span<int> wholes = MemoryMarshal.Cast<byte, int>(restored.AsSpan());
        if (dtype is not (NtkDType.Float32 or NtkDType.Int32) || (dtype == NtkDType.Int32 && quantization.DType == "float16"))
        {
            throw new InvalidDataException($"numbers of type {dtype} are not stored as {quantization.DType}");
        }
        for (int i = 0; i < count; i++)
        {
            if (quantization.DType == "float16")
            {
                reals[i] = (float)halves[i];
                continue;
            }
            double value = ((quantization.DType == "uint8" ? stored[i] : words[i]) * quantization.Scale) + quantization.Min;
            if (dtype == NtkDType.Float32)
            {
                reals[i] = (float)value;
            }
            else
            {
                wholes[i] = (int)Math.Floor(value + 0.5);
            }
        }
        return restored;
    }
}
