using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;
using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Formats;

/// <summary>A TensorFlow checkpoint (tensor bundle, V2): an index of tensors by key, and their bytes in one or more shards. Tensors are read when asked for.</summary>
internal sealed class TensorBundle
{
    private readonly string _prefix;
    private readonly int _shards;
    private readonly bool _bigEndian;
    private readonly Dictionary<string, BundleEntryProto> _entries;

    private TensorBundle(string prefix, BundleHeaderProto header, Dictionary<string, BundleEntryProto> entries)
    {
        _prefix = prefix;
        _shards = header.NumShards;
        _bigEndian = header.Endianness == BundleHeaderProto.Types.Endianness.Big;
        _entries = entries;
    }

    /// <summary>The keys in the index.</summary>
    public IEnumerable<string> Keys => _entries.Keys;

    /// <summary>Opens the bundle whose files begin with <paramref name="prefix"/>: prefix.index, prefix.data-00000-of-00001.</summary>
    /// <exception cref="NtkException">The index is missing or damaged.</exception>
    public static TensorBundle Open(string prefix)
    {
        string path = prefix + ".index";
        byte[] file;
        try
        {
            file = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new NtkException(NtkErrorId.VariablesMissing,
                $"'{path}' is missing: a SavedModel keeps its variables in the folder 'variables', which must be copied with it.", error) { Target = path };
        }
        try
        {
            BundleHeaderProto? header = null;
            var entries = new Dictionary<string, BundleEntryProto>();
            foreach ((byte[] key, byte[] value) in SortedTable.Read(file))
            {
                if (key.Length == 0)
                {
                    header = BundleHeaderProto.Parser.ParseFrom(value);
                }
                else
                {
                    // Latin-1 keeps the bytes of the binary keys of slices apart; names are UTF-8 in either case.
                    entries[KeyText(key)] = BundleEntryProto.Parser.ParseFrom(value);
                }
            }
            return new TensorBundle(prefix, header ?? throw new InvalidDataException("it has no header"), entries);
        }
        catch (Exception error) when (error is InvalidDataException or InvalidProtocolBufferException)
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' is not the index of a checkpoint, or is damaged: {error.Message}", error) { Target = path };
        }
    }

    /// <summary>Whether the bundle has a tensor.</summary>
    public bool Contains(string key) => _entries.ContainsKey(key);

    /// <summary>A tensor's element type and shape.</summary>
    public (NtkDType? DType, int[] Shape) Describe(string key)
    {
        BundleEntryProto entry = _entries[key];
        return (TensorProtos.TypeOf(entry.Dtype), TensorProtos.Shape(entry.Shape) ?? []);
    }

    /// <summary>The element of a scalar string tensor, such as the checkpoint's object graph.</summary>
    public byte[] ReadString(string key)
    {
        BundleEntryProto entry = _entries[key];
        var bytes = new byte[entry.Size];
        Read(entry, bytes);
        // A varint of the length, a checksum of four bytes, the contents.
        int start = 0;
        while (start < bytes.Length && bytes[start] >= 0x80)
        {
            start++;
        }
        start += 5;
        if (start > bytes.Length)
        {
            throw Corrupt(entry, $"the string '{key}' is damaged");
        }
        // The checksum covers the length as four bytes, then its own checksum as stored, then the contents.
        Span<byte> length = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)(bytes.Length - start));
        CheckSum(entry, key, Crc32C.Extend(Crc32C.Extend(0, length), bytes.AsSpan(start - sizeof(uint))));
        return bytes[start..];
    }

    /// <summary>A numeric tensor, whole; one stored in slices is put together.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="name">The name that the result carries.</param>
    /// <exception cref="NtkException">A shard is missing or truncated.</exception>
    public NtkTensor Read(string key, string? name = null)
    {
        BundleEntryProto entry = _entries[key];
        NtkDType dtype = TensorProtos.TypeOf(entry.Dtype) ?? throw Corrupt(entry, $"'{key}' has the type {entry.Dtype}");
        int[] shape = TensorProtos.Shape(entry.Shape) ?? [];
        // Before memory is asked for: a damaged index may claim any shape.
        double bytes = shape.Aggregate((double)dtype.Size(), (product, size) => product * Math.Max(size, 0));
        if (entry.Slices.Count == 0 && entry.Size != bytes)
        {
            throw Corrupt(entry, $"'{key}' of shape {NtkShape.Format(shape)} has {entry.Size} bytes");
        }
        NtkTensor tensor = NtkTensor.Allocate(dtype, shape, name);
        if (entry.Slices.Count > 0)
        {
            foreach (TensorSliceProto slice in entry.Slices)
            {
                ReadSlice(key, slice, tensor);
            }
            return tensor;
        }
        ReadElements(entry, key, tensor);
        return tensor;
    }

    /// <summary>Checks that the shards of some tensors are there and long enough, so that a missing file shows at once.</summary>
    public void Check(IEnumerable<string> keys)
    {
        foreach (IGrouping<int, BundleEntryProto> shard in keys.Select(k => _entries[k]).Where(e => e.Slices.Count == 0).GroupBy(e => e.ShardId))
        {
            var file = new FileInfo(ShardPath(shard.First()));
            if (!file.Exists)
            {
                throw Missing(file.FullName);
            }
            if (shard.FirstOrDefault(e => e.Offset < 0 || e.Size < 0 || e.Offset + e.Size > file.Length) is { } beyond)
            {
                throw Corrupt(beyond, $"it has {file.Length} bytes, where {beyond.Offset + beyond.Size} are needed");
            }
        }
    }

    private static string KeyText(byte[] key) => key[0] == 0 ? Encoding.Latin1.GetString(key) : Encoding.UTF8.GetString(key);

    private void ReadSlice(string key, TensorSliceProto slice, NtkTensor whole)
    {
        string sliceKey = Encoding.Latin1.GetString(TensorSliceKey.Encode(key, slice));
        if (!_entries.TryGetValue(sliceKey, out BundleEntryProto? entry))
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{_prefix}.index' lists a slice of '{key}' that it does not hold.") { Target = _prefix };
        }
        var start = new long[whole.Rank];
        var size = new long[whole.Rank];
        for (int i = 0; i < whole.Rank; i++)
        {
            TensorSliceProto.Types.Extent extent = slice.Extent[i];
            bool full = extent.HasLengthCase == TensorSliceProto.Types.Extent.HasLengthOneofCase.None;
            start[i] = full ? 0 : extent.Start;
            size[i] = full ? whole.Shape[i] : extent.Length;
            if (start[i] < 0 || size[i] < 0 || start[i] + size[i] > whole.Shape[i])
            {
                throw Corrupt(entry, $"a slice of '{key}' lies outside it");
            }
        }
        NtkTensor part = NtkTensor.Allocate(whole.DType, Array.ConvertAll(size, d => (int)d));
        if (entry.Size != part.ByteCount)
        {
            throw Corrupt(entry, $"a slice of '{key}' has {entry.Size} bytes");
        }
        ReadElements(entry, key, part);
        CopyBlock(part, whole, start, size);
        part.Dispose();
    }

    // Row by row of the last axis.
    private static unsafe void CopyBlock(NtkTensor part, NtkTensor whole, long[] start, long[] size)
    {
        int rank = start.Length, element = whole.DType.Size();
        long row = rank == 0 ? 1 : size[^1], rows = row == 0 ? 0 : part.Count / row;
        var index = new long[Math.Max(rank - 1, 0)];
        for (long r = 0; r < rows; r++)
        {
            long offset = 0;
            for (int i = 0; i < rank; i++)
            {
                offset = (offset * whole.Shape[i]) + start[i] + (i < rank - 1 ? index[i] : 0);
            }
            Buffer.MemoryCopy(part.Pointer + (r * row * element), whole.Pointer + (offset * element), row * element, row * element);
            for (int i = rank - 2; i >= 0 && ++index[i] == size[i]; i--)
            {
                index[i] = 0;
            }
        }
        GC.KeepAlive(part);
        GC.KeepAlive(whole);
    }

    private unsafe void ReadElements(BundleEntryProto entry, string key, NtkTensor tensor)
    {
        const int Piece = 1 << 30;
        uint crc = 0;
        for (long done = 0; done < tensor.ByteCount; done += Piece)
        {
            var span = new Span<byte>(tensor.Pointer + done, (int)Math.Min(Piece, tensor.ByteCount - done));
            Read(entry, span, done);
            crc = Crc32C.Extend(crc, span);
            if (_bigEndian)
            {
                Reverse(span, tensor.DType is NtkDType.Complex64 or NtkDType.Complex128 ? tensor.DType.Size() / 2 : tensor.DType.Size());
            }
        }
        GC.KeepAlive(tensor);
        CheckSum(entry, key, crc);
    }

    // Without one in the index there is nothing to compare with.
    private void CheckSum(BundleEntryProto entry, string key, uint crc)
    {
        if (entry.Crc32C != 0 && entry.Crc32C != Crc32C.Mask(crc))
        {
            throw Corrupt(entry, $"the checksum of '{key}' is wrong");
        }
    }

    private static void Reverse(Span<byte> bytes, int size)
    {
        for (int i = 0; size > 1 && i + size <= bytes.Length; i += size)
        {
            bytes.Slice(i, size).Reverse();
        }
    }

    private void Read(BundleEntryProto entry, Span<byte> bytes, long skip = 0)
    {
        string path = ShardPath(entry);
        try
        {
            using FileStream stream = File.OpenRead(path);
            stream.Position = entry.Offset + skip;
            stream.ReadExactly(bytes);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Missing(path, error);
        }
        catch (Exception error) when (error is EndOfStreamException or ArgumentOutOfRangeException)
        {
            throw Corrupt(entry, "it is truncated", error);
        }
    }

    private string ShardPath(BundleEntryProto entry) => $"{_prefix}.data-{entry.ShardId:D5}-of-{_shards:D5}";

    private static NtkException Missing(string path, Exception? inner = null) =>
        new(NtkErrorId.VariablesMissing, $"'{path}' is missing: the model's variables are stored in it.", inner) { Target = path };

    private NtkException Corrupt(BundleEntryProto entry, string what, Exception? inner = null) =>
        new(NtkErrorId.FileCorrupt, $"'{ShardPath(entry)}' is damaged: {what}.", inner) { Target = ShardPath(entry) };
}
