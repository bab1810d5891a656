namespace Ntk.Core.Tensors;

/// <summary>Tensors in files, by the file's extension.</summary>
public static class TensorFile
{
    private const string Extensions = ".npy, .npz or .csv";

    /// <summary>Splits <c>data.npz/x1</c> into the archive and the entry; the entry is null when the whole is a file's path.</summary>
    public static (string File, string? Entry) Split(string path)
    {
        for (int at = path.IndexOf(".npz", StringComparison.OrdinalIgnoreCase); at >= 0; at = path.IndexOf(".npz", at + 1, StringComparison.OrdinalIgnoreCase))
        {
            int end = at + 4;
            if (end < path.Length - 1 && path[end] is '/' or '\\' && !Directory.Exists(path[..end]))
            {
                return (path[..end], path[(end + 1)..]);
            }
        }
        return (path, null);
    }

    /// <summary>The one tensor of a .npy or .csv file, of a .npz with a single entry, or of an entry (<c>data.npz/x1</c>).</summary>
    /// <exception cref="NtkException">No such file or entry, several entries, an unknown extension, or a damaged file.</exception>
    public static NtkTensor Read(string path)
    {
        (string file, string? entry) = Split(path);
        if (Kind(file) != FileKind.Npz)
        {
            return Kind(file) == FileKind.Csv ? CsvFile.Read(file) : NpyFile.Read(file);
        }
        using var archive = new NpzFile(file);
        return entry is not null || archive.Names.Count == 1
            ? archive.Read(entry ?? archive.Names[0])
            : throw new NtkException(NtkErrorId.TensorNotFound, archive.Names.Count == 0
                ? $"'{file}' holds no arrays."
                : $"'{file}' holds {archive.Names.Count} arrays; say which one, as in '{file}/{archive.Names[0]}'. It has: {string.Join(", ", archive.Names)}.")
            { Target = path };
    }

    /// <summary>Writes tensors to a file: any number to a .npz, one to a .npy or .csv.</summary>
    /// <exception cref="NtkException">An unknown extension, several tensors where one fits, or the file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<NtkTensor> tensors, bool overwrite = true)
    {
        FileKind kind = Kind(path);
        if (kind == FileKind.Npz)
        {
            NpzFile.Write(path, tensors, overwrite);
        }
        else if (tensors is not [var tensor])
        {
            throw new NtkException(NtkErrorId.InvalidArgument, tensors.Count == 0
                ? $"There is no tensor to write to '{path}'."
                : $"'{path}' holds one tensor, and {tensors.Count} were given ({string.Join(", ", tensors.Select(t => t.Describe()))}); write them to a .npz file, or each to its own.")
            { Target = path };
        }
        else if (kind == FileKind.Csv)
        {
            CsvFile.Write(path, tensor, overwrite);
        }
        else
        {
            NpyFile.Write(path, tensor, overwrite);
        }
    }

    /// <summary>What a path's extension says.</summary>
    /// <exception cref="NtkException">An extension that is none of these.</exception>
    public static FileKind Kind(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".npy" => FileKind.Npy,
        ".npz" => FileKind.Npz,
        ".csv" => FileKind.Csv,
        var extension => throw new NtkException(NtkErrorId.FormatNotRecognized, Directory.Exists(path)
            ? $"'{path}' is a folder; tensors are in {Extensions} files." : extension.Length == 0
            ? $"'{path}' has no extension; tensors are in {Extensions} files."
            : $"'{path}': '{extension}' is none of {Extensions}.") { Target = path },
    };

    /// <summary>Whether the extension is one of those that are read.</summary>
    public static bool IsKnown(string path) => Path.GetExtension(path).ToLowerInvariant() is ".npy" or ".npz" or ".csv";

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
    /// <summary>Text, a line for each index of the first axis.</summary>
    Csv,
}
