using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;

namespace NtkPs.Shell;

/// <summary>A runspace and how the shell runs things in it: output and errors through Out-Default, Ctrl+C stops the pipeline.</summary>
internal sealed class Session : IDisposable
{
    private const int Failed = 1;
    private const int Interrupted = 130;

    private readonly Runspace _runspace;
    private readonly ShellHost _host;
    private PowerShell? _running;
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
        _runspace.SessionStateProxy.SetVariable("global:LASTEXITCODE", null);
        bool succeeded = Run(command, StandardInputFor(Parser.ParseFile(full, out _, out _)), addToHistory: false);
        return ExitCode ?? (_interrupted ? Interrupted : !succeeded ? Failed : ScriptExitCode());
    }

    /// <summary>Runs commands; 1 where the last one failed.</summary>
    public int RunCommand(string text)
    {
        bool succeeded = Run(new Command(text, isScript: true, useLocalScope: false), StandardInputFor(Parser.ParseInput(text, out _, out _)), addToHistory: false);
        return ExitCode ?? (_interrupted ? Interrupted : succeeded && LastSucceeded() ? 0 : Failed);
    }

    /// <summary>Runs what was typed; failures are shown, and the session goes on.</summary>
    public void RunInteractive(string text) => Run(new Command(text, isScript: true, useLocalScope: false), null, addToHistory: true);

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

    private bool Run(Command command, PSDataCollection<string>? input, bool addToHistory)
    {
        _interrupted = false;
        using var shell = PowerShell.Create(_runspace);
        command.MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        shell.Commands.AddCommand(command).AddCommand("Out-Default");
        _running = shell;
        try
        {
            shell.Invoke(input, new List<PSObject>(), new PSInvocationSettings { AddToHistory = addToHistory, Host = _host });
            return true;
        }
        catch (PipelineStoppedException)
        {
            return false;
        }
        catch (RuntimeException e)
        {
            _running = null;
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

    private bool LastSucceeded() => Evaluate("$global:?") is true;

    /// <summary>The code of an <c>exit</c> in the script file itself: the engine keeps it in $LASTEXITCODE, as it does a native program's, and marks the script as failed.</summary>
    private int ScriptExitCode()
    {
        bool succeeded = LastSucceeded();
        return !succeeded && _runspace.SessionStateProxy.GetVariable("global:LASTEXITCODE") is int code ? code : 0;
    }

    /// <summary>Redirected standard input as $input, where the script uses it: waiting for it otherwise could be for ever.</summary>
    private static PSDataCollection<string>? StandardInputFor(ScriptBlockAst script)
    {
        bool uses = !Terminal.InputIsTerminal && script.Find(node => node is VariableExpressionAst { VariablePath.UserPath: var name } && name.Equals("input", StringComparison.OrdinalIgnoreCase), searchNestedScriptBlocks: true) is not null;
        if (!uses)
        {
            return null;
        }
        var lines = new PSDataCollection<string>();
        var reader = new Thread(() =>
        {
            while (Console.In.ReadLine() is string line)
            {
                lines.Add(line);
            }
            lines.Complete();
        })
        { IsBackground = true };
        reader.Start();
        return lines;
    }

    private void OnCancelKeyPress(object? sender, ConsoleCancelEventArgs e)
    {
        // Stopping waits for the command to notice, and this is a signal handler's thread.
        e.Cancel = true;
        _interrupted = true;
        _running?.BeginStop(null, null);
    }
}
