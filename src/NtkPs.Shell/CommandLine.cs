using System.Management.Automation.Runspaces;

namespace NtkPs.Shell;

/// <summary>What the shell was started to do.</summary>
internal enum ShellTask
{
    Interactive,
    File,
    Command,
    StandardInput,
    Help,
    Version,
}

/// <summary>The command line, read as pwsh reads it: names may be shortened, and a first argument without a dash is a script.</summary>
internal sealed record CommandLine(ShellTask Task, string Text = "")
{
    public const string Usage = """
        NtkPs.Shell: a small PowerShell for machines without pwsh, with the Ntk module at hand.

        dotnet NtkPs.Shell.dll                              an interactive prompt (or the commands of standard input)
        dotnet NtkPs.Shell.dll [-File] script.ps1 args...   run a script; -File - reads it from standard input
        dotnet NtkPs.Shell.dll -Command "..."               run commands; -Command - reads them from standard input

          -NonInteractive          fail where a command would ask
          -NoExit                  stay at the prompt afterwards
          -WorkingDirectory path   where to start
          -Version, -Help
          -NoLogo, -NoProfile, -ExecutionPolicy   accepted as pwsh's, without effect

        It has PowerShell's core commands only (Get-Command lists them): no Export-Csv, Get-Content or Write-Host.
        Exit code: that of `exit`; 1 after an uncaught error, or where the last of -Command's commands failed; else 0.
        """;

    /// <summary>The script's arguments.</summary>
    public IReadOnlyList<CommandParameter> Arguments { get; init; } = [];

    public bool NonInteractive { get; init; }

    public bool NoExit { get; init; }

    public string? WorkingDirectory { get; init; }

    /// <exception cref="ArgumentException">An unknown or incomplete parameter.</exception>
    public static CommandLine Parse(IReadOnlyList<string> arguments, bool inputRedirected)
    {
        var result = new CommandLine(inputRedirected ? ShellTask.StandardInput : ShellTask.Interactive);
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            if (!argument.StartsWith('-'))
            {
                return result with { Task = ShellTask.File, Text = argument, Arguments = ScriptArguments(arguments.Skip(i + 1)) };
            }
            string Value() => ++i < arguments.Count ? arguments[i] : throw new ArgumentException($"The parameter '{argument}' needs a value.");
            switch (Name(argument))
            {
                case "file":
                    string file = Value();
                    return result with { Task = file == "-" ? ShellTask.StandardInput : ShellTask.File, Text = file, Arguments = ScriptArguments(arguments.Skip(i + 1)) };
                case "command":
                    string command = Value();
                    return result with { Task = command == "-" ? ShellTask.StandardInput : ShellTask.Command, Text = string.Join(' ', arguments.Skip(i)) };
                case "help" or "?":
                    return result with { Task = ShellTask.Help };
                case "version":
                    return result with { Task = ShellTask.Version };
                case "noninteractive":
                    result = result with { NonInteractive = true };
                    break;
                case "noexit":
                    result = result with { NoExit = true };
                    break;
                case "workingdirectory":
                    result = result with { WorkingDirectory = Value() };
                    break;
                case "executionpolicy":
                    Value();
                    break;
                case "nologo" or "noprofile" or "interactive":
                    break;
                default:
                    throw new ArgumentException($"'{argument}' is not a parameter of this shell.");
            }
        }
        return result;
    }

    /// <summary>The full name of a parameter given in short, in the order in which pwsh prefers them.</summary>
    private static string? Name(string argument)
    {
        string given = argument.TrimStart('-').ToLowerInvariant();
        string[] names = ["file", "command", "help", "?", "version", "interactive", "noninteractive", "noexit", "nologo", "noprofile", "executionpolicy", "workingdirectory"];
        return given.Length == 0 ? null : given is "wd" ? "workingdirectory" : names.FirstOrDefault(name => name.StartsWith(given, StringComparison.Ordinal));
    }

    /// <summary><c>-Name value</c>, <c>-Switch</c>, <c>-Name:value</c> (with <c>$true</c> and <c>$false</c>) and plain values, for a script's parameters.</summary>
    private static List<CommandParameter> ScriptArguments(IEnumerable<string> arguments)
    {
        var result = new List<CommandParameter>();
        foreach (string argument in arguments)
        {
            int colon = argument.IndexOf(':', StringComparison.Ordinal);
            bool named = argument.Length > 1 && argument[0] == '-' && (char.IsLetter(argument[1]) || argument[1] is '_' or '?');
            if (named && colon > 0 && colon < argument.Length - 1)
            {
                string value = argument[(colon + 1)..];
                object typed = value.ToLowerInvariant() switch { "$true" or "true" => true, "$false" or "false" => false, _ => value };
                result.Add(new CommandParameter(argument[..colon], typed));
            }
            else
            {
                result.Add(named ? new CommandParameter(argument) : new CommandParameter(null, argument));
            }
        }
        return result;
    }
}
