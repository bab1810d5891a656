namespace Ntk.Core.Plots;

/// <summary>Figures in characters, for a terminal: blocks for heat maps and bars, Braille dots for curves.</summary>
public static class TextPicture
{
    /// <summary>The narrowest picture; below there is no room for numbers beside it.</summary>
    public const int Narrowest = 32;

    /// <summary>Draws a figure.</summary>
    /// <param name="figure">What to draw; a heat map with no more cells than <see cref="CellsIn"/> says.</param>
    /// <param name="width">Characters in a line.</param>
    /// <returns>Lines without blanks at their ends.</returns>
    public static IReadOnlyList<string> Draw(Figure figure, int width)
    {
        var lines = new List<string>(Wrap(figure.Title, width)) { "" };
        lines.AddRange(figure switch
        {
            HeatmapFigure heatmap => HeatmapText.Draw(heatmap, width),
            CurveFigure curves => CurveText.Draw(curves, width),
            BarFigure bars => BarText.Draw(bars, width),
            _ => throw new ArgumentOutOfRangeException(nameof(figure)),
        });
        return lines.ConvertAll(line => line.TrimEnd());
    }

    /// <summary>How many cells a side a heat map may have: two characters wide each, and on one page.</summary>
    public static int CellsIn(int width) => Math.Clamp((width - HeatmapText.Margin) / 2, 1, 32);

    /// <summary>Text in the middle of a line.</summary>
    internal static string Centre(string text, int width) => new string(' ', Math.Max(0, (width - text.Length) / 2)) + text;

    /// <summary>Text cut to a length, with an ellipsis for what is gone.</summary>
    internal static string Cut(string text, int length) => text.Length <= length ? text : string.Concat(text.AsSpan(0, Math.Max(0, length - 1)), "…");

    /// <summary>A line of marks under an axis; a mark that would touch the one before is left out.</summary>
    internal static string Marks(IEnumerable<(double Column, string Text)> marks, int width)
    {
        char[] line = new string(' ', width).ToCharArray();
        int free = 0;
        foreach ((double column, string text) in marks)
        {
            int start = Math.Clamp((int)Math.Round(column - ((text.Length - 1) / 2.0)), 0, Math.Max(0, width - text.Length));
            if (start >= free && start + text.Length <= width)
            {
                text.CopyTo(0, line, start, text.Length);
                free = start + text.Length + 1;
            }
        }
        return new string(line);
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        while (text.Length > width)
        {
            int at = text.LastIndexOf(' ', width);
            at = at > 0 ? at : width;
            yield return text[..at];
            text = text[at..].TrimStart();
        }
        yield return text;
    }
}
