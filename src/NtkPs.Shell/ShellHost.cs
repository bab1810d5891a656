using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace NtkPs.Shell;

/// <summary>The host that PowerShell's engine talks to.</summary>
internal sealed class ShellHost(bool interactive) : PSHost
{
    private readonly ShellUserInterface _ui = new(interactive);

    /// <summary>The code of an <c>exit</c> that was run; null while none was.</summary>
    public int? ExitCode { get; private set; }

    public ShellUserInterface Console => _ui;

    public override PSHostUserInterface UI => _ui;

    public override string Name => "NtkPs.Shell";

    public override Version Version { get; } = typeof(ShellHost).Assembly.GetName().Version ?? new Version();

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override CultureInfo CurrentCulture { get; } = CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture { get; } = CultureInfo.CurrentUICulture;

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() => throw new PSNotSupportedException("This shell has no nested prompts.");

    public override void ExitNestedPrompt() => throw new PSNotSupportedException("This shell has no nested prompts.");

    // Native programs write to the same terminal: nothing to save or restore but the progress line.
    public override void NotifyBeginApplication() => _ui.EraseProgress();

    public override void NotifyEndApplication()
    {
    }
}
