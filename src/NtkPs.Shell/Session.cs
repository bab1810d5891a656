using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;
using System.Reflection;

namespace NtkPs.Shell;

/// <summary>A runspace and how the shell runs things in it: output and errors through Out-Default, Ctrl+C stops the pipeline.</summary>
internal sealed class Session : IDisposable
{
    private const int Failed = 1;
    private const int Interrupted = 130;

    private readonly Runspace _runspace;
    private readonly ShellHost _host;
    private Pipeline? _running;
    private bool _interrupted;

    public Session(ShellHost host)
    {
        _host = host;
        // CreateDefault asks for assemblies that are not in PowerShell's package.
        InitialSessionState state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
        {
            state.ExecutionPolicy = Microsoft.PowerShell.ExecutionPolicy.RemoteSigned;
        }
        state.ThreadOptions = PSThreadOptions.UseCurrentThread;
        _runspace = RunspaceFactory.CreateRunspace(host, state);
        _runspace.Open();
        Runspace.DefaultRunspace = _runspace;
        Console.CancelKeyPress += OnCancelKeyPress;
    }

    /// <summary>The code that the process ends with, where <c>exit</c> was run.</summary>
    public int? ExitCode => _host.ExitCode;

    public Runspace Runspace => _runspace;

    /// <summary>Runs a script file; its exit code.</summary>
    public int RunFile(string path, IReadOnlyList<CommandParameter> arguments)
    {
        string full = Path.GetFullPath(path);
        if (!File.Exists(full))
        {
            _host.UI.WriteErrorLine($"The script '{path}' does not exist.");
            return 64;
        }
        // A script without .ps1 (a shebang script) is not a command for the engine: it is run as text.
        Command command = Path.GetExtension(full).Equals(".ps1", StringComparison.OrdinalIgnoreCase)
            ? new Command(full, isScript: false, useLocalScope: false)
            : new Command(File.ReadAllText(full), isScript: true, useLocalScope: false);
        foreach (CommandParameter argument in arguments)
        {
            command.Parameters.Add(argument);
        }
        LetExitEndTheShell();
        bool succeeded = Run(full, command, ReadsInput(Parser.ParseFile(full, out _, out _)));
        return ExitCode ?? (_interrupted ? Interrupted : succeeded ? 0 : Failed);
    }

    /// <summary>Runs commands; 1 where the last one failed.</summary>
    public int RunCommand(string text)
    {
        bool succeeded = Run(text, new Command(text, isScript: true, useLocalScope: false), ReadsInput(Parser.ParseInput(text, out _, out _)));
        return ExitCode ?? (_interrupted ? Interrupted : succeeded && LastSucceeded() ? 0 : Failed);
    }

    /// <summary>Runs what was typed; failures are shown, and the session goes on.</summary>
    public void RunInteractive(string text) => Run(text, new Command(text, isScript: true, useLocalScope: false), readsInput: false);

    /// <summary>The first result of an expression, for the shell's own use.</summary>
    public object? Evaluate(string expression)
    {
        using var shell = PowerShell.Create(_runspace);
        var results = shell.AddScript(expression).Invoke();
        return results.Count > 0 ? results[0]?.BaseObject : null;
    }

    public void Dispose()
    {
        Console.CancelKeyPress -= OnCancelKeyPress;
        _runspace.Dispose();
    }

    private bool Run(string historyEntry, Command command, bool readsInput)
    {
        _interrupted = false;
        // What is not added to the history does not set $?; nor does Out-Default, in a scope of its own.
        using Pipeline pipeline = _runspace.CreatePipeline(historyEntry, addToHistory: true);
        command.MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        pipeline.Commands.Clear();
        pipeline.Commands.Add(command);
        pipeline.Commands.Add(new Command("Out-Default", isScript: false, useLocalScope: true));
        _running = pipeline;
        try
        {
            if (readsInput)
            {
                pipeline.Input.Write(ReadLines(), enumerateCollection: true);
            }
            pipeline.Invoke();
            return true;
        }
        catch (PipelineStoppedException)
        {
            return false;
        }
        catch (IncompleteParseException e)
        {
            // The engine has no view of it: a prompt would ask for more instead.
            _host.UI.WriteErrorLine($"ParserError: {e.Message}");
            return false;
        }
        catch (RuntimeException e)
        {
            Report(e);
            return false;
        }
        finally
        {
            _running = null;
            _host.Console.ClearProgress();
        }
    }

    /// <summary>Shows an uncaught error as the engine shows the others, on standard error.</summary>
    private void Report(RuntimeException error)
    {
        using var shell = PowerShell.Create(_runspace);
        _host.Console.WritesErrors = true;
        try
        {
            shell.AddCommand("Out-Default").AddParameter("InputObject", error.ErrorRecord).Invoke();
        }
        catch (RuntimeException)
        {
            _host.UI.WriteErrorLine(error.Message);
        }
        finally
        {
            _host.Console.WritesErrors = false;
        }
    }

    private bool LastSucceeded() => _runspace.SessionStateProxy.GetVariable("?") is true;

    /// <summary>
    /// <c>exit</c> in a script file ends that file alone, and nothing public tells its code from a native program's. pwsh makes the engine
    /// pass it on to the host by this internal property; where it is gone, scripts end with 0 instead (a test would notice).
    /// </summary>
    private void LetExitEndTheShell()
    {
        const BindingFlags members = BindingFlags.Instance | BindingFlags.NonPublic;
        object? context = typeof(Runspace).GetProperty("ExecutionContext", members)?.GetValue(_runspace);
        context?.GetType().GetProperty("ScriptCommandProcessorShouldRethrowExit", members)?.SetValue(context, true);
    }

    /// <summary>Whether redirected standard input is to become $input: only where the script uses it, for waiting for it otherwise could be for ever.</summary>
    private static bool ReadsInput(ScriptBlockAst script) =>
        !Terminal.InputIsTerminal && script.Find(node => node is VariableExpressionAst { VariablePath.UserPath: var name } && name.Equals("input", StringComparison.OrdinalIgnoreCase), searchNestedScriptBlocks: true) is not null;

    private static IEnumerable<string> ReadLines()
    {
        while (Console.In.ReadLine() is string line)
        {
            yield return line;
        }
    }

    private void OnCancelKeyPress(object? sender, ConsoleCancelEventArgs e)
    {
        // Stopping waits for the command to notice, and this is a signal handler's thread.
        e.Cancel = true;
        _interrupted = true;
        _running?.StopAsync();
    }
}
