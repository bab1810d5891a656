using Google.Protobuf;
using Ntk.Core.Formats;
using Ntk.Core.Formats.Protos;
using Xunit;
using static Ntk.Core.Tests.Formats.GraphFixtures;

namespace Ntk.Core.Tests.Formats;

/// <summary>Every bad file gives one error that names it.</summary>
public sealed class ImportErrorTests : IDisposable
{
    private readonly GraphFixtures _fixtures = new();

    public void Dispose() => _fixtures.Dispose();

    private static NtkException Error(string path, ImportOptions? options = null) => Assert.Throws<NtkException>(() => ModelImporter.Import(path, options));

    private static void AssertError(string id, string path, string part, ImportOptions? options = null)
    {
        NtkException error = Error(path, options);
        Assert.Equal(id, error.ErrorId);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingPathIsNamed() => AssertError(NtkErrorId.PathNotFound, _fixtures.New("nothing"), "nothing");

    [Fact]
    public void AFolderWithoutAModelIsNoSavedModel()
    {
        Directory.CreateDirectory(_fixtures.New("empty"));
        AssertError(NtkErrorId.FormatNotRecognized, _fixtures.New("empty"), "saved_model.pb");
    }

    [Theory]
    [InlineData("a.pb", NtkErrorId.FileCorrupt)]
    [InlineData("a.keras", NtkErrorId.FileCorrupt)]
    [InlineData("a.h5", NtkErrorId.FileCorrupt)]
    [InlineData("a.txt", NtkErrorId.FormatNotRecognized)]
    public void RandomBytesAreNoModel(string name, string id)
    {
        var random = new Random(5);
        for (int length = 0; length < 2000; length += 271)
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            if (length > 0)
            {
                bytes[0] |= 0x80;
            }
            File.WriteAllBytes(_fixtures.New(name), bytes);
            AssertError(id, _fixtures.New(name), name);
        }
    }

    [Theory]
    [InlineData("saved_model.pb")]
    [InlineData("variables/variables.index")]
    [InlineData("variables/variables.data-00000-of-00001")]
    public void ATruncatedFileIsNamed(string file)
    {
        string folder = _fixtures.Copy("tied_module"), path = Path.Combine(folder, file);
        byte[] bytes = File.ReadAllBytes(path);
        foreach (int length in new[] { 1, bytes.Length / 2, bytes.Length - 1 })
        {
            File.WriteAllBytes(path, bytes[..length]);
            AssertError(NtkErrorId.FileCorrupt, folder, Path.GetFileName(file));
        }
    }

    [Theory]
    [InlineData("variables/variables.index")]
    [InlineData("variables/variables.data-00000-of-00001")]
    public void MissingVariablesAreNamed(string file)
    {
        string folder = _fixtures.Copy("tied_module");
        File.Delete(Path.Combine(folder, file));
        AssertError(NtkErrorId.VariablesMissing, folder, Path.GetFileName(file));
    }

    [Fact]
    public void AnUnknownFunctionListsTheOthers() => AssertError(NtkErrorId.SignatureNotFound, PathOf("unsigned_module"), "'embed', 'similarity', 'first.__call__'", new ImportOptions { Signature = "none" });

    [Fact]
    public void AnUnknownSignatureListsTheOthers() => AssertError(NtkErrorId.SignatureNotFound, PathOf("tf1_res"), "'other'", new ImportOptions { Signature = "none" });

    [Fact]
    public void AnUnknownTensorSuggestsOthers() =>
        AssertError(NtkErrorId.TensorNotFound, PathOf("mlp_module"), "MatMul", new ImportOptions { OutputTensors = ["nowhere/MatMul_9"] });

    [Fact]
    public void AnUnknownParameterInputListsTheInputs() => AssertError(NtkErrorId.TensorNotFound, PathOf("tied_module"), "x", new ImportOptions { ParameterInputs = ["params"] });

    [Fact]
    public void UnsupportedOpsAreListedAtOnce()
    {
        string path = _fixtures.Write(new GraphDef
        {
            Node =
            {
                Placeholder("x"), Node("first", "NonMaxSuppressionV9", ["x"]), Node("second", "NonMaxSuppressionV9", ["first"]), Node("table", "LookupTableFindV2", ["second"]),
                Node("y", "Relu", ["table"]),
            },
        });
        NtkException error = Error(path);
        Assert.Equal(NtkErrorId.UnsupportedModel, error.ErrorId);
        Assert.Contains("NonMaxSuppressionV9 (at 'first', 2 times)", error.Message, StringComparison.Ordinal);
        Assert.Contains("LookupTableFindV2 (at 'table')", error.Message, StringComparison.Ordinal);
        Assert.Contains("-InputTensor", error.Message, StringComparison.Ordinal);
        Assert.Equal("y", Assert.Single(ModelImporter.Import(path, new ImportOptions { InputTensors = ["table"] }).Outputs).Name);
    }

    [Fact]
    public void AnInputThatIsNotDefinedIsADamagedGraph() =>
        AssertError(NtkErrorId.FileCorrupt, _fixtures.Write(new GraphDef { Node = { Node("y", "Relu", ["x"]) } }), "'x'");

    [Fact]
    public void AGraphWithoutNodesIsNone()
    {
        File.WriteAllBytes(_fixtures.New("a.pb"), new GraphDef { Library = new FunctionDefLibrary { Function = { new FunctionDef() } } }.ToByteArray());
        AssertError(NtkErrorId.FileCorrupt, _fixtures.New("a.pb"), "no nodes");
    }
}
