using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Tensors;

/// <summary>Between the public tensor, which knows nothing of torch, and torch's. Both directions copy.</summary>
public static unsafe class TorchTensors
{
    // Torch's span is limited to 2^31 - 1 bytes.
    private const long Piece = 1L << 30;
    private const double SmallestNormal = 1.1754943508222875e-38;

    /// <summary>Torch's name of an element type; unsigned types without a torch arithmetic are not among them.</summary>
    public static ScalarType TypeOf(NtkDType dtype) => dtype switch
    {
        NtkDType.Float16 => ScalarType.Float16,
        NtkDType.BFloat16 => ScalarType.BFloat16,
        NtkDType.Float32 => ScalarType.Float32,
        NtkDType.Float64 => ScalarType.Float64,
        NtkDType.Int8 => ScalarType.Int8,
        NtkDType.Int16 => ScalarType.Int16,
        NtkDType.Int32 => ScalarType.Int32,
        NtkDType.Int64 => ScalarType.Int64,
        NtkDType.UInt8 => ScalarType.Byte,
        NtkDType.Bool => ScalarType.Bool,
        NtkDType.Complex64 => ScalarType.ComplexFloat32,
        NtkDType.Complex128 => ScalarType.ComplexFloat64,
        _ => throw new NtkException(NtkErrorId.DTypeMismatch, $"A {dtype} tensor cannot be computed with; convert it to an integer or floating-point type first."),
    };

