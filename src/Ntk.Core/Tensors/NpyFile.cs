using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Ntk.Core.Tensors;

/// <summary>NumPy's .npy files: one tensor each.</summary>
public static unsafe class NpyFile
{
    // Below this a copy costs nothing and leaves the file free to be overwritten; above, only what is used is read.
    private const long MapFrom = 64L << 20;

    /// <summary>Reads a file; a large one in native order is mapped into memory instead of copied.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">The tensor's name; null for the file's without its extension.</param>
    /// <param name="map">Whether to map; null to decide by size.</param>
    /// <exception cref="NtkException">No such file, a damaged one, or one of other things than numbers.</exception>
    public static NtkTensor Read(string path, string? name = null, bool? map = null)
    {
        string what = $"'{path}'";
        using FileStream stream = TensorFile.Open(path);
        NpyHeader header = NpyHeader.Read(stream, what);
        long bytes = ByteCount(header, what);
        long available = stream.Length - header.Length;
        if (available < bytes)
        {
            throw NpyHeader.Corrupt(what,
                $"it holds {available:N0} bytes of data where {header.DType.NumPyName()} {NtkShape.Format(header.Shape)} takes {bytes:N0}; was it cut off?");
        }
        name ??= Path.GetFileNameWithoutExtension(path);
        bool plain = !header.Swapped && (!header.Fortran || header.Shape.Length < 2) && header.Length % Math.Min(header.DType.Size(), 8) == 0;
        if (plain && bytes > 0 && (map ?? bytes >= MapFrom))
        {
            var file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            return new NtkTensor(name, header.DType, header.Shape, TensorBuffer.Map(file, header.Length, bytes, MemoryMappedFileAccess.Read));
        }
        return ReadData(stream, header, name, what);
    }

    /// <summary>Writes a tensor; bfloat16, which NumPy lacks, as float32.</summary>
    /// <exception cref="NtkException">The file cannot be written, or exists and is not to be overwritten.</exception>
    public static void Write(string path, NtkTensor tensor, bool overwrite = true, CancellationToken cancellation = default) =>
        AtomicFile.Write(path, overwrite, stream => Write(stream, tensor), cancellation);

    /// <summary>Reads the elements behind a header into memory, in native and row-major order.</summary>
    internal static NtkTensor ReadData(Stream stream, NpyHeader header, string? name, string what)
    {
        bool reorder = header.Fortran && header.Shape.Length > 1;
        ByteCount(header, what);
        NtkTensor tensor = NtkTensor.Allocate(header.DType, reorder ? [.. Enumerable.Reverse(header.Shape)] : header.Shape, name);
        const int Piece = 1 << 20;
        for (long done = 0; done < tensor.ByteCount;)
        {
            var span = new Span<byte>(tensor.Pointer + done, (int)Math.Min(Piece, tensor.ByteCount - done));
            int read = stream.ReadAtLeast(span, span.Length, throwOnEndOfStream: false);
            if (read < span.Length)
            {
                throw NpyHeader.Corrupt(what, $"it ends after {done + read:N0} of {tensor.ByteCount:N0} bytes of data");
            }
            done += read;
        }
        if (header.Swapped)
        {
            Swap(tensor);
        }
        return reorder ? tensor.Transpose() : tensor;
    }

    /// <summary>Writes header and elements.</summary>
    internal static void Write(Stream stream, NtkTensor tensor)
    {
        if (tensor.DType == NtkDType.BFloat16)
        {
            tensor = tensor.AsType(NtkDType.Float32);
        }
        stream.Write(NpyHeader.Write(tensor.DType, tensor.Shape));
        const int Piece = 1 << 20;
        for (long done = 0; done < tensor.ByteCount; done += Piece)
        {
            stream.Write(new ReadOnlySpan<byte>(tensor.Pointer + done, (int)Math.Min(Piece, tensor.ByteCount - done)));
        }
        GC.KeepAlive(tensor);
    }

    private static long ByteCount(NpyHeader header, string what)
    {
        try
        {
            return checked(NtkShape.Count(header.Shape) * header.DType.Size());
        }
        catch (Exception e) when (e is OverflowException or NtkException)
        {
            throw NpyHeader.Corrupt(what, $"no memory holds a tensor of shape {NtkShape.Format(header.Shape)}");
        }
    }

    private static void Swap(NtkTensor tensor)
    {
        int size = tensor.DType is NtkDType.Complex64 or NtkDType.Complex128 ? tensor.DType.Size() / 2 : tensor.DType.Size();
        const int Piece = 1 << 20;
        for (long done = 0; done < tensor.ByteCount; done += Piece)
        {
            var bytes = new Span<byte>(tensor.Pointer + done, (int)Math.Min(Piece, tensor.ByteCount - done));
            switch (size)
            {
                case 2:
                    Span<ushort> shorts = MemoryMarshal.Cast<byte, ushort>(bytes);
                    BinaryPrimitives.ReverseEndianness(shorts, shorts);
                    break;
                case 4:
                    Span<uint> words = MemoryMarshal.Cast<byte, uint>(bytes);
                    BinaryPrimitives.ReverseEndianness(words, words);
                    break;
                default:
                    Span<ulong> longs = MemoryMarshal.Cast<byte, ulong>(bytes);
                    BinaryPrimitives.ReverseEndianness(longs, longs);
                    break;
            }
        }
        GC.KeepAlive(tensor);
    }
}
