using System.Diagnostics;
using Xunit;

namespace Ntk.Core.Tests;

/// <summary>The shell that the build made, run as a user runs it.</summary>
internal static class ShellProcess
{
    /// <summary>The repository's root.</summary>
    public static string Root => Repository.Root;

    /// <summary>Runs the shell, or another <paramref name="executable"/>, to its end; standard input is <paramref name="input"/>, or empty.</summary>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(string[] arguments, string input = "", (string Name, string Value)? environment = null, string? executable = null)
    {
        var start = new ProcessStartInfo(executable ?? Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            WorkingDirectory = Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (environment is var (name, value))
        {
            start.Environment[name] = value;
        }
        if (executable is null)
        {
            start.ArgumentList.Add(Path.Combine("out", "shell", "NtkPs.Shell.dll"));
        }
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using Process shell = Process.Start(start)!;
        try
        {
            CancellationToken cancellation = TestContext.Current.CancellationToken;
            Task<string> output = shell.StandardOutput.ReadToEndAsync(cancellation);
            Task<string> error = shell.StandardError.ReadToEndAsync(cancellation);
            await shell.StandardInput.WriteAsync(input);
            shell.StandardInput.Close();
            await shell.WaitForExitAsync(cancellation);
            return (shell.ExitCode, await output, await error);
        }
        finally
        {
            if (!shell.HasExited)
            {
                shell.Kill(entireProcessTree: true);
            }
        }
    }
}
