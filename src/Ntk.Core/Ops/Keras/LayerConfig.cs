using System.Text.Json;
using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>
/// The options of one layer as its file states them. Reading an option marks it as understood; <see cref="RequireAllRead"/> then refuses
/// those that nobody asked for, because they may change what the layer computes.
/// </summary>
internal sealed class LayerConfig
{
    // What concerns training, building or bookkeeping only.
    private static readonly HashSet<string> s_withoutMeaning =
    [
        "name", "trainable", "dtype", "dtype_policy", "batch_input_shape", "batch_shape", "input_shape", "input_dtype", "input_dim", "input_length", "seed",
        "activity_regularizer", "implementation", "unroll", "stateful", "sparse", "ragged", "synchronized", "renorm_clipping", "renorm_momentum", "fused", "virtual_batch_size", "momentum",
        "dropout", "recurrent_dropout", "dropout_W", "dropout_U", "init", "inner_init", "forget_bias_init", "beta_init", "gamma_init",
        "use_cudnn", "flash_attention", "sync", "autocast", "zero_debias", "generator", "rng_type", "autocast_dtype", "shared_object_id", "time_major", "parent",
    ];

    private static readonly string[] s_trainingSuffixes = ["_initializer", "_regularizer", "_constraint"];

    private readonly JsonElement _config;
    private readonly HashSet<string> _read = [];

    /// <summary>Reads a layer's <c>config</c> object.</summary>
    public LayerConfig(LayerBuilder builder, KerasLayer layer, JsonElement config)
    {
        Builder = builder;
        Layer = layer;
        _config = config;
    }

    /// <summary>Makes inner layers.</summary>
    public LayerBuilder Builder { get; }

    /// <summary>The layer that is being made.</summary>
    public KerasLayer Layer { get; }

    /// <summary>The major version of the Keras that wrote the file.</summary>
    public int Version => Builder.Version;

    /// <summary>The config as it stands.</summary>
    public JsonElement Whole => _config;

    /// <summary>Whether an option is there and not null.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>An option as it stands; null when absent or null.</summary>
    public JsonElement? Find(string key)
    {
        _read.Add(key);
        return _config.ValueKind == JsonValueKind.Object && _config.TryGetProperty(key, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    /// <summary>The first of several names of an option that is there.</summary>
    public string FirstOf(params string[] keys) => keys.FirstOrDefault(Has) ?? keys[0];

    /// <summary>A yes-or-no option.</summary>
    public bool Flag(string key, bool absent) => Find(key) is { } value ? Truth(value) : absent;

    /// <summary>A whole number.</summary>
    public long Integer(string key, long? absent = null) => Find(key) is { } value ? (long)JsonTree.Number(value) : absent ?? throw Missing(key);

    /// <summary>A number.</summary>
    public double Number(string key, double? absent = null) => Find(key) is { } value ? JsonTree.Number(value) : absent ?? throw Missing(key);

    /// <summary>A text.</summary>
    public string Text(string key, string? absent = null) => Find(key) is { } value
        ? value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new ShapeException($"option '{key}' is {value}, where a text was expected")
        : absent ?? throw Missing(key);

    /// <summary>Whole numbers; a single one is repeated <paramref name="count"/> times.</summary>
    public long[] Integers(string key, int count, params long[] absent)
    {
        if (Find(key) is not { } value)
        {
            return absent.Length == 0 && count > 0 ? throw Missing(key) : absent.Length == count || count == 0 ? absent : Enumerable.Repeat(absent[0], count).ToArray();
        }
        return value.ValueKind == JsonValueKind.Array ? JsonTree.Numbers(value).Select(d => (long)d).ToArray() : Enumerable.Repeat((long)JsonTree.Number(value), Math.Max(1, count)).ToArray();
    }

    /// <summary>A positive whole number for each of <paramref name="count"/> axes: a window, its strides, a factor; a single one holds for all.</summary>
    public long[] Extents(string key, int count, params long[] absent)
    {
        long[] values = Integers(key, count, absent);
        return values.Length == count && values.All(v => v > 0) ? values
            : throw new ShapeException($"option '{key}' is {(Find(key) is { } given ? given : string.Join(", ", values))}, where {(count == 1 ? "a positive whole number is" : $"{count} positive whole numbers are")} expected");
    }

    /// <summary>Numbers, nested lists read row by row.</summary>
    public double[] Numbers(string key) => Find(key) is { } value ? JsonTree.Numbers(value).ToArray() : throw Missing(key);

    /// <summary>Whether channels come first.</summary>
    public bool ChannelsFirst()
    {
        string format = Has("dim_ordering") ? Text("dim_ordering") : Text("data_format", "channels_last");
        return format is "channels_first" or "th";
    }

    /// <summary>An activation by name or, rarely, as a layer of its own.</summary>
    public Func<LayerCall, Value, Value> Activation(string key, string absent = "linear")
    {
        if (Find(key) is not { } value)
        {
            Func<Value, Value> plain = Activations.Find(absent, Version);
            return (_, x) => plain(x);
        }
        string? name = value.ValueKind == JsonValueKind.String ? value.GetString()
            : value.TryGetProperty("class_name", out JsonElement kind) && kind.GetString() is "function" && value.TryGetProperty("config", out JsonElement function) && function.ValueKind == JsonValueKind.String
                ? function.GetString() : null;
        if (name is not null)
        {
            Func<Value, Value> known = Activations.Find(name, Version);
            return (_, x) => known(x);
        }
        KerasLayer layer = Layer.Add(Builder.Build(value, key), key);
        return (call, x) => call.Call(layer, x);
    }

    /// <summary>An inner layer that Keras's versions store under the given attribute names.</summary>
    public KerasLayer Inner(string key, params string[] paths) => Layer.Add(Builder.Build(Find(key) ?? throw Missing(key), key), paths.Length == 0 ? [key] : paths);

    /// <summary>Options that are there and must be what is given, because nothing else is supported.</summary>
    public void Require(string key, bool expected)
    {
        if (Find(key) is { } value && Truth(value) != expected)
        {
            throw new ShapeException($"option '{key}' = {value} is not supported");
        }
    }

    /// <summary>Marks options as understood.</summary>
    public void Ignore(params string[] keys) => _read.UnionWith(keys);

    /// <summary>Marks all options as understood, where none has a meaning at inference.</summary>
    public void IgnoreAll()
    {
        if (_config.ValueKind == JsonValueKind.Object)
        {
            _read.UnionWith(_config.EnumerateObject().Select(o => o.Name));
        }
    }

    /// <summary>Refuses options that nobody looked at.</summary>
    public void RequireAllRead()
    {
        if (_config.ValueKind != JsonValueKind.Object)
        {
            return;
        }
        foreach (JsonProperty option in _config.EnumerateObject())
        {
            bool harmless = option.Value.ValueKind is JsonValueKind.Null or JsonValueKind.False || _read.Contains(option.Name) ||
                s_withoutMeaning.Contains(option.Name) || s_trainingSuffixes.Any(s => option.Name.EndsWith(s, StringComparison.Ordinal));
            if (!harmless)
            {
                throw new ShapeException($"option '{option.Name}' is not known to this version of Ntk");
            }
        }
    }

    private static bool Truth(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => JsonTree.Number(value) != 0,
    };

    private static ShapeException Missing(string key) => new($"option '{key}' is missing");
}
