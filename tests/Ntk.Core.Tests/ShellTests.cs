using Xunit;

namespace Ntk.Core.Tests;

/// <summary>The shell's command line, streams and exit codes, which are pwsh's.</summary>
public sealed class ShellTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ntk-shell-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("1 + 1", 0, "2", "")]
    [InlineData("'a'; exit 7", 7, "a", "")]
    [InlineData("throw 'boo'", 1, "", "boo")]
    [InlineData("'a'; No-Such", 1, "a", "No-Such")]
    [InlineData("No-Such; 'a'", 0, "a", "No-Such")]
    [InlineData("if (", 1, "", "ParserError")]
    public async Task Runs_commands(string command, int exitCode, string output, string error)
    {
        var run = await ShellProcess.RunAsync(["-Command", command]);

        Assert.Equal((exitCode, output), (run.ExitCode, run.Output.Trim()));
        Assert.Contains(error, run.Error, StringComparison.Ordinal);
        Assert.Equal(error.Length == 0, run.Error.Length == 0);
    }

    [Theory]
    [InlineData("'x'", 0, "x")]
    [InlineData("exit 3", 3, "")]
    [InlineData("function f { exit 4 }; f; 'never'", 4, "")]
    [InlineData("& dotnet --no-such-option *> $null; 'x'", 0, "x")]
    [InlineData("throw 'boo'", 1, "")]
    [InlineData("if (", 1, "")]
    public async Task Runs_scripts(string script, int exitCode, string output)
    {
        var run = await ShellProcess.RunAsync([Write("script.ps1", script)]);

        Assert.Equal((exitCode, output), (run.ExitCode, run.Output.Trim()));
    }

    [Fact]
    public async Task Binds_a_scripts_arguments()
    {
        string script = Write("script.ps1", "param([string]$Root, [switch]$All, [switch]$None, [int]$Count, [Parameter(ValueFromRemainingArguments)]$Rest) \"$Root $All $None $Count $Rest $PSScriptRoot\"");

        var run = await ShellProcess.RunAsync(["-NoProfile", "-File", script, "-Root", "a b", "-All", "-None:$false", "-Count", "3", "x", "y"]);

        Assert.Equal($"a b True False 3 x y {_folder.FullName}", run.Output.Trim());
    }

    [Fact]
    public async Task Shows_an_uncaught_error_with_its_line()
    {
        var run = await ShellProcess.RunAsync([Write("script.ps1", "'before'\nthrow 'boo'")]);

        Assert.Equal("before", run.Output.Trim());
        Assert.Contains("script.ps1:2", run.Error, StringComparison.Ordinal);
        Assert.Contains("boo", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runs_standard_input() =>
        Assert.Equal((5, "3"), await Output([], "1 + 2\nexit 5\n"));

    [Fact]
    public async Task Passes_standard_input_on_where_it_is_used() =>
        Assert.Equal((0, "2"), await Output(["-Command", "@($input).Count"], "a\nb\n"));

    [Fact]
    public async Task Finds_the_module() =>
        Assert.Equal((0, "Ntk"), await Output(["-Command", "(Get-Module Ntk -ListAvailable).Name"]));

    [Fact]
    public async Task Loads_the_module_where_its_precompiled_code_does_not_fit()
    {
        // As on an older runtime. There the loader checks more, and PowerShell looks at all types before the module can say where the core is.
        var run = await ShellProcess.RunAsync(["-Command", "Import-Module Ntk; (Get-Command -Module Ntk -Name Invoke-EmpiricalNtk).Name"], environment: ("DOTNET_ReadyToRun", "0"));

        Assert.Equal((0, "Invoke-EmpiricalNtk", ""), (run.ExitCode, run.Output.Trim(), run.Error));
    }

    [Fact]
    public async Task Warnings_go_to_standard_output_without_colours() =>
        Assert.Equal((0, "WARNING: careful"), await Output(["-Command", "& { [CmdletBinding()]param() $PSCmdlet.WriteWarning('careful') }"]));

    [Theory]
    [InlineData("no-such-script.ps1")]
    [InlineData("-NoSuchParameter")]
    [InlineData("-File")]
    public async Task Refuses_a_wrong_command_line(string argument)
    {
        var run = await ShellProcess.RunAsync([argument]);

        Assert.Equal(64, run.ExitCode);
        Assert.NotEmpty(run.Error);
    }

    private static async Task<(int ExitCode, string Output)> Output(string[] arguments, string input = "")
    {
        var run = await ShellProcess.RunAsync(arguments, input);
        return (run.ExitCode, run.Output.Trim());
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
