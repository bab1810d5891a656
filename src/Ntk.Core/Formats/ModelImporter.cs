using Ntk.Core.Formats.Graphs;
using Ntk.Core.Formats.Keras;
using Ntk.Core.Formats.TensorFlowJs;

namespace Ntk.Core.Formats;

/// <summary>Reads a model of any format, which it finds out from the contents.</summary>
public static class ModelImporter
{
    // A SavedModel begins with its schema version, a GraphDef with its first node.
    internal const byte SavedModelTag = 0x08;
    private const byte GraphTag = 0x0a;

    /// <summary>Reads the model in a file or folder.</summary>
    /// <param name="path">A SavedModel's folder, a frozen graph (.pb, or .pbtxt as text), a .keras or an .h5 file, a TensorFlow.js model.json or its folder.</param>
    /// <param name="options">What of it is to be read.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="NtkException">There is nothing at the path, it is no model or damaged, or the model uses something unsupported.</exception>
    public static NtkModel Import(string path, ImportOptions? options = null, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        string full = Path.GetFullPath(path);
        ModelSource source = Read(full, options ?? new ImportOptions(), cancellation);
        cancellation.ThrowIfCancellationRequested();
        string name = Directory.Exists(full) ? new DirectoryInfo(full).Name : Path.GetFileNameWithoutExtension(full);
        return NtkEngine.CreateModel(name, full, source);
    }

    /// <summary>What a model uses, and what stands in the way of importing it: one part an op or layer, obstacles first.</summary>
    /// <param name="path">As <see cref="Import"/> takes it.</param>
    /// <param name="options">What of it is to be read.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="NtkException">There is nothing at the path, or it is no model or damaged.</exception>
    public static IReadOnlyList<NtkModelPart> Survey(string path, ImportOptions? options = null, CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        string full = Path.GetFullPath(path);
        var survey = new ModelSurvey(full);
        try
        {
            survey.Try(Read(full, (options ?? new ImportOptions()) with { Survey = survey }, cancellation), cancellation);
        }
        catch (NtkException refusal) when (refusal.ErrorId == NtkErrorId.UnsupportedModel)
        {
            survey.Add(refusal);
        }
        return survey.Parts;
    }

    private static ModelSource Read(string path, ImportOptions options, CancellationToken cancellation)
    {
        try
        {
            if (Directory.Exists(path))
            {
                string json = Path.Combine(path, TensorFlowJsReader.FileName);
                return SavedModelReader.FileIn(path) is not null ? SavedModelReader.Read(path, options)
                    : File.Exists(json) ? TensorFlowJsReader.Read(json, options, cancellation)
                    : throw new NtkException(NtkErrorId.FormatNotRecognized,
                        $"The folder '{path}' holds no model: it has neither a file 'saved_model.pb' (SavedModel) nor 'model.json' (TensorFlow.js).") { Target = path };
            }
            return File.Exists(path) ? ReadFile(path, options, cancellation)
                : throw new NtkException(NtkErrorId.PathNotFound, $"There is no file or folder '{path}'.") { Target = path };
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' cannot be read: {error.Message}", error) { Target = path };
        }
    }

    private static ModelSource ReadFile(string path, ImportOptions options, CancellationToken cancellation)
    {
        if (KerasImporter.Recognizes(path))
        {
            return KerasImporter.Import(path, options, cancellation);
        }
        int first;
        using (FileStream stream = File.OpenRead(path))
        {
            first = stream.ReadByte();
        }
        switch (Path.GetExtension(path).ToLowerInvariant())
        {
            case ".keras":
                throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' is no .keras file (a zip archive), or is damaged.") { Target = path };
            case ".h5" or ".hdf5":
                throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' is no HDF5 file, or is damaged.") { Target = path };
            case ".pb" when first < 0:
                throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' is empty.") { Target = path };
            case ".pb" when first == SavedModelTag:
                return SavedModelReader.Read(Path.GetDirectoryName(path)!, options);
            case ".pbtxt" when Path.GetFileName(path) == SavedModelReader.TextFileName:
                return SavedModelReader.Read(Path.GetDirectoryName(path)!, options);
            case ".pb" or ".pbtxt":
                return FrozenGraphReader.Read(path, options);
            case var _ when TensorFlowJsReader.Recognizes(path, first):
                return TensorFlowJsReader.Read(path, options, cancellation);
            default:
                return first == GraphTag ? FrozenGraphReader.Read(path, options) : throw new NtkException(NtkErrorId.FormatNotRecognized,
                    $"'{path}' is none of the formats that are read: a SavedModel's folder, a frozen graph (.pb, .pbtxt), .keras, .h5 or a TensorFlow.js model.json.") { Target = path };
        }
    }
}
