using Xunit;

namespace Ntk.Core.Tests;

/// <summary>Runs the Pester tests in the shell: one test here for each of their files.</summary>
public class PesterTests
{
    public static TheoryData<string> Files() =>
        [.. Directory.GetFiles(Path.Combine(ShellProcess.Root, "tests", "pester"), "*.Tests.ps1", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(ShellProcess.Root, file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Passes(string file)
    {
        (int exitCode, string output, string error) = await ShellProcess.RunAsync(["-NonInteractive", "-File", "tests/pester/Invoke-Tests.ps1", "-Path", file]);

        Assert.True(exitCode == 0 && output.Contains(" 0 failed", StringComparison.Ordinal), $"{file}\n{output}{error}");
        TestContext.Current.TestOutputHelper?.WriteLine(output);
    }
}
