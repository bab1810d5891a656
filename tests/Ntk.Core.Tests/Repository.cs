namespace Ntk.Core.Tests;

/// <summary>Where the repository lies that the tests were built in.</summary>
internal static class Repository
{
    /// <summary>The folder that holds Ntk.sln.</summary>
    public static string Root { get; } = Find();

    /// <summary>A path below tests/fixtures.</summary>
    public static string Fixture(params string[] parts) => Path.Combine([Root, "tests", "fixtures", .. parts]);

    private static string Find()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Ntk.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return folder ?? throw new InvalidOperationException($"No folder above '{AppContext.BaseDirectory}' holds Ntk.sln.");
    }
}
