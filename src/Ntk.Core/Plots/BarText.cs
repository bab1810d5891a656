namespace Ntk.Core.Plots;

/// <summary>Bars in eighths of a character.</summary>
internal static class BarText
{
    private const string Eighths = " ▏▎▍▌▋▊▉█";

    /// <summary>The lines.</summary>
    public static IEnumerable<string> Draw(BarFigure figure, int width)
    {
        foreach (BarPanel panel in figure.Panels)
        {
            if (panel.Heading is { } heading)
            {
                yield return heading;
            }
            int names = Math.Min(panel.Bars.Select(bar => bar.Name.Length).DefaultIfEmpty().Max(), width / 3);
            int texts = panel.Bars.Select(bar => bar.Text.Length).DefaultIfEmpty().Max();
            int room = Math.Max(width - names - texts - 4, 8);
            double largest = panel.Bars.Select(bar => Math.Abs(bar.Value)).DefaultIfEmpty().Max();
            foreach (Bar bar in panel.Bars)
            {
                yield return $"{TextPicture.Cut(bar.Name, names).PadRight(names)}  {bar.Text.PadLeft(texts)} {(bar.Value < 0 ? '-' : ' ')}{Length(Math.Abs(bar.Value), largest, room)}";
            }
            yield return "";
        }
        yield return figure.Axis;
    }

    private static string Length(double value, double largest, int room)
    {
        int eighths = largest > 0 ? (int)Math.Round(value / largest * room * 8) : 0;
        return new string('█', eighths / 8) + (eighths % 8 > 0 ? Eighths[eighths % 8] : "");
    }
}
