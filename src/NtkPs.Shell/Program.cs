using System.Diagnostics;
using System.Management.Automation;
using NtkPs.Shell;

CommandLine line;
try
{
    line = CommandLine.Parse(args, Console.IsInputRedirected);
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine(CommandLine.Usage);
    return 64;
}

switch (line.Task)
{
    case ShellTask.Help:
        Console.WriteLine(CommandLine.Usage);
        return 0;
    case ShellTask.Version:
        Console.WriteLine($"NtkPs.Shell {typeof(CommandLine).Assembly.GetName().Version?.ToString(3)}, PowerShell {FileVersionInfo.GetVersionInfo(typeof(PSObject).Assembly.Location).ProductVersion?.Split(' ', '+')[0]}");
        return 0;
}

// The engine reports each import to its makers unless told otherwise, and takes the module path from the environment.
Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
string modules = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, ".."));
string? others = Environment.GetEnvironmentVariable("PSModulePath");
Environment.SetEnvironmentVariable("PSModulePath", string.IsNullOrEmpty(others) ? modules : modules + Path.PathSeparator + others);
if (line.WorkingDirectory is { } directory)
{
    if (!Directory.Exists(directory))
    {
        Console.Error.WriteLine($"The working directory '{directory}' does not exist.");
        return 64;
    }
    Environment.CurrentDirectory = directory;
}

using var session = new Session(new ShellHost(interactive: !line.NonInteractive));
int exitCode = line.Task switch
{
    ShellTask.File => session.RunFile(line.Text, line.Arguments),
    ShellTask.Command => session.RunCommand(line.Text),
    ShellTask.StandardInput => session.RunCommand(Console.In.ReadToEnd()),
    _ => 0,
};
if (line.Task == ShellTask.Interactive || (line.NoExit && session.ExitCode is null))
{
    exitCode = new Prompt(session).Run();
}
return exitCode;
