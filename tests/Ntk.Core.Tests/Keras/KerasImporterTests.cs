using System.IO.Compression;
using Ntk.Core.Formats;
using Ntk.Core.Formats.Keras;
using Xunit;

namespace Ntk.Core.Tests.Keras;

/// <summary>What the importer says of files that it cannot take.</summary>
public sealed class KerasImporterTests : IDisposable
{
    private const string Archive = "keras3/lstm_init/model.keras", Hdf5 = "keras2/bi_diff/model.h5";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ntk-keras-");

    [Theory]
    [InlineData(Archive, 0.1)]
    [InlineData(Archive, 0.5)]
    [InlineData(Archive, 0.95)]
    [InlineData(Hdf5, 0.1)]
    [InlineData(Hdf5, 0.5)]
    [InlineData(Hdf5, 0.95)]
    public void TruncatedFileIsCorrupt(string name, double part)
    {
        byte[] whole = File.ReadAllBytes(Path.Combine(KerasFixture.Root, name));
        NtkException error = Refused(Write("cut" + Path.GetExtension(name), whole[..(int)(whole.Length * part)]));
        Assert.Equal(NtkErrorId.FileCorrupt, error.ErrorId);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public void AMissingEndIsNoticedBeforeItsWeightsAreRead(int missing)
    {
        byte[] content = File.ReadAllBytes(Path.Combine(KerasFixture.Root, Hdf5));
        NtkException error = Refused(Write("cut.h5", content[..^missing]));
        Assert.Equal(NtkErrorId.FileCorrupt, error.ErrorId);
        Assert.Contains($"ends after {content.Length - missing} of {content.Length} bytes", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { }, NtkErrorId.FormatNotRecognized)]
    [InlineData(new byte[] { 1, 2, 3, 4, 5, 6, 7, 8 }, NtkErrorId.FormatNotRecognized)]
    [InlineData(new byte[] { 0x50, 0x4b, 3, 4, 9, 9, 9, 9 }, NtkErrorId.FileCorrupt)]
    [InlineData(new byte[] { 0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 9, 9 }, NtkErrorId.FileCorrupt)]
    public void ForeignBytesAreRefused(byte[] content, string errorId) => Assert.Equal(errorId, Refused(Write("x.keras", content)).ErrorId);

    [Theory]
    [InlineData(Archive)]
    [InlineData(Hdf5)]
    public void DamagedBytesNeverEscapeAsAnotherError(string name)
    {
        byte[] whole = File.ReadAllBytes(Path.Combine(KerasFixture.Root, name));
        var random = new Random(7);
        for (int attempt = 0; attempt < 60; attempt++)
        {
            var damaged = (byte[])whole.Clone();
            for (int i = 0; i < 40; i++)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }
            string path = Write($"damaged{attempt}{Path.GetExtension(name)}", damaged);
            try
            {
                KerasImporter.Import(path, new ImportOptions());
            }
            catch (NtkException error)
            {
                Assert.Contains(path, error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void MissingFileIsNamed() => Assert.Equal(NtkErrorId.PathNotFound, Refused(Path.Combine(_folder.FullName, "none.keras")).ErrorId);

    [Fact]
    public void ArchiveWithoutConfigIsCorrupt() =>
        Assert.Contains("config.json", Refused(Zip("empty.keras", null)).Message, StringComparison.Ordinal);

    [Fact]
    public void AllObstaclesAreListedAtOnce()
    {
        const string Config = """
            {"module": "keras", "class_name": "Sequential", "registered_name": null, "config": {"name": "s", "layers": [
              {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "dtype": "float32", "name": "i"}},
              {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "secret", "function": {"class_name": "__lambda__", "config": {}}}},
              {"module": "mine", "class_name": "Fancy", "registered_name": "mine>Fancy", "config": {"name": "fancy_1"}},
              {"module": "keras.layers", "class_name": "StringLookup", "config": {"name": "words"}},
              {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "my_activation"}},
              {"module": "keras.layers", "class_name": "Dense", "config": {"name": "e", "units": 2, "unheard_of": 3}}]}}
            """;
        NtkException error = Refused(Zip("obstacles.keras", Config));
        Assert.Equal(NtkErrorId.UnsupportedModel, error.ErrorId);
        foreach (string part in (string[])["secret", "never executed", "fancy_1", "words", "my_activation", "unheard_of", "SavedModel"])
        {
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void SubclassedModelIsRefused()
    {
        NtkException error = Refused(Zip("sub.keras", """{"module": "net", "class_name": "Net", "registered_name": "Net", "config": {}}"""));
        Assert.Equal(NtkErrorId.UnsupportedModel, error.ErrorId);
        Assert.Contains("SavedModel", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GraphOptionsAreRefused() => Assert.Equal(NtkErrorId.InvalidArgument,
        Assert.Throws<NtkException>(() => KerasImporter.Import(Path.Combine(KerasFixture.Root, Archive), new ImportOptions { OutputTensors = ["x"] })).ErrorId);

    [Fact]
    public void MissingWeightsAreNamed()
    {
        const string Config = """
            {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
              {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "dtype": "float32", "name": "i"}},
              {"module": "keras.layers", "class_name": "Dense", "config": {"name": "absent", "units": 2}}]}}
            """;
        NtkException error = Refused(Zip("weights.keras", Config));
        Assert.Equal(NtkErrorId.VariablesMissing, error.ErrorId);
        Assert.Contains("absent/kernel", error.Message, StringComparison.Ordinal);
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Delete(recursive: true);

    private static NtkException Refused(string path)
    {
        NtkException error = Assert.Throws<NtkException>(() => KerasImporter.Import(path, new ImportOptions()));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        return error;
    }

    private string Write(string name, byte[] content)
    {
        string path = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    // An archive with another config and the weights of a case.
    private string Zip(string name, string? config)
    {
        string path = Path.Combine(_folder.FullName, name);
        using ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create), source = ZipFile.OpenRead(Path.Combine(KerasFixture.Root, Archive));
        foreach (ZipArchiveEntry entry in source.Entries.Where(e => e.FullName != "config.json"))
        {
            using Stream from = entry.Open(), to = archive.CreateEntry(entry.FullName).Open();
            from.CopyTo(to);
        }
        if (config is not null)
        {
            using var writer = new StreamWriter(archive.CreateEntry("config.json").Open());
            writer.Write(config);
        }
        return path;
    }
}
