using System.Management.Automation;
using Ntk;
using Ntk.Core;
using Ntk.Core.Tensors;

namespace NtkPs;

/// <summary>Reads tensors from .npy, .npz, .safetensors, .csv and .parquet files.</summary>
[Cmdlet(VerbsData.Import, "NtkTensor", DefaultParameterSetName = "Path")]
[OutputType(typeof(NtkTensor), typeof(NtkTensorRow))]
public sealed class ImportNtkTensorCommand : TensorCmdlet
{
    /// <summary>Files; wildcards match several, data.npz/x1 is one array of an archive.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Path")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>Files, taken as they are.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "LiteralPath")]
    [Alias("PSPath")]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Arrays of an .npz or .safetensors, by name, with wildcards; all without it.</summary>
    [Parameter(Position = 1)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ArrayNameCompleter))]
    public string[]? Name { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        bool literal = ParameterSetName == "LiteralPath";
        string[] given = literal ? LiteralPath : Path;
        bool one = given.Length == 1 && !MyInvocation.ExpectingInput && (literal || !WildcardPattern.ContainsWildcardCharacters(given[0]));
        var files = new List<string>();
        foreach (string path in given)
        {
            ForItem(one, () => files.AddRange(literal ? [SessionPaths.Full(this, path)] : Matches(path)));
        }
        foreach (string file in files)
        {
            ForItem(one, () => ReadFile(file, files.Count));
        }
    }

    // The name of an array is none of the file system's: data[1]*.npz/x1.
    private IEnumerable<string> Matches(string path) => TensorFile.Split(path) is (var file, { } entry)
        ? SessionPaths.Matches(this, file).Select(match => $"{match}/{entry}") : SessionPaths.Matches(this, path);

    private void ReadFile(string path, int files)
    {
        string activity = $"Reading {System.IO.Path.GetFileName(path)}";
        (string file, string? entry) = TensorFile.Split(path);
        bool archived = TensorFile.IsArchive(TensorFile.Kind(file));
        if (Name is not null && (!archived || entry is not null))
        {
            throw new NtkException(NtkErrorId.InvalidArgument, archived
                ? $"'{path}' names an array already; leave out -Name, or '/{entry}'." : $"'{file}' holds one tensor without a name; leave out -Name, which chooses in an .npz or .safetensors.") { Target = file };
        }
        if (!archived)
        {
            WriteTensor(Work(activity, _ => TensorFile.Read(file)), files);
            return;
        }
        using ITensorArchive archive = Work(activity, _ => TensorFile.OpenArchive(file));
        IReadOnlyList<string> names = entry is null ? Choose(archive, file) : [entry];
        foreach (string name in names)
        {
            // An array of text among numbers does not keep the others from being read.
            ForItem(names.Count == 1 && files == 1 && !MyInvocation.ExpectingInput, () => WriteTensor(Work(activity, _ => archive.Read(name)), names.Count * files));
        }
    }

    private List<string> Choose(ITensorArchive archive, string file)
    {
        if (Name is null)
        {
            return [.. archive.Names];
        }
        var chosen = new List<string>();
        foreach (string wanted in Name)
        {
            var pattern = new NamePattern(wanted);
            string[] matches = archive.Names.Contains(wanted) ? [wanted] : [.. archive.Names.Where(pattern.Matches)];
            if (matches.Length == 0 && pattern.IsLiteral)
            {
                ForItem(Name.Length == 1 && !MyInvocation.ExpectingInput, () => throw new NtkException(NtkErrorId.TensorNotFound,
                    $"'{file}' holds no array '{wanted}'. It has: {string.Join(", ", archive.Names)}.") { Target = wanted });
            }
            chosen.AddRange(matches.Except(chosen));
        }
        return chosen;
    }
}
