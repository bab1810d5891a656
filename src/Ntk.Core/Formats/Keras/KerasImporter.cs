using System.IO.Compression;
using System.Text.Json;
using Ntk.Core.Autodiff;
using Ntk.Core.Ops.Keras;
using Ntk.Core.Tensors;

namespace Ntk.Core.Formats.Keras;

/// <summary>Reads models that Keras saved: <c>.keras</c> archives of Keras 2.12 and later and of Keras 3, and whole <c>.h5</c> files since Keras 1.</summary>
public static class KerasImporter
{
    private const string ArchiveFormat = "Keras", Hdf5Format = "KerasH5";

    private static readonly byte[] s_zipMagic = "PK"u8.ToArray(), s_hdf5Magic = [0x89, .. "HDF"u8];

    /// <summary>Whether the first bytes are those of an archive or an HDF5 file.</summary>
    public static bool Recognizes(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }
        using FileStream stream = File.OpenRead(path);
        Span<byte> head = stackalloc byte[4];
        int count = stream.ReadAtLeast(head, 4, throwOnEndOfStream: false);
        return count == 4 && (head.StartsWith(s_zipMagic) || head.SequenceEqual(s_hdf5Magic));
    }

    /// <summary>Reads a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">What to read; signatures and cuts are a graph's and refused here.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="NtkException">The file is missing, damaged or no Keras model, or uses layers that are not supported (all of them are listed).</exception>
    public static ModelSource Import(string path, ImportOptions options, CancellationToken cancellation = default)
    {
        if (!File.Exists(path))
        {
            throw new NtkException(NtkErrorId.PathNotFound, $"There is no file '{path}'.") { Target = path };
        }
        RequirePlain(path, options);
        using FileStream stream = File.OpenRead(path);
        Span<byte> head = stackalloc byte[4];
        int count = stream.ReadAtLeast(head, 4, throwOnEndOfStream: false);
        stream.Position = 0;
        return count == 4 && head.StartsWith(s_zipMagic) ? ImportArchive(stream, path, options, cancellation)
            : count == 4 && head.SequenceEqual(s_hdf5Magic) ? ImportHdf5(stream, path, options, cancellation)
            : throw new NtkException(NtkErrorId.FormatNotRecognized, $"'{path}' is neither a .keras archive nor an HDF5 file; it may be truncated or of another format.") { Target = path };
    }

    /// <summary>Refuses what can be asked of graphs alone.</summary>
    internal static void RequirePlain(string path, ImportOptions options)
    {
        if (options.Signature is not null || options.InputTensors.Count + options.OutputTensors.Count + options.ParameterInputs.Count + options.Feeds.Count > 0)
        {
            throw new NtkException(NtkErrorId.InvalidArgument,
                $"'{path}' is a file of layers: Signature, InputTensor, OutputTensor, ParameterInput and Feed are for graphs. Export the model as a SavedModel to use them.") { Target = path };
        }
    }

    private static KerasSource ImportArchive(FileStream stream, string path, ImportOptions options, CancellationToken cancellation)
    {
        string config, metadata;
        Hdf5File weights;
        try
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
            config = Text(archive, "config.json", path) ?? throw Corrupt(path, "it has no config.json");
            metadata = Text(archive, "metadata.json", path) ?? "{}";
            ZipArchiveEntry entry = archive.GetEntry("model.weights.h5") ?? throw Corrupt(path,
                archive.Entries.Any(e => e.FullName.EndsWith(".npz", StringComparison.Ordinal) || e.FullName.Contains(".weights", StringComparison.Ordinal))
                    ? "its weights are not in one HDF5 file; save it again with the default weights format" : "it has no model.weights.h5");
            weights = Hdf5File.Open(Seekable(entry, cancellation), path);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw Corrupt(path, e.Message.TrimEnd('.'), e);
        }
        using (weights)
        {
            JsonElement described = ParseJson(metadata, path, "metadata.json");
            int version = MajorVersion(described.ValueKind == JsonValueKind.Object && described.TryGetProperty("keras_version", out JsonElement v) ? v.GetString() : null, 3);
            return Build(ArchiveFormat, ParseJson(config, path, "config.json"), version, path, options, (model, variables) =>
                ObjectWeights.Bind(model, variables, weights, path, version, cancellation));
        }
    }

    private static KerasSource ImportHdf5(FileStream stream, string path, ImportOptions options, CancellationToken cancellation)
    {
        using Hdf5File file = Hdf5File.Open(stream, path);
        string config = file.Text("", "model_config") ?? throw new NtkException(NtkErrorId.FormatNotRecognized,
            file.Texts("", "layer_names") is not null || file.Exists("layers") || file.Exists("_layer_checkpoint_dependencies")
                ? $"'{path}' holds weights only, without the model. Save the whole model (model.save)."
                : $"'{path}' is an HDF5 file, but not a Keras model: it has no model_config.") { Target = path };
        string root = file.Exists("model_weights") ? "model_weights" : "";
        int version = MajorVersion(file.Text("", "keras_version") ?? (root.Length > 0 ? file.Text(root, "keras_version") : null), 1);
        string? backend = file.Text("", "backend") ?? (root.Length > 0 ? file.Text(root, "backend") : null);
        if (backend == "theano")
        {
            throw new NtkException(NtkErrorId.UnsupportedModel,
                $"'{path}' was saved with Keras's Theano backend, which stores convolution kernels mirrored. Load it in Keras with the TensorFlow backend and save it again.") { Target = path };
        }
        return Build(Hdf5Format, ParseJson(config, path, "model_config"), version, path, options, (model, variables) =>
            LayerWeights.Bind(model, variables, file, root, path, version, cancellation));
    }

    /// <summary>Builds the model of a configuration, whose variables <paramref name="bind"/> gives their values.</summary>
    internal static KerasSource Build(string format, JsonElement config, int version, string path, ImportOptions options, Action<KerasLayer, KerasWeights> bind)
    {
        var builder = new LayerBuilder(version);
        KerasLayer model;
        try
        {
            model = builder.Build(config, "model");
            if (builder.Obstacles.Count == 0 && model.Graph is null)
            {
                builder.Report(model, "it is no model");
            }
        }
        catch (Exception e) when (e is ShapeException or KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            throw Corrupt(path, $"its configuration is not one of Keras: {e.Message.TrimEnd('.')}", e);
        }
        options.Survey?.Add(builder);
        if (builder.Obstacles.Count > 0)
        {
            throw new NtkException(NtkErrorId.UnsupportedModel, $"'{path}' cannot be imported: {string.Join("; ", builder.Obstacles)}. " +
                "Export the model as a SavedModel (model.export, or model.save without .keras or .h5): there these layers are plain graphs.") { Target = path };
        }
        KerasWeights weights = KerasWeights.Of(model);
        bind(model, weights);
        try
        {
            return new KerasSource(format, model, weights);
        }
        catch (ShapeException e)
        {
            throw new NtkException(NtkErrorId.UnsupportedModel, $"'{path}' cannot be imported: {e.Message}. Export the model as a SavedModel instead.", e) { Target = path };
        }
    }

    // Entries are stored as they are by Keras, but a zip tool may have compressed them; HDF5 is read back and forth.
    private static MemoryStream Seekable(ZipArchiveEntry entry, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (entry.Length > Array.MaxLength)
        {
            throw new InvalidDataException($"{entry.FullName} is larger than {Array.MaxLength} bytes");
        }
        using var source = ChecksumStream.Open(entry);
        var buffer = new byte[entry.Length];
        source.ReadExactly(buffer);
        RequireChecksum(source, entry);
        return new MemoryStream(buffer, writable: false);
    }

    private static string? Text(ZipArchive archive, string name, string path)
    {
        if (archive.GetEntry(name) is not { } entry)
        {
            return null;
        }
        using var source = ChecksumStream.Open(entry);
        using var reader = new StreamReader(source);
        string text = reader.ReadToEnd();
        RequireChecksum(source, entry);
        return text;
    }

    private static void RequireChecksum(ChecksumStream source, ZipArchiveEntry entry)
    {
        if (source.Checksum != entry.Crc32)
        {
            throw new InvalidDataException($"the checksum of {entry.FullName} is wrong");
        }
    }

    private static JsonElement ParseJson(string text, string path, string what)
    {
        try
        {
            return JsonTree.Parse(text);
        }
        catch (JsonException e)
        {
            throw Corrupt(path, $"{what} is no JSON", e);
        }
    }

    /// <summary>Keras's major version; <paramref name="absent"/> where the file does not say a number.</summary>
    internal static int MajorVersion(string? version, int absent) =>
        version is { Length: > 0 } && char.IsAsciiDigit(version[0]) ? version[0] - '0' : absent;

    private static NtkException Corrupt(string path, string reason, Exception? inner = null) =>
        new(NtkErrorId.FileCorrupt, $"'{path}' cannot be read as a Keras model: {reason}.", inner) { Target = path };
}
