using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Text;
using System.Text.Json;

namespace Ntk.Core.Tensors;

/// <summary>
/// Hugging Face's .safetensors files: the length of a header in 8 bytes, the header, a JSON object of each tensor's type, shape and place, and the tensors' bytes,
/// little-endian and without gaps (github.com/huggingface/safetensors, "Format").
/// </summary>
public sealed unsafe class SafetensorsFile : ITensorArchive
{
    private const int LengthBytes = 8;

    // The reference implementation's limit.
    private const long MostHeaderBytes = 100_000_000;

    // From here on a tensor is the file mapped into memory.
    private const long MapFrom = 64L << 20;

    private readonly string _path;
    private readonly FileStream _stream;
    private readonly Dictionary<string, Entry> _entries;

    /// <summary>Opens a file and reads its header.</summary>
    /// <exception cref="NtkException">No such file, or a header that is malformed or does not match the file's length.</exception>
    public SafetensorsFile(string path)
    {
        _path = path;
        _stream = TensorFile.Open(path);
        try
        {
            _entries = ReadHeader();
            Names = [.. _entries.OrderBy(entry => entry.Value.Start).Select(entry => entry.Key)];
        }
        catch
        {
            _stream.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; }

    /// <inheritdoc/>
    public NtkTensor Read(string name)
    {
        if (!_entries.TryGetValue(name, out Entry? entry))
        {
            throw new NtkException(NtkErrorId.TensorNotFound, $"'{_path}' holds no array '{name}'. It has: {string.Join(", ", Names)}.") { Target = name };
        }
        NtkDType dtype = TypeOf(entry.Type) ?? throw new NtkException(NtkErrorId.DTypeMismatch,
            $"'{name}' in '{_path}' has elements of the type {entry.Type}, which no tensor here has; store it as F32 or F16.") { Target = name };
        if (Bytes(entry.Shape, dtype) is var bytes && bytes != entry.End - entry.Start)
        {
            throw Corrupt($"'{name}' of type {entry.Type} and shape {NtkShape.Format(entry.Shape)} does not take {entry.End - entry.Start:N0} bytes");
        }
        if (bytes >= MapFrom && entry.Start % dtype.Size() == 0)
        {
            var file = MemoryMappedFile.CreateFromFile(_path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            return new NtkTensor(name, dtype, entry.Shape, TensorBuffer.Map(file, entry.Start, bytes, MemoryMappedFileAccess.Read));
        }
        NtkTensor tensor = NtkTensor.Allocate(dtype, entry.Shape, name);
        _stream.Position = entry.Start;
        const int Piece = 1 << 20;
        for (long done = 0; done < bytes; done += Piece)
        {
            _stream.ReadExactly(new Span<byte>(tensor.Pointer + done, (int)Math.Min(Piece, bytes - done)));
        }
        return tensor;
    }

    /// <summary>Writes tensors under their names; of other types than the format has (complex ones) none.</summary>
    /// <exception cref="NtkException">A type that the format lacks, or the file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<NtkTensor> tensors, bool overwrite = true, CancellationToken cancellation = default)
    {
        string[] names = TensorFile.Names(tensors);
        // Large elements first, as the reference implementation does: each is aligned then.
        int[] order = [.. Enumerable.Range(0, names.Length).OrderByDescending(i => tensors[i].DType.Size())];
        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header))
        {
            json.WriteStartObject();
            long at = 0;
            foreach (int i in order)
            {
                NtkTensor tensor = tensors[i];
                json.WriteStartObject(names[i]);
                json.WriteString("dtype", CodeOf(tensor.DType) ?? throw new NtkException(NtkErrorId.DTypeMismatch, $"A .safetensors file has no {tensor.DType.NumPyName()}; write {tensor.Describe()} to a .npy or .npz file.") { Target = path });
                json.WriteStartArray("shape");
                Array.ForEach(tensor.Shape, json.WriteNumberValue);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(at);
                json.WriteNumberValue(at += tensor.ByteCount);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (header.Length % LengthBytes != 0)
        {
            header.WriteByte((byte)' ');
        }
        AtomicFile.Write(path, overwrite, stream =>
        {
            Span<byte> length = stackalloc byte[LengthBytes];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            header.WriteTo(stream);
            const int Piece = 1 << 20;
            foreach (int i in order)
            {
                NtkTensor tensor = tensors[i];
                for (long done = 0; done < tensor.ByteCount; done += Piece)
                {
                    stream.Write(new ReadOnlySpan<byte>(tensor.Pointer + done, (int)Math.Min(Piece, tensor.ByteCount - done)));
                }
                GC.KeepAlive(tensor);
            }
        }, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private Dictionary<string, Entry> ReadHeader()
    {
        Span<byte> prefix = stackalloc byte[LengthBytes];
        if (_stream.ReadAtLeast(prefix, LengthBytes, throwOnEndOfStream: false) < LengthBytes)
        {
            throw Corrupt("it ends within its first 8 bytes");
        }
        long length = BinaryPrimitives.ReadInt64LittleEndian(prefix), data = LengthBytes + length;
        if (length is < 2 or > MostHeaderBytes || data > _stream.Length)
        {
            throw Corrupt($"its header claims {length:N0} bytes of a file of {_stream.Length:N0}; it is no .safetensors file, or was cut off");
        }
        var text = new byte[length];
        _stream.ReadExactly(text);
        var entries = new Dictionary<string, Entry>(StringComparer.Ordinal);
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            foreach (JsonProperty item in json.RootElement.EnumerateObject())
            {
                if (item.Name == "__metadata__")
                {
                    continue;
                }
                long start = item.Value.GetProperty("data_offsets")[0].GetInt64(), end = item.Value.GetProperty("data_offsets")[1].GetInt64();
                int[] shape = [.. item.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32())];
                var entry = new Entry(item.Value.GetProperty("dtype").GetString() ?? "", shape, data + start, data + end);
                if (start < 0 || end < start || entry.End > _stream.Length || Array.Exists(shape, size => size < 0))
                {
                    throw Corrupt($"'{item.Name}' lies at bytes {start:N0} to {end:N0} of {_stream.Length - data:N0}; was it cut off?");
                }
                if (!entries.TryAdd(item.Name, entry))
                {
                    throw Corrupt($"it names '{item.Name}' twice");
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or DecoderFallbackException or IndexOutOfRangeException)
        {
            throw Corrupt($"its header is malformed ({e.Message.Split('\n')[0].TrimEnd('.')})");
        }
        long next = data;
        foreach ((string name, Entry entry) in entries.OrderBy(entry => entry.Value.Start).ThenBy(entry => entry.Value.End))
        {
            // Overlaps and gaps are how a file would hide something; the format forbids both.
            next = entry.Start == next ? entry.End : throw Corrupt($"'{name}' does not begin where the tensor before it ends");
        }
        return next == _stream.Length ? entries : throw Corrupt($"{_stream.Length - next:N0} bytes after its last tensor belong to none");
    }

    private static long Bytes(int[] shape, NtkDType dtype)
    {
        decimal bytes = dtype.Size();
        foreach (int size in shape)
        {
            bytes = Math.Min(bytes * size, long.MaxValue);
        }
        return (long)bytes;
    }

    private NtkException Corrupt(string why) => NpyHeader.Corrupt($"'{_path}'", why);

    private static NtkDType? TypeOf(string code) => code switch
    {
        "F16" => NtkDType.Float16,
        "BF16" => NtkDType.BFloat16,
        "F32" => NtkDType.Float32,
        "F64" => NtkDType.Float64,
        "I8" => NtkDType.Int8,
        "I16" => NtkDType.Int16,
        "I32" => NtkDType.Int32,
        "I64" => NtkDType.Int64,
        "U8" => NtkDType.UInt8,
        "U16" => NtkDType.UInt16,
        "U32" => NtkDType.UInt32,
        "U64" => NtkDType.UInt64,
        "BOOL" => NtkDType.Bool,
        _ => null,
    };

    private static string? CodeOf(NtkDType dtype) => dtype switch
    {
        NtkDType.Float16 => "F16",
        NtkDType.BFloat16 => "BF16",
        NtkDType.Float32 => "F32",
        NtkDType.Float64 => "F64",
        NtkDType.Int8 => "I8",
        NtkDType.Int16 => "I16",
        NtkDType.Int32 => "I32",
        NtkDType.Int64 => "I64",
        NtkDType.UInt8 => "U8",
        NtkDType.UInt16 => "U16",
        NtkDType.UInt32 => "U32",
        NtkDType.UInt64 => "U64",
        NtkDType.Bool => "BOOL",
        _ => null,
    };

    private sealed record Entry(string Type, int[] Shape, long Start, long End);
}
