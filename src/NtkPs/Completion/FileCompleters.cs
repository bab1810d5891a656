using Ntk.Core.Formats;
using Ntk.Core.Tensors;

namespace NtkPs;

/// <summary>Completes the signatures of the file that -Path names.</summary>
public sealed class SignatureCompleter : NtkCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CompletionScene scene, string word) => scene.Outline("signatures", ModelOutline.Signatures);
}

/// <summary>Completes the inputs of the signature chosen, of the file that -Path names.</summary>
public sealed class SignatureInputCompleter : NtkCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CompletionScene scene, string word)
    {
        string? signature = scene.Text("Signature");
        return scene.Outline($"inputs of {signature}", path => ModelOutline.Inputs(path, signature));
    }
}

/// <summary>Completes the nodes of the graph that -Path names.</summary>
public sealed class GraphTensorCompleter : NtkCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CompletionScene scene, string word) => scene.Outline("nodes", ModelOutline.Nodes);
}

/// <summary>Completes the names of the arrays in the .npz or .safetensors that -Path names.</summary>
public sealed class ArrayNameCompleter : NtkCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CompletionScene scene, string word) =>
        scene.File() is { } file ? ArchiveOutline.Names(file).Select(name => new Candidate(name)) : [];
}

/// <summary>Completes files of some kinds, and folders on the way to them.</summary>
public abstract class PathCompleter : NtkCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CompletionScene scene, string word)
    {
        // What is typed stays as it is, be it ~ or a drive: only the last name is looked for, in the folder that the session means.
        string typed = word[..(word.LastIndexOfAny(['/', '\\']) + 1)];
        var folder = new DirectoryInfo(scene.Resolve(typed.Length == 0 ? "." : typed));
        return from entry in folder.EnumerateFileSystemInfos()
               where !entry.Name.StartsWith('.') && (entry is DirectoryInfo || IsWanted(entry.Name))
               orderby entry.Name
               select new Candidate(typed + entry.Name, entry.FullName);
    }

    /// <summary>Whether a file's name is of the kind that is looked for.</summary>
    private protected abstract bool IsWanted(string name);
}

/// <summary>Completes files that hold models, and folders.</summary>
public sealed class ModelPathCompleter : PathCompleter
{
    private protected override bool IsWanted(string name) => Path.GetExtension(name).ToLowerInvariant() is ".keras" or ".h5" or ".hdf5" or ".pb" or ".pbtxt" or ".json";
}

/// <summary>Completes images, and folders.</summary>
public sealed class ImagePathCompleter : PathCompleter
{
    private protected override bool IsWanted(string name) => ImageFile.IsImage(name);
}

/// <summary>Completes files of tensors and, behind an .npz or .safetensors, its arrays: <c>data.npz/x1</c>.</summary>
public sealed class TensorPathCompleter : PathCompleter
{
    private protected override IEnumerable<Candidate> Candidates(CompletionScene scene, string word)
    {
        // An array's name may lie behind the slash, or be what a whole file's name still wants.
        string file = TensorFile.Split(word).File.TrimEnd('/', '\\');
        return TensorFile.IsArchive(file) && File.Exists(scene.Resolve(file))
            ? ArchiveOutline.Names(scene.Resolve(file)).Select(name => new Candidate($"{file}/{name}", $"the array {name} of {file}"))
            : base.Candidates(scene, word);
    }

    private protected override bool IsWanted(string name) => TensorFile.IsKnown(name);
}

/// <summary>What completers read of files.</summary>
internal static class ArchiveOutline
{
    private static readonly FileCache<IReadOnlyList<string>> Archives = new();
    private static readonly FileCache<IReadOnlyList<string>> Outlines = new();

    /// <summary>The arrays in an archive.</summary>
    public static IReadOnlyList<string> Names(string archive) => Archives.Get(archive, archive, () =>
    {
        using ITensorArchive file = TensorFile.OpenArchive(archive);
        return file.Names;
    });

    /// <summary>Names in the graph that the command's -Path means.</summary>
    public static IEnumerable<NtkCompleter.Candidate> Outline(this CompletionScene scene, string what, Func<string, IReadOnlyList<string>> read)
    {
        if (scene.File() is not { } path)
        {
            return [];
        }
        return Outlines.Get(ModelOutline.FileOf(path), $"{what}|{path}", () => read(path)).Select(name => new NtkCompleter.Candidate(name));
    }
}
