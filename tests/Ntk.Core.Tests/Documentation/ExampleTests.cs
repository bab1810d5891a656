using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace Ntk.Core.Tests.Documentation;

/// <summary>
/// Runs every example of the help, the README and the documents, each page in a folder of its own with the files they speak of, and compares what is printed.
/// NTK_POWERSHELL names another PowerShell to run them in (pwsh); without it the shell runs those that core commands suffice for.
/// </summary>
public sealed partial class ExampleTests : IDisposable
{
    private static readonly string? s_powerShell = Environment.GetEnvironmentVariable("NTK_POWERSHELL");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ntk-examples-");

    public void Dispose() => _folder.Delete(recursive: true);

    public static TheoryData<string> Pages() =>
        [.. new[] { "docs/en-US", "docs" }.SelectMany(folder => Directory.GetFiles(Path.Combine(Repository.Root, folder), "*.md"))
            .Select(file => Path.GetRelativePath(Repository.Root, file)).Append("README.md").Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Prints_what_the_page_says(string page)
    {
        IReadOnlyList<MarkdownExample> examples = MarkdownExamples.Read(await File.ReadAllTextAsync(Path.Combine(Repository.Root, page)));
        // The examples of a cmdlet stand alone; a document's build on each other, so that what follows a skipped one may lack something.
        bool alone = Path.GetFileName(page).Contains('-', StringComparison.Ordinal) && page.Contains("en-US", StringComparison.Ordinal);
        MarkdownExample[] run = [.. examples.Where(example => s_powerShell is not null || !OtherCommands().IsMatch(example.Code))];
        if (run.Length == 0)
        {
            return;
        }
        PrepareFolder();

        string[] printed = await Run([.. run.Select(example => example.Code)], alone ? "&" : ".");

        for (int i = 0; i < run.Length; i++)
        {
            string? difference = run[i].Output is { } expected ? MarkdownExamples.Difference(expected, printed[i]) : ErrorLine().Match(printed[i]) is { Success: true } error ? error.Value : null;
            Assert.True(difference is null, $"{page}: {run[i].Title}\n{run[i].Code}\n{difference}\nAll that was printed:\n{printed[i]}");
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{run.Length} run, {examples.Count - run.Length} need commands that the shell lacks");
    }

    /// <summary>What each of the examples prints, run in one process.</summary>
    private async Task<string[]> Run(IReadOnlyList<string> examples, string call)
    {
        var script = new StringBuilder($"$PSStyle.OutputRendering = 'PlainText'\nImport-Module '{Path.Combine(Repository.Root, "out", "Ntk")}'\n");
        foreach (string code in examples)
        {
            script.Append($"{call} {{ $ErrorActionPreference = 'Stop'\ntry {{\n{code}\n}} catch {{ \"ERROR: $_\" }} }} | Out-Default\n'{Separator}' | Out-Default\n");
        }
        string file = Path.Combine(_folder.FullName, "examples.ps1");
        await File.WriteAllTextAsync(file, script.ToString(), TestContext.Current.CancellationToken);
        string[] arguments = ["-NonInteractive", "-WorkingDirectory", _folder.FullName, "-File", file];
        (int exitCode, string output, string error) = await ShellProcess.RunAsync(arguments, executable: s_powerShell);
        string[] printed = output.Split(Separator);
        Assert.True(exitCode == 0 && error.Length == 0 && printed.Length == examples.Count + 1, $"Exit code {exitCode}\n{error}{output}");
        return printed;
    }

    /// <summary>The files that the examples speak of; about_Ntk says which they are.</summary>
    private void PrepareFolder()
    {
        string digits = Path.Combine(Repository.Root, "samples", "digits");
        Copy(Path.Combine(digits, "data.npz"), "digits.npz");
        Copy(Path.Combine(digits, "untrained.keras"), "untrained.keras");
        Copy(Path.Combine(digits, "saved_model"), "trained");
        Copy(digits, "samples/digits");
        Copy(Path.Combine(Repository.Root, "tests", "fixtures", "images"), "images");
        Copy(Repository.Fixture("keras2", "two_inputs", "model.keras"), "two_inputs.keras");
        Copy(Repository.Fixture("keras2", "two_outputs", "model.keras"), "two_outputs.keras");
        Copy(Repository.Fixture("keras2", "frozen_graph", "frozen.pb"), "frozen.pb");
        Copy(Repository.Fixture("keras2", "function_f1", "saved_model"), "function");
    }

    private void Copy(string source, string name)
    {
        string target = Path.Combine(_folder.FullName, name);
        if (File.Exists(source))
        {
            File.Copy(source, target);
            return;
        }
        foreach (string file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    private const string Separator = "--- end of example ---";

    [GeneratedRegex(@"^ERROR: .*$", RegexOptions.Multiline)]
    private static partial Regex ErrorLine();

    // PowerShell's own commands outside its core module, which the shell lacks.
    [GeneratedRegex(@"\b(Export-Csv|Import-Csv|ConvertTo-(Csv|Json|Html)|(Get|Set|Add)-Content|(Select|Sort|Group|Measure|Tee|Compare)-Object|Format-(Table|List|Wide)|Out-(String|File|GridView)|Get-(ChildItem|Item|Date|Random)|(New|Remove|Copy|Move)-Item|Write-(Host|Output|Warning)|Measure-Command|Set-Location|(Join|Test|Split|Resolve)-Path|(Export|Import)-Clixml|Invoke-Item|Start-Job|(Install|Find)-PSResource|Register-PSResourceRepository)\b")]
    private static partial Regex OtherCommands();
}
