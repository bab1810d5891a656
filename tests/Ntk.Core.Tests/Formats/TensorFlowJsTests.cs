using System.Text.Json;
using System.Text.Json.Nodes;
using Ntk.Core.Formats;
using Ntk.Core.Formats.Protos;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using Xunit;

namespace Ntk.Core.Tests.Formats;

/// <summary>TensorFlow.js models against TensorFlow.js, and against the same models in other formats.</summary>
public sealed class TensorFlowJsTests : IDisposable
{
    private readonly GraphFixtures _fixtures = new();

    public static TheoryData<string> Cases => new(TensorFlowJsFixture.Names);

    public static TheoryData<string> FrozenGraphs => new("keras2/frozen_graph/frozen.pb", "graphs/frozen/graph.pb", "graphs/frozen_loop/graph.pb");

    // The weights of layers that share a name share it too, which the format cannot hold.
    private const string NamedTwice = "keras/keras2/g_shared_across/model.h5";

    public static TheoryData<string> KerasFiles => new(new[] { "keras2", "keras/keras2" }.SelectMany(d => Directory.GetFiles(Repository.Fixture(d), "model.h5", SearchOption.AllDirectories))
        .Select(f => Path.GetRelativePath(Repository.Fixture(), f).Replace('\\', '/')).Where(f => f != NamedTwice).Order(StringComparer.Ordinal));

    public void Dispose() => _fixtures.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void OutputsAndKernelsAreTensorFlowJs(string name)
    {
        NtkModel model = NtkEngine.Import(TensorFlowJsFixture.PathOf(name));
        JsonElement reference = TensorFlowJsFixture.Reference(name);
        NtkTensor[] x = model.Inputs.Select(i => TensorFlowJsFixture.Tensor(reference.GetProperty("inputs").GetProperty(i.Name))).ToArray();
        foreach (NtkTensor y in NtkEngine.Run(model, x, new RunOptions()))
        {
            GraphFixtures.AssertClose(TensorFlowJsFixture.Tensor(reference.GetProperty("outputs").GetProperty(y.Name!)), y, 1e-5);
        }
        if (reference.TryGetProperty("parameters", out JsonElement parameters))
        {
            Assert.Equal(parameters.EnumerateArray().Select(p => p.GetString()).Order(), model.Parameters.Select(p => p.Name).Order());
        }
        foreach (NtkPrecision precision in new[] { NtkPrecision.Single, NtkPrecision.Double })
        {
            NtkTensor kernel = NtkEngine.EmpiricalNtk(model, x, null, new KernelOptions { Precision = precision })[0];
            GraphFixtures.AssertClose(TensorFlowJsFixture.Tensor(reference.GetProperty("kernel")), kernel, 1e-4);
        }
    }

    [Theory]
    [MemberData(nameof(FrozenGraphs))]
    public void AFrozenGraphInTheFormatIsTheSameModel(string file)
    {
        string path = Repository.Fixture(file);
        TensorFlowJsFixture.Convert(GraphDef.Parser.ParseFrom(File.ReadAllBytes(path)), _fixtures.New("model"));
        NtkModel original = NtkEngine.Import(path), converted = NtkEngine.Import(_fixtures.New("model"));
        Assert.Equal("TfjsGraphModel", converted.Format);
        Assert.Equal(original.Parameters.Select(p => p.Name), converted.Parameters.Select(p => p.Name));
        AssertSame(original, converted);
    }

    [Theory]
    [MemberData(nameof(KerasFiles))]
    public void AKerasFileInTheFormatIsTheSameModel(string file)
    {
        string path = Repository.Fixture(file);
        TensorFlowJsFixture.Convert(path, _fixtures.New("model"));
        NtkModel original = NtkEngine.Import(path), converted = NtkEngine.Import(Path.Combine(_fixtures.New("model"), "model.json"));
        Assert.Equal("TfjsLayersModel", converted.Format);
        Assert.Equal(original.Parameters.Select(p => (p.Name, p.Trainable)), converted.Parameters.Select(p => (p.Name, p.Trainable)));
        foreach ((NtkParameter a, NtkParameter b) in original.Parameters.Zip(converted.Parameters))
        {
            Assert.Equal(a.Value, b.DType == a.DType ? b.Value : b.Value!.AsType(a.DType));
        }
    }

