using System.Management.Automation;
using System.Management.Automation.Language;

namespace NtkPs.Shell;

/// <summary>The interactive loop: read a complete command, run it, again.</summary>
internal sealed class Prompt(Session session)
{
    private readonly LineEditor _editor = new(Complete);

    /// <summary>Runs until <c>exit</c> or the end of input; the exit code.</summary>
    public int Run()
    {
        while (session.ExitCode is null)
        {
            string? command = ReadCommand();
            if (command is null)
            {
                return 0;
            }
            if (!string.IsNullOrWhiteSpace(command))
            {
                session.RunInteractive(command);
            }
        }
        return session.ExitCode ?? 0;
    }

    /// <summary>Lines until they make a complete command; empty after Ctrl+C, null at the end of input.</summary>
    private string? ReadCommand()
    {
        string command = "";
        string prompt = session.Evaluate("prompt")?.ToString() ?? "PS> ";
        while (true)
        {
            string? line = _editor.ReadLine(prompt);
            if (line is null)
            {
                return null;
            }
            if (_editor.Canceled)
            {
                return "";
            }
            command = command.Length == 0 ? line : command + "\n" + line;
            Parser.ParseInput(command, out _, out ParseError[] errors);
            if (line.Length == 0 || !errors.Any(error => error.IncompleteInput))
            {
                return command;
            }
            prompt = ">> ";
        }
    }

    private static Completion Complete(string text, int cursor)
    {
        CommandCompletion found = CommandCompletion.CompleteInput(text, cursor, null, PowerShell.Create(RunspaceMode.CurrentRunspace));
        return new Completion(found.ReplacementIndex, found.ReplacementLength, [.. found.CompletionMatches.Select(match => match.CompletionText)]);
    }
}

/// <summary>What could stand in a line's <paramref name="Length"/> characters from <paramref name="Start"/> on.</summary>
internal sealed record Completion(int Start, int Length, IReadOnlyList<string> Choices);
