namespace NtkPs.Shell;

/// <summary>What standard output and standard error are, and the escape sequences in use.</summary>
internal static class Terminal
{
    public const string EraseLine = "\r\u001b[K";

    /// <summary>Whether sequences mean anything here, and the user has not asked for none.</summary>
    private static readonly bool Colors = Environment.GetEnvironmentVariable("TERM") != "dumb" && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    public static bool OutputIsTerminal { get; } = !Console.IsOutputRedirected;

    public static bool ErrorIsTerminal { get; } = !Console.IsErrorRedirected;

    public static bool InputIsTerminal { get; } = !Console.IsInputRedirected;

    /// <summary>Whether the prompt can place the cursor and read single keys.</summary>
    public static bool CanEdit => InputIsTerminal && OutputIsTerminal && Environment.GetEnvironmentVariable("TERM") != "dumb";

    public static bool ColorsOutput => OutputIsTerminal && Colors;

    public static bool ColorsError => ErrorIsTerminal && Colors;

    /// <summary>Columns of a line; pwsh takes 120 where there is no terminal.</summary>
    public static int Width
    {
        get
        {
            try
            {
                return OutputIsTerminal && Console.WindowWidth > 0 ? Console.WindowWidth : 120;
            }
            catch (IOException)
            {
                return 120;
            }
        }
    }
}
