using Xunit;

namespace Ntk.Core.Tests.Documentation;

/// <summary>The coverage page is what the registries say; NTK_WRITE_COVERAGE=1 writes it.</summary>
public sealed class CoverageTests
{
    private static readonly string s_path = Path.Combine(Repository.Root, "docs", "coverage.md");

    private static CoveragePage Page() => new(File.ReadLines(Path.Combine(Repository.Root, "tests", "Ntk.Core.Tests", "Documentation", "versions.txt")));

    [Fact]
    public void EveryOpAndLayerHasAVersion() => Assert.Empty(Page().Differences());

    [Fact]
    public void ThePageIsUpToDate()
    {
        string page = Page().ToString();
        if (Environment.GetEnvironmentVariable("NTK_WRITE_COVERAGE") is { Length: > 0 })
        {
            File.WriteAllText(s_path, page);
        }
        Assert.True(File.Exists(s_path) && File.ReadAllText(s_path).ReplaceLineEndings("\n") == page, "docs/coverage.md is stale: run this test with NTK_WRITE_COVERAGE=1");
    }
}