    [Fact]
    public void SignaturesAreReadFromBothPlaces()
    {
        Assert.Equal("image", Assert.Single(NtkEngine.Import(TensorFlowJsFixture.PathOf("fused")).Inputs).Name);
        Assert.Equal([-1, 3], Assert.Single(NtkEngine.Import(TensorFlowJsFixture.PathOf("fused")).Outputs).Shape!);
        Assert.Equal("y", Assert.Single(NtkEngine.Import(TensorFlowJsFixture.PathOf("control")).Outputs).Name);
    }

    [Fact]
    public void AnInputHasItsPlaceholdersSizesNotThoseOfOneCall()
    {
        string folder = Copy("fused"), path = Path.Combine(folder, "model.json"), text = File.ReadAllText(path);
        int signature = text.IndexOf("\"image:0\"", StringComparison.Ordinal), batch = text.IndexOf("\"-1\"", signature, StringComparison.Ordinal);
        File.WriteAllText(path, text[..batch] + "\"7\"" + text[(batch + 4)..]);
        Assert.Equal([-1, 6, 6, 2], Assert.Single(NtkEngine.Import(folder).Inputs).Shape!);
    }

    [Fact]
    public void OutputsCanBeChosenByTheirPublicNames()
    {
        string folder = Copy("control"), path = Path.Combine(folder, "model.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("{\"y\":{\"name\":\"y:0\"}}", "{\"result\":{\"name\":\"y:0\"}}", StringComparison.Ordinal));
        Assert.Equal(["result", "exit"], NtkEngine.Import(folder, new ImportOptions { OutputTensors = ["result", "exit"] }).Outputs.Select(o => o.Name));
    }

