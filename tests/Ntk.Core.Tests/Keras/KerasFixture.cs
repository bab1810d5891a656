using System.Text.Json;
using Ntk.Core.Formats;
using Ntk.Core.Formats.Keras;
using Ntk.Core.Tensors;

namespace Ntk.Core.Tests.Keras;

/// <summary>A model file in tests/fixtures/keras, with inputs and the outputs that Keras itself gave.</summary>
internal sealed class KerasFixture : IDisposable
{
    private readonly NpzFile _data;
    private readonly JsonElement _info;
    private readonly string _folder;

    /// <summary>Opens a case, such as <c>keras3/lstm_init/model.keras</c>.</summary>
    public KerasFixture(string name)
    {
        string path = System.IO.Path.Combine(Root, name);
        _folder = System.IO.Path.GetDirectoryName(path)!;
        _data = new NpzFile(System.IO.Path.Combine(_folder, "data.npz"));
        _info = JsonDocument.Parse(File.ReadAllText(System.IO.Path.Combine(_folder, "case.json"))).RootElement;
        Source = KerasImporter.Import(path, new ImportOptions());
        Model = NtkEngine.CreateModel(name, path, Source);
    }

    /// <summary>The folder of all cases.</summary>
    public static string Root => Repository.Fixture("keras");

    /// <summary>Every model file, as a path below <see cref="Root"/>.</summary>
    public static IEnumerable<string> Names => Directory.GetFiles(Root, "model.*", SearchOption.AllDirectories)
        .Select(f => System.IO.Path.GetRelativePath(Root, f).Replace('\\', '/')).Order(StringComparer.Ordinal);

    /// <summary>What was read.</summary>
    public ModelSource Source { get; }

    /// <summary>The model.</summary>
    public NtkModel Model { get; }

    /// <summary>The inputs, in the model's order.</summary>
    public IReadOnlyList<NtkTensor> Inputs => Texts("inputs") is { Length: > 0 } names
        ? InputBinding.ByName(names.ToDictionary(n => n, n => _data.Read($"x1_{n}")), Model.Inputs, "X")
        : InputBinding.InOrder([_data.Read("x1")], Model.Inputs, ordered: true, "X");

    /// <summary>What Keras gave, in the model's order.</summary>
    public IReadOnlyList<NtkTensor> Outputs => Texts("outputs") is { Length: > 0 } names ? names.Select(n => _data.Read($"y1_{n}")).ToArray() : [_data.Read("y1")];

    /// <summary>The floating-point variables as Keras names them, without <c>:0</c>; none where the case does not say.</summary>
    public IReadOnlyList<(string Name, string Shape)> Variables => _info.TryGetProperty("variables", out JsonElement list)
        ? list.EnumerateArray().Where(v => v.GetProperty("dtype").GetString()!.StartsWith("float", StringComparison.Ordinal))
            .Select(v => (v.GetProperty("name").GetString()!.Replace(":0", "", StringComparison.Ordinal), string.Join(",", v.GetProperty("shape").EnumerateArray()))).ToArray()
        : [];

    /// <inheritdoc/>
    public void Dispose() => _data.Dispose();

    private string[] Texts(string key) => _info.TryGetProperty(key, out JsonElement list) ? list.EnumerateArray().Select(e => e.GetString()!).ToArray() : [];
}