    /// <summary>The public name of torch's element type.</summary>
    public static NtkDType TypeOf(ScalarType dtype) => dtype switch
    {
        ScalarType.Float16 => NtkDType.Float16,
        ScalarType.BFloat16 => NtkDType.BFloat16,
        ScalarType.Float32 => NtkDType.Float32,
        ScalarType.Float64 => NtkDType.Float64,
        ScalarType.Int8 => NtkDType.Int8,
        ScalarType.Int16 => NtkDType.Int16,
        ScalarType.Int32 => NtkDType.Int32,
        ScalarType.Int64 => NtkDType.Int64,
        ScalarType.Byte => NtkDType.UInt8,
        ScalarType.Bool => NtkDType.Bool,
        ScalarType.ComplexFloat32 => NtkDType.Complex64,
        ScalarType.ComplexFloat64 => NtkDType.Complex128,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, null),
    };

    /// <summary>A torch tensor with the same elements; unsigned types wider than a byte become the next wider signed type.</summary>
    public static Tensor ToTorch(NtkTensor tensor) => ToTorch(tensor, 0, tensor.Rank == 0 ? 1 : tensor.Shape[0]);

    /// <summary>A torch tensor with the same elements in another type. What float32 has no number for stays finite, and other than zero: a mask's −1e300 and a logarithm's 1e-307 mean just that.</summary>
    public static Tensor ToTorch(NtkTensor tensor, ScalarType type)
    {
        using Tensor raw = ToTorch(tensor);
        if (raw.dtype != ScalarType.Float64 || type != ScalarType.Float32)
        {
            return raw.to(type, copy: true);
        }
        using DisposeScope scope = NewDisposeScope();
        Tensor size = raw.abs(), beyond = size.isfinite().logical_and(size > float.MaxValue), below = (size > 0).logical_and(size < SmallestNormal);
        Tensor narrow = raw.to(type);
        return (beyond.any().item<bool>() || below.any().item<bool>() ? where(beyond, raw.sign() * float.MaxValue, where(below, raw.sign() * SmallestNormal, raw)).to(type) : narrow).MoveToOuterDisposeScope();
    }

    /// <summary>A number in float32 or float64; what float32 has no number for stays finite, and other than zero.</summary>
    public static double Within(double value, ScalarType type) => type != ScalarType.Float32 || value == 0 || !double.IsFinite(value) ? value
        : double.CopySign(Math.Clamp(Math.Abs(value), SmallestNormal, float.MaxValue), value);

    /// <summary>A torch tensor with rows <paramref name="start"/> … of the first axis.</summary>
    public static Tensor ToTorch(NtkTensor tensor, long start, long rows)
    {
        long[] shape = Array.ConvertAll(tensor.Shape, d => (long)d);
        long total = 1;
        if (shape.Length > 0)
        {
            total = shape[0];
            shape[0] = rows;
        }
        long stride = total == 0 ? 0 : tensor.Count / total;
        if (tensor.DType is NtkDType.UInt16 or NtkDType.UInt32 or NtkDType.UInt64)
        {
            return Widen(tensor, shape, start * stride, rows * stride);
        }
        Tensor result = empty(shape, TypeOf(tensor.DType));
        long size = tensor.DType.Size();
        CopyBytes(tensor.Pointer + (start * stride * size), result, rows * stride * size, toTorch: true);
        GC.KeepAlive(tensor);
        return result;
    }

    /// <summary>Copies a contiguous view of <paramref name="source"/> to an address.</summary>
    public static void CopyTo(Tensor source, byte* destination)
    {
        using Tensor contiguous = source.contiguous();
        CopyBytes(destination, contiguous, contiguous.numel() * contiguous.element_size(), toTorch: false);
    }

    /// <summary>Copies each row of a matrix to an address of its own.</summary>
    internal static void CopyRowsTo(Tensor matrix, Func<long, nint> destination)
    {
        using Tensor contiguous = matrix.contiguous();
        long rows = contiguous.shape[0], bytes = contiguous.shape[1] * contiguous.element_size(), together = Math.Max(1, Piece / Math.Max(1, bytes));
        for (long first = 0; first < rows; first += together)
        {
            using Tensor part = contiguous.narrow(0, first, Math.Min(together, rows - first)), flat = part.reshape(-1);
            if (bytes > Piece)
            {
                CopyBytes((byte*)destination(first), flat, bytes, toTorch: false);
                continue;
            }
            Span<byte> span = flat.bytes;
            for (long r = 0; r < together && first + r < rows; r++)
            {
                span.Slice((int)(r * bytes), (int)bytes).CopyTo(new Span<byte>((byte*)destination(first + r), (int)bytes));
            }
        }
    }

    /// <summary>A public tensor with the same elements.</summary>
    public static NtkTensor FromTorch(Tensor tensor, string? name = null)
    {
        NtkTensor result = NtkTensor.Allocate(TypeOf(tensor.dtype), Array.ConvertAll(tensor.shape, d => checked((int)d)), name);
        CopyTo(tensor, result.Pointer);
        return result;
    }

    private static Tensor Widen(NtkTensor tensor, long[] shape, long offset, long count)
    {
        var values = new long[count];
        for (long i = 0; i < count; i++)
        {
            values[i] = tensor.DType switch
            {
                NtkDType.UInt16 => ((ushort*)tensor.Pointer)[offset + i],
                NtkDType.UInt32 => ((uint*)tensor.Pointer)[offset + i],
                _ => checked((long)((ulong*)tensor.Pointer)[offset + i]),
            };
        }
        GC.KeepAlive(tensor);
        using Tensor flat = torch.tensor(values, ScalarType.Int64);
        return flat.reshape(shape).to(tensor.DType == NtkDType.UInt16 ? ScalarType.Int32 : ScalarType.Int64, copy: true);
    }

    private static void CopyBytes(byte* address, Tensor tensor, long bytes, bool toTorch)
    {
        if (bytes == 0)
        {
            return;
        }
        // A flat byte view in pieces.
        using Tensor flat = tensor.reshape(-1);
        long size = tensor.element_size();
        for (long done = 0; done < bytes; done += Piece)
        {
            long take = Math.Min(Piece, bytes - done);
            using Tensor part = flat.narrow(0, done / size, take / size);
            Span<byte> span = part.bytes;
            var memory = new Span<byte>(address + done, (int)take);
            if (toTorch)
            {
                memory.CopyTo(span);
            }
            else
            {
                span.CopyTo(memory);
            }
        }
    }
}
