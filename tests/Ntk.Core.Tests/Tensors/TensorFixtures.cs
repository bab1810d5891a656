namespace Ntk.Core.Tests.Tensors;

/// <summary>Where the files that NumPy wrote lie, and a folder for those that a test writes.</summary>
internal sealed class TensorFixtures : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ntk-");

    /// <summary>The path of a file in tests/fixtures/tensors.</summary>
    public static string Path(string name) => Repository.Fixture("tensors", name);

    /// <summary>A path in a folder of the test's own.</summary>
    public string New(string name) => System.IO.Path.Combine(_folder.FullName, name);

    /// <summary>What the folder holds.</summary>
    public string[] Files => [.. Directory.GetFiles(_folder.FullName).Select(f => System.IO.Path.GetFileName(f)).Order()];

    /// <summary>A file with the given text.</summary>
    public string Write(string name, string text)
    {
        File.WriteAllText(New(name), text);
        return New(name);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
