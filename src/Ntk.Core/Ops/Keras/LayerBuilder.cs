using System.Text.Json;
using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>Makes layers from a Keras configuration, and collects whatever stands in the way instead of stopping at the first obstacle.</summary>
internal sealed class LayerBuilder(int version)
{
    private readonly Dictionary<long, KerasLayer> _shared = [];
    private readonly List<KerasLayer> _made = [];
    private readonly List<(string Layer, string Class, string Reason)> _obstacles = [];
    private int _unnamed;

    /// <summary>The major version of the Keras that wrote the file; 1, 2 or 3.</summary>
    public int Version => version;

    /// <summary>What cannot be imported, one line for each class and reason.</summary>
    public IReadOnlyList<string> Obstacles => _obstacles.GroupBy(o => (o.Class, o.Reason))
        .Select(g => $"{g.Key.Class} ({Names(g.Select(o => o.Layer).Distinct().ToArray())}): {g.Key.Reason}").ToArray();

    /// <summary>Every layer made, with the first reason why it cannot be imported.</summary>
    public IEnumerable<(string Layer, string Class, string? Reason)> Layers =>
        _made.Select(l => (l.Name, l.ClassName, _obstacles.Find(o => o.Layer == l.Name && o.Class == l.ClassName) is { Reason: { } reason } ? reason : null));

    /// <summary>Notes what cannot be imported.</summary>
    public void Report(KerasLayer layer, string reason) => _obstacles.Add((layer.Name, layer.ClassName, reason));

    /// <summary>Makes one layer, with those inside it.</summary>
    /// <param name="serialized">The object with <c>class_name</c> and <c>config</c>.</param>
    /// <param name="role">What it is for, in case it has no name.</param>
    /// <param name="fresh">Whether a layer of its own is wanted, even where the file says that it shares one.</param>
    public KerasLayer Build(JsonElement serialized, string role = "layer", bool fresh = false)
    {
        if (serialized.ValueKind != JsonValueKind.Object || !serialized.TryGetProperty("class_name", out JsonElement kind) || kind.ValueKind != JsonValueKind.String)
        {
            throw new ShapeException($"the {role} has no class_name");
        }
        if (!fresh && serialized.TryGetProperty("shared_object_id", out JsonElement shared) && shared.ValueKind == JsonValueKind.Number && _shared.TryGetValue(shared.GetInt64(), out KerasLayer? known))
        {
            return known;
        }
        string className = kind.GetString()!;
        JsonElement config = serialized.TryGetProperty("config", out JsonElement found) ? found : default;
        KerasLayer layer = new(className, NameOf(serialized, config, className), IsTrainable(config)) { IgnoresTraining = version >= 3, DecidesAlone = version >= 3 };
        _made.Add(layer);
        if (!fresh && serialized.TryGetProperty("shared_object_id", out JsonElement id) && id.ValueKind == JsonValueKind.Number)
        {
            _shared[id.GetInt64()] = layer;
        }
        try
        {
            Fill(layer, serialized, config);
        }
        catch (ShapeException e)
        {
            Report(layer, e.Message);
        }
        return layer;
    }

    private void Fill(KerasLayer layer, JsonElement serialized, JsonElement config)
    {
        string module = serialized.TryGetProperty("module", out JsonElement m) && m.ValueKind == JsonValueKind.String ? m.GetString()! : "keras.layers";
        string registered = serialized.TryGetProperty("registered_name", out JsonElement r) && r.ValueKind == JsonValueKind.String ? r.GetString()! : "";
        var options = new LayerConfig(this, layer, config);
        // Files without modules tell a function's object from a layer by the options that every layer has.
        bool isFunction = module.Contains(".ops", StringComparison.Ordinal) || (version >= 3 && m.ValueKind != JsonValueKind.String &&
            config.ValueKind == JsonValueKind.Object && !config.TryGetProperty("trainable", out _) && GraphFunctions.Knows(ClassPath(layer.ClassName)));
        if (isFunction)
        {
            KerasOperations.Build(layer, options);
            return;
        }
        if (config.ValueKind == JsonValueKind.Object && config.TryGetProperty("dtype", out JsonElement dtype) && dtype.ValueKind == JsonValueKind.Object &&
            dtype.TryGetProperty("class_name", out JsonElement policy) && policy.ToString().StartsWith("Quantized", StringComparison.Ordinal))
        {
            throw new ShapeException("quantized weights are not supported");
        }
        bool isKeras = module.StartsWith("keras", StringComparison.Ordinal) || module.StartsWith("tf_keras", StringComparison.Ordinal) || module.StartsWith("tensorflow.", StringComparison.Ordinal);
        bool custom = !isKeras || (registered.Contains('>') && !module.Contains(".applications.", StringComparison.Ordinal));
        if (custom || !LayerTable.Find(layer.ClassName, out Action<KerasLayer, LayerConfig>? build))
        {
            throw new ShapeException(layer.ClassName is "Lambda"
                ? "Python code in a file is never executed"
                : custom || m.ValueKind == JsonValueKind.Null ? "it is a class of the model's author, whose code is not in the file"
                : "there is no such layer; it may be a class of the model's author, whose code is not in the file");
        }
        build(layer, options);
        options.RequireAllRead();
    }

    private string NameOf(JsonElement serialized, JsonElement config, string className)
    {
        if (serialized.TryGetProperty("name", out JsonElement own) && own.ValueKind == JsonValueKind.String)
        {
            return own.GetString()!;
        }
        return config.ValueKind == JsonValueKind.Object && config.TryGetProperty("name", out JsonElement name) && name.ValueKind == JsonValueKind.String
            ? name.GetString()! : $"{ClassPath(className)}_{++_unnamed}";
    }

    private static string Names(string[] layers) => layers.Length <= 3
        ? $"layer {string.Join(", ", layers.Select(l => $"'{l}'"))}" : $"layer '{layers[0]}' and {layers.Length - 1} more";

    private static bool IsTrainable(JsonElement config) =>
        config.ValueKind != JsonValueKind.Object || !config.TryGetProperty("trainable", out JsonElement trainable) || trainable.ValueKind != JsonValueKind.False;

    /// <summary>A class name as Keras makes it part of a path: <c>SeparableConv2D</c> is <c>separable_conv2d</c>.</summary>
    public static string ClassPath(string className)
    {
        // re.sub("(.)([A-Z][a-z]+)", …), then re.sub("([a-z])([A-Z])", …); spelled out, because a regular expression costs a cold start 30 ms.
        string plain = string.Concat(className.Where(c => char.IsLetterOrDigit(c) || c == '_'));
        var words = new System.Text.StringBuilder();
        for (int i = 0; i < plain.Length; i++)
        {
            words.Append(plain[i]);
            if (i + 2 < plain.Length && char.IsAsciiLetterUpper(plain[i + 1]) && char.IsAsciiLetterLower(plain[i + 2]))
            {
                words.Append('_').Append(plain[++i]);
                while (i + 1 < plain.Length && char.IsAsciiLetterLower(plain[i + 1]))
                {
                    words.Append(plain[++i]);
                }
            }
        }
        for (int i = words.Length - 1; i > 0; i--)
        {
            if (char.IsAsciiLetterUpper(words[i]) && char.IsAsciiLetterLower(words[i - 1]))
            {
                words.Insert(i, '_');
            }
        }
        return words.ToString().ToLowerInvariant();
    }
}
