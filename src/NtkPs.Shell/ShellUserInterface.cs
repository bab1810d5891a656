using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Internal;

namespace NtkPs.Shell;

/// <summary>Where each stream goes: errors to standard error, everything else to standard output, as pwsh does; colours only on a terminal.</summary>
internal sealed partial class ShellUserInterface(bool interactive) : PSHostUserInterface
{
    private readonly Lock _console = new();
    private readonly ProgressLine _progress = new();

    /// <summary>Whether what is written now is the report of an uncaught error.</summary>
    public bool WritesErrors { get; set; }

    public override PSHostRawUserInterface RawUI { get; } = new ShellRawUserInterface();

    public override bool SupportsVirtualTerminal => Terminal.ColorsOutput || Terminal.ColorsError;

    public override void Write(string value) => Emit(WritesErrors, value);

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Emit(WritesErrors, Colored(foregroundColor, value));

    public override void WriteLine(string value) => Emit(WritesErrors, value + Environment.NewLine);

    public override void WriteErrorLine(string value) => Emit(true, value + Environment.NewLine);

    public override void WriteWarningLine(string message) => WriteStream("WARNING", PSStyle.Instance.Formatting.Warning, message);

    public override void WriteVerboseLine(string message) => WriteStream("VERBOSE", PSStyle.Instance.Formatting.Verbose, message);

    public override void WriteDebugLine(string message) => WriteStream("DEBUG", PSStyle.Instance.Formatting.Debug, message);

    public override void WriteProgress(long sourceId, ProgressRecord record)
    {
        lock (_console)
        {
            _progress.Update(record);
        }
    }

    public void EraseProgress()
    {
        lock (_console)
        {
            _progress.Erase();
        }
    }

    public void ClearProgress()
    {
        lock (_console)
        {
            _progress.Clear();
        }
    }

    private void WriteStream(string label, string color, string message)
    {
        string text = $"{label}: {message}";
        Emit(WritesErrors, (Terminal.ColorsOutput ? color + text + PSStyle.Instance.Reset : text) + Environment.NewLine);
    }

    private void Emit(bool error, string value)
    {
        // The engine decorates for a terminal when either stream is one; the other gets plain text.
        bool plain = error ? !Terminal.ColorsError : !Terminal.ColorsOutput;
        string text = plain && value.Contains('\u001b', StringComparison.Ordinal) ? new StringDecorated(value).ToString(OutputRendering.PlainText) : value;
        lock (_console)
        {
            _progress.Erase();
            (error ? Console.Error : Console.Out).Write(text);
        }
    }

    private static string Colored(ConsoleColor color, string value) =>
        Terminal.ColorsOutput && Enum.IsDefined(color) ? PSStyle.MapForegroundColorToEscapeSequence(color) + value + PSStyle.Instance.Reset : value;
}