    [Theory]
    [InlineData("group1-shard2of3.bin", false, NtkErrorId.VariablesMissing)]
    [InlineData("group1-shard3of3.bin", true, NtkErrorId.FileCorrupt)]
    public void AShardThatIsMissingOrTruncatedIsNamedWithItsWeight(string shard, bool truncate, string id)
    {
        string folder = Copy("fused"), path = Path.Combine(folder, shard);
        byte[] bytes = File.ReadAllBytes(path);
        File.Delete(path);
        if (truncate)
        {
            File.WriteAllBytes(path, bytes[..^1]);
        }
        NtkException error = Assert.Throws<NtkException>(() => NtkEngine.Import(folder));
        Assert.Equal(id, error.ErrorId);
        Assert.Contains(shard, error.Message, StringComparison.Ordinal);
        Assert.Contains(truncate ? "'last/b'" : "'conv/w'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AShardThatIsTooLongIsOfAnotherModel()
    {
        string folder = Copy("fused"), path = Path.Combine(folder, "group1-shard3of3.bin");
        File.AppendAllText(path, "x");
        AssertError(folder, NtkErrorId.FileCorrupt, "do not belong together");
    }

    [Theory]
    [InlineData("{\"modelTopology\":", NtkErrorId.FileCorrupt, "truncated")]
    [InlineData("{\"a\":1}", NtkErrorId.FormatNotRecognized, "no TensorFlow.js model")]
    [InlineData("[]", NtkErrorId.FormatNotRecognized, "no TensorFlow.js model")]
    [InlineData("{\"class_name\":\"Sequential\",\"config\":[]}", NtkErrorId.FormatNotRecognized, "without its weights")]
    [InlineData("{\"modelTopology\":{\"node\":[]},\"weightsManifest\":[]}", NtkErrorId.FileCorrupt, "without nodes")]
    [InlineData("{\"modelTopology\":{\"node\":[{\"name\":\"a\",\"op\":\"Const\"}]},\"weightsManifest\":[]}", NtkErrorId.VariablesMissing, "'a'")]
    [InlineData("{\"modelTopology\":{\"node\":[{\"name\":7}]},\"weightsManifest\":[]}", NtkErrorId.FileCorrupt, "modelTopology")]
    [InlineData("{\"modelTopology\":{\"node\":[{\"name\":\"a\"}]}}", NtkErrorId.FileCorrupt, "weightsManifest")]
    [InlineData("{\"modelTopology\":{\"node\":[{\"name\":\"a\"}]},\"weightsManifest\":[{\"paths\":[\"../b\"],\"weights\":[]}]}", NtkErrorId.FileCorrupt, "outside its folder")]
    [InlineData("{\"modelTopology\":{\"node\":[{\"name\":\"a\"}]},\"weightsManifest\":[{\"paths\":[],\"weights\":[{\"name\":\"w\",\"shape\":[1],\"dtype\":\"float8\"}]}]}", NtkErrorId.FileCorrupt, "'w'")]
    [InlineData("{\"modelTopology\":{\"node\":[{\"name\":\"a\"}]},\"weightsManifest\":[{\"paths\":[],\"weights\":[{\"name\":\"w\",\"shape\":[1],\"dtype\":\"float32\"}]}]}", NtkErrorId.FileCorrupt, "'w'")]
    [InlineData("{\"modelTopology\":{\"node\":[{\"name\":\"a\"}]},\"weightsManifest\":{}}", NtkErrorId.FileCorrupt, "damaged")]
    public void JsonThatIsNoModelIsAnErrorThatSaysWhy(string json, string id, string part)
    {
        File.WriteAllText(_fixtures.New("model.json"), json);
        AssertError(_fixtures.New("model.json"), id, part);
    }

    [Theory]
    [InlineData("dtype", "float8")]
    [InlineData("scale", null)]
    public void AQuantisationThatTheFormatDoesNotHaveIsNamedWithItsWeight(string member, string? value)
    {
        string folder = Copy("fused"), path = Path.Combine(folder, "model.json");
        JsonNode model = JsonNode.Parse(File.ReadAllText(path))!;
        JsonObject quantization = model["weightsManifest"]![0]!["weights"]!.AsArray().First(w => (string?)w!["name"] == "dense/w")!["quantization"]!.AsObject();
        quantization.Remove(member);
        if (value is not null)
        {
            quantization[member] = value;
        }
        File.WriteAllText(path, model.ToJsonString());
        AssertError(folder, NtkErrorId.FileCorrupt, "'dense/w'");
    }

    [Fact]
    public void AVariableWithoutAWeightIsNamed()
    {
        string folder = Copy("sequential"), path = Path.Combine(folder, "model.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("dense_Dense1/bias", "other/bias", StringComparison.Ordinal));
        AssertError(folder, NtkErrorId.VariablesMissing, "dense_Dense1/bias");
    }

    [Fact]
    public void AWeightThatIsListedTwiceIsNamed()
    {
        TensorFlowJsFixture.Convert(Repository.Fixture(NamedTwice), _fixtures.New("model"));
        AssertError(_fixtures.New("model"), NtkErrorId.FileCorrupt, "'dense/kernel' twice");
    }

    private static void AssertSame(NtkModel one, NtkModel two)
    {
        NtkTensorSpec input = Assert.Single(one.Inputs);
        var random = new Random(3);
        NtkTensor x = GraphFixtures.Tensor(input.Shape!.Select(d => d < 0 ? 2 : d).ToArray(), _ => (float)random.NextDouble() - 0.5f);
        GraphFixtures.AssertClose(NtkEngine.Run(one, [x], new RunOptions())[0], NtkEngine.Run(two, [x], new RunOptions())[0], 0);
        GraphFixtures.AssertClose(NtkEngine.EmpiricalNtk(one, [x], null, new KernelOptions())[0], NtkEngine.EmpiricalNtk(two, [x], null, new KernelOptions())[0], 1e-7);
    }

    private static void AssertError(string path, string id, string part)
    {
        NtkException error = Assert.Throws<NtkException>(() => NtkEngine.Import(path));
        Assert.Equal(id, error.ErrorId);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.Contains("model.json", error.Message, StringComparison.Ordinal);
    }

    private string Copy(string name)
    {
        Directory.CreateDirectory(_fixtures.New(name));
        foreach (string file in Directory.GetFiles(TensorFlowJsFixture.PathOf(name)))
        {
            File.Copy(file, Path.Combine(_fixtures.New(name), Path.GetFileName(file)));
        }
        return _fixtures.New(name);
    }
}
