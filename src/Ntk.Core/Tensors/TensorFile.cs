namespace Ntk.Core.Tensors;

/// <summary>Tensors in files, by the file's extension.</summary>
public static class TensorFile
{
    private const string Extensions = ".npy, .npz, .safetensors, .csv or .parquet";
    private static readonly string[] Archives = [".npz", ".safetensors"];

    private static readonly Dictionary<string, FileKind> Kinds = new(StringComparer.OrdinalIgnoreCase)
    {
        [".npy"] = FileKind.Npy,
        [".npz"] = FileKind.Npz,
        [".safetensors"] = FileKind.Safetensors,
        [".csv"] = FileKind.Csv,
        [".parquet"] = FileKind.Parquet,
    };

    /// <summary>Splits <c>data.npz/x1</c> into the archive and the entry; the entry is null when the whole is a file's path.</summary>
    public static (string File, string? Entry) Split(string path)
    {
        foreach (string extension in Archives)
        {
            for (int at = path.IndexOf(extension, StringComparison.OrdinalIgnoreCase); at >= 0; at = path.IndexOf(extension, at + 1, StringComparison.OrdinalIgnoreCase))
            {
                int end = at + extension.Length;
                if (end < path.Length - 1 && path[end] is '/' or '\\' && !Directory.Exists(path[..end]))
                {
                    return (path[..end], path[(end + 1)..]);
                }
            }
        }
        return (path, null);
    }

    /// <summary>Whether a file of the kind holds named tensors, any number of them.</summary>
    public static bool IsArchive(FileKind kind) => kind is FileKind.Npz or FileKind.Safetensors;

    /// <summary>Whether a file's extension says that it holds named tensors.</summary>
    public static bool IsArchive(string file) => Kinds.TryGetValue(Path.GetExtension(file), out FileKind kind) && IsArchive(kind);

    /// <summary>Opens a file of named tensors.</summary>
    /// <exception cref="NtkException">No such file, a damaged one, or one of a single tensor.</exception>
    public static ITensorArchive OpenArchive(string file) => Kind(file) == FileKind.Safetensors ? new SafetensorsFile(file) : new NpzFile(file);

    /// <summary>The one tensor of a .npy, .csv or .parquet file, of an archive with a single entry, or of an entry (<c>data.npz/x1</c>).</summary>
    /// <exception cref="NtkException">No such file or entry, several entries, an unknown extension, or a damaged file.</exception>
    public static NtkTensor Read(string path)
    {
        (string file, string? entry) = Split(path);
        switch (Kind(file))
        {
            case FileKind.Npy: return NpyFile.Read(file);
            case FileKind.Csv: return CsvFile.Read(file);
            case FileKind.Parquet: return ParquetFile.Read(file);
        }
        using ITensorArchive archive = OpenArchive(file);
        return entry is not null || archive.Names.Count == 1
            ? archive.Read(entry ?? archive.Names[0])
            : throw new NtkException(NtkErrorId.TensorNotFound, archive.Names.Count == 0
                ? $"'{file}' holds no arrays."
                : $"'{file}' holds {archive.Names.Count} arrays; say which one, as in '{file}/{archive.Names[0]}'. It has: {string.Join(", ", archive.Names)}.")
            { Target = path };
    }

    /// <summary>Writes tensors to a file: any number to a .npz or .safetensors, one to a .npy, .csv or .parquet.</summary>
    /// <exception cref="NtkException">An unknown extension, several tensors where one fits, or the file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<NtkTensor> tensors, bool overwrite = true, CancellationToken cancellation = default)
    {
        FileKind kind = Kind(path);
        if (!IsArchive(kind) && tensors.Count != 1)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, tensors.Count == 0
                ? $"There is no tensor to write to '{path}'."
                : $"'{path}' holds one tensor, and {tensors.Count} were given ({string.Join(", ", tensors.Select(t => t.Describe()))}); write them to a .npz or .safetensors file, or each to its own.")
            { Target = path };
        }
        switch (kind)
        {
            case FileKind.Npz: NpzFile.Write(path, tensors, overwrite, cancellation); break;
            case FileKind.Safetensors: SafetensorsFile.Write(path, tensors, overwrite, cancellation); break;
            case FileKind.Csv: CsvFile.Write(path, tensors[0], overwrite, cancellation); break;
            case FileKind.Parquet: ParquetFile.Write(path, tensors[0], overwrite, cancellation); break;
            default: NpyFile.Write(path, tensors[0], overwrite, cancellation); break;
        }
    }

    /// <summary>Names for tensors in an archive: their own, <c>arr_0</c>, <c>arr_1</c> … without one, <c>name_1</c> … for one that is taken.</summary>
    internal static string[] Names(IReadOnlyList<NtkTensor> tensors)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var names = new string[tensors.Count];
        for (int i = 0; i < names.Length; i++)
        {
            string wanted = string.IsNullOrEmpty(tensors[i].Name) ? $"arr_{i}" : tensors[i].Name!;
            names[i] = wanted;
            for (int copy = 1; !taken.Add(names[i]); copy++)
            {
                names[i] = $"{wanted}_{copy}";
            }
        }
        return names;
    }

    /// <summary>What a path's extension says.</summary>
    /// <exception cref="NtkException">An extension that is none of these.</exception>
    public static FileKind Kind(string path) => Kinds.TryGetValue(Path.GetExtension(path), out FileKind kind) ? kind
        : throw new NtkException(NtkErrorId.FormatNotRecognized, Directory.Exists(path) ? $"'{path}' is a folder; tensors are in {Extensions} files."
            : Path.GetDirectoryName(path) is { } parent && File.Exists(parent) ? $"'{parent}' is a file of one tensor, not an archive; leave out '{Path.GetFileName(path)}'."
            : Path.GetExtension(path) is { Length: > 0 } extension ? $"'{path}': '{extension.ToLowerInvariant()}' is none of {Extensions}." : $"'{path}' has no extension; tensors are in {Extensions} files.") { Target = path };

    /// <summary>Whether the extension is one of those that are read.</summary>
    public static bool IsKnown(string path) => Kinds.ContainsKey(Path.GetExtension(path));

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="NtkException">There is none, it is a folder, or it may not be read.</exception>
    internal static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException || (e is UnauthorizedAccessException && Directory.Exists(path)))
        {
            throw new NtkException(NtkErrorId.PathNotFound, Directory.Exists(path) ? $"'{path}' is a folder, not a file." : $"The file '{path}' does not exist.", e) { Target = path };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NtkException(NtkErrorId.PathNotFound, $"'{path}' could not be opened: {e.Message}", e) { Target = path };
        }
    }
}

/// <summary>The file formats of tensors.</summary>
public enum FileKind
{
    /// <summary>NumPy's format of one array.</summary>
    Npy,
    /// <summary>NumPy's archive of named arrays.</summary>
    Npz,
    /// <summary>Named tensors, as Hugging Face's libraries store them.</summary>
    Safetensors,
    /// <summary>Text, a line for each index of the first axis.</summary>
    Csv,
    /// <summary>Apache Parquet, a table of columns.</summary>
    Parquet,
}
