using System.IO.Compression;

namespace Ntk.Core.Tensors;

/// <summary>NumPy's .npz files: a zip archive of .npy files, stored or deflated, read one by one.</summary>
public sealed class NpzFile : ITensorArchive
{
    private const string Suffix = ".npy";
    private readonly string _path;
    private readonly ZipArchive _archive;

    /// <summary>Opens an archive and reads its directory.</summary>
    /// <exception cref="NtkException">No such file, or not a zip archive.</exception>
    public NpzFile(string path)
    {
        _path = path;
        FileStream stream = TensorFile.Open(path);
        try
        {
            _archive = new ZipArchive(stream, ZipArchiveMode.Read);
            Names = [.. from entry in _archive.Entries
                        where entry.FullName.EndsWith(Suffix, StringComparison.Ordinal)
                        select entry.FullName[..^Suffix.Length]];
        }
        catch (InvalidDataException e)
        {
            stream.Dispose();
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' cannot be read: it is not a whole .npz (zip) archive; was it cut off?", e) { Target = path };
        }
    }

    /// <summary>The arrays' names, in the archive's order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Reads an array.</summary>
    /// <exception cref="NtkException">No such array, a damaged one, or one of other things than numbers.</exception>
    public NtkTensor Read(string name)
    {
        ZipArchiveEntry entry = _archive.GetEntry(name + Suffix) ?? throw new NtkException(NtkErrorId.TensorNotFound,
            $"'{_path}' holds no array '{name}'. It has: {string.Join(", ", Names)}.") { Target = name };
        string what = $"'{name}' in '{_path}'";
        try
        {
            using var stream = ChecksumStream.Open(entry);
            NpyHeader header = NpyHeader.Read(stream, what);
            long declared = entry.Length - header.Length;
            long needed = (long)Math.Min(long.MaxValue, header.Shape.Aggregate((decimal)header.DType.Size(), (product, size) => Math.Min(product * size, long.MaxValue)));
            if (declared < needed)
            {
                throw NpyHeader.Corrupt(what, $"it holds {declared:N0} bytes of data where {header.DType.NumPyName()} {NtkShape.Format(header.Shape)} takes {needed:N0}");
            }
            NtkTensor tensor = NpyFile.ReadData(stream, header, name, what);
            stream.ReadToEnd();
            return stream.Checksum == entry.Crc32 ? tensor : throw NpyHeader.Corrupt(what, "its checksum is wrong, so it is damaged");
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or NotSupportedException)
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"{what} cannot be read: {e.Message.TrimEnd('.')}.", e) { Target = _path };
        }
    }

    /// <summary>Writes tensors under their names (<c>arr_0</c>, <c>arr_1</c> … without one, <c>name_1</c> … for one that is taken), stored as NumPy's <c>savez</c> does.</summary>
    /// <exception cref="NtkException">The file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<NtkTensor> tensors, bool overwrite = true, CancellationToken cancellation = default) => AtomicFile.Write(path, overwrite, stream =>
    {
        using var archive = new ZipArchive(stream, ZipArchiveMode.Create);
        string[] names = TensorFile.Names(tensors);
        for (int i = 0; i < names.Length; i++)
        {
            ZipArchiveEntry entry = archive.CreateEntry(names[i] + Suffix, CompressionLevel.NoCompression);
            // A fixed time, so that the same tensors make the same file; zip's calendar begins here.
            entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
            using Stream target = entry.Open();
            NpyFile.Write(target, tensors[i]);
        }
    }, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _archive.Dispose();
}
