using System.Text.Json;
using Ntk.Core.Formats.Keras;
using Ntk.Core.Ops.Keras;

namespace Ntk.Core.Formats.TensorFlowJs;

/// <summary>
/// Reads TensorFlow.js models: a <c>model.json</c> that holds a GraphDef (a graph-model, as tensorflowjs_converter writes SavedModels) or a Keras configuration
/// (a layers-model, as it writes Keras files and as TensorFlow.js itself saves), and its weight shards.
/// </summary>
internal static class TensorFlowJsReader
{
    /// <summary>The file's usual name.</summary>
    public const string FileName = "model.json";

    private const string LayersFormat = "TfjsLayersModel";

    /// <summary>Whether a file's name or first byte are those of JSON.</summary>
    public static bool Recognizes(string path, int first) => first == '{' || Path.GetExtension(path).Equals(".json", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a model.</summary>
    /// <exception cref="NtkException">The JSON or a shard is missing, damaged or of another kind, or the model uses something unsupported.</exception>
    public static ModelSource Read(string path, ImportOptions options, CancellationToken cancellation)
    {
        JsonElement model;
        try
        {
            model = JsonTree.Parse(File.ReadAllText(path));
        }
        catch (JsonException error)
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' is no JSON, or is truncated: {error.Message.TrimEnd('.')}.", error) { Target = path };
        }
        try
        {
            JsonElement topology = Member(model, "modelTopology") ?? throw NoModel(path, model);
            if (Member(topology, "node") is null && Member(topology, "model_config") is null && Member(topology, "class_name") is null)
            {
                throw NoModel(path, model);
            }
            JsonElement manifest = Member(model, "weightsManifest") ?? throw Corrupt(path, "it has no weightsManifest, the list of its weights");
            IReadOnlyList<StoredWeight> weights = new WeightManifest(path, cancellation).Read(manifest);
            return Member(topology, "node") is null ? Layers(path, topology, weights, options) : JsonGraph.Read(path, model, topology, weights, options);
        }
        catch (Exception error) when (error is InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw Corrupt(path, error.Message.TrimEnd('.'), error);
        }
    }

    /// <summary>A member of an object that is there and not null.</summary>
    public static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static KerasSource Layers(string path, JsonElement topology, IReadOnlyList<StoredWeight> weights, ImportOptions options)
    {
        KerasImporter.RequirePlain(path, options);
        JsonElement config = Member(topology, "model_config") ?? topology;
        if (config.ValueKind == JsonValueKind.String)
        {
            config = JsonTree.Parse(config.GetString()!);
        }
        // What TensorFlow.js saves ("tfjs-layers 4.22.0") is as in Keras 2.
        int version = KerasImporter.MajorVersion(Member(topology, "keras_version")?.GetString(), 2);
        return KerasImporter.Build(LayersFormat, config, version, path, options, (model, variables) => NamedWeights.Bind(model, variables, weights, path));
    }

    private static NtkException NoModel(string path, JsonElement model) => new(NtkErrorId.FormatNotRecognized, Member(model, "class_name") is not null && Member(model, "config") is not null
        ? $"'{path}' holds the layers of a Keras model without its weights. Save the whole model (model.save)."
        : $"'{path}' is JSON, but no TensorFlow.js model: it has no modelTopology with a graph or layers.") { Target = path };

    private static NtkException Corrupt(string path, string what, Exception? inner = null) => new(NtkErrorId.FileCorrupt, $"'{path}' is damaged: {what}.", inner) { Target = path };
}
