namespace Ntk.Core.Plots;

/// <summary>Curves in Braille dots, two across and four down in a character, each named where it ends; a panel a name where names have many curves.</summary>
internal static class CurveText
{
    private const int Lines = 14, PanelLines = 9, NumberWidth = 9, MostNameWidth = 18;

    /// <summary>The lines.</summary>
    public static IEnumerable<string> Draw(CurveFigure figure, int width)
    {
        string[] names = [.. figure.Curves.Select(curve => curve.Name).Distinct()];
        AxisRange x = AxisRange.Of(figure.Curves.SelectMany(curve => curve.X), figure.X.Logarithmic, 0);
        AxisRange y = AxisRange.Of(figure.Curves.SelectMany(curve => curve.Y), figure.Y.Logarithmic, 0);
        bool panels = figure.Curves.Count > names.Length;
        int room = panels || names.Length == 1 ? 0 : Math.Min(names.Max(name => name.Length), MostNameWidth) + 1;
        int columns = width - NumberWidth - 3 - room;
        yield return figure.Y.Label;
        IReadOnlyList<Curve>[] groups = panels ? [.. names.Select(name => figure.Curves.Where(curve => curve.Name == name).ToArray())] : [figure.Curves];
        foreach (IReadOnlyList<Curve> curves in groups)
        {
            foreach (string line in Panel(curves, x, y, columns, panels ? PanelLines : Lines, panels ? curves[0].Name : null, room))
            {
                yield return line;
            }
        }
        yield return $"{new string(' ', NumberWidth + 2)}{TextPicture.Marks(Marks(figure.X, x, columns), columns)}";
        yield return $"{new string(' ', NumberWidth + 2)}{TextPicture.Centre(figure.X.Label, columns)}";
    }

    private static IEnumerable<string> Panel(IReadOnlyList<Curve> curves, AxisRange x, AxisRange y, int columns, int lines, string? heading, int room)
    {
        var dots = new byte[lines, columns];
        foreach (Curve curve in curves)
        {
            Trace(dots, curve, x, y);
        }
        string[] ends = room > 0 ? Ends(curves, y, lines, room - 1) : new string[lines];
        Dictionary<int, string> numbers = [];
        foreach (AxisTick tick in AxisTicks.Between(y.Low, y.High, 4, y.Logarithmic))
        {
            numbers.TryAdd(Math.Clamp((int)Math.Round((1 - y.Share(tick.Position)) * (lines - 1)), 0, lines - 1), tick.Text);
        }
        yield return $"{new string(' ', NumberWidth)} ┌{(heading is null ? "" : TextPicture.Cut($" {heading} ", columns)).PadRight(columns, '─')}┐";
        for (int line = 0; line < lines; line++)
        {
            string cells = string.Concat(Enumerable.Range(0, columns).Select(column => dots[line, column] == 0 ? ' ' : (char)(0x2800 + dots[line, column])));
            yield return $"{TextPicture.Cut(numbers.GetValueOrDefault(line, ""), NumberWidth),NumberWidth} │{cells}│ {ends[line]}";
        }
        yield return $"{new string(' ', NumberWidth)} └{new string('─', columns)}┘";
    }

    // Straight lines between the points, in steps of a dot.
    private static void Trace(byte[,] dots, Curve curve, AxisRange x, AxisRange y)
    {
        double across = (2 * dots.GetLength(1)) - 1, down = (4 * dots.GetLength(0)) - 1;
        for (int i = 0; i < curve.X.Length; i++)
        {
            (double x1, double y1) = (x.Share(curve.X[i]) * across, (1 - y.Share(curve.Y[i])) * down);
            (double x0, double y0) = i == 0 ? (x1, y1) : (x.Share(curve.X[i - 1]) * across, (1 - y.Share(curve.Y[i - 1])) * down);
            int steps = Math.Max(1, (int)Math.Ceiling(Math.Max(Math.Abs(x1 - x0), Math.Abs(y1 - y0))));
            for (int step = 0; step <= steps; step++)
            {
                Set(dots, (int)Math.Round(x0 + ((x1 - x0) * step / steps)), (int)Math.Round(y0 + ((y1 - y0) * step / steps)));
            }
        }
    }

    // The Braille block numbers its dots down the left column, down the right one, and then the lowest two.
    private static void Set(byte[,] dots, int across, int down)
    {
        (int column, int right) = Math.DivRem(across, 2);
        (int line, int row) = Math.DivRem(down, 4);
        if (line >= 0 && line < dots.GetLength(0) && column >= 0 && column < dots.GetLength(1))
        {
            dots[line, column] |= (byte)(row == 3 ? 0x40 << right : 1 << (row + (3 * right)));
        }
    }

    // Each name on the free line nearest to its curve's end.
    private static string[] Ends(IReadOnlyList<Curve> curves, AxisRange y, int lines, int width)
    {
        var ends = new string[lines];
        foreach (Curve curve in curves.Where(curve => curve.Y.Length > 0))
        {
            int wanted = Math.Clamp((int)Math.Round((1 - y.Share(curve.Y[^1])) * (lines - 1)), 0, lines - 1);
            foreach (int line in Enumerable.Range(0, lines).Where(line => ends[line] is null).OrderBy(line => Math.Abs(line - wanted)).Take(1))
            {
                ends[line] = TextPicture.Cut(curve.Name, width);
            }
        }
        return ends;
    }

    private static IEnumerable<(double, string)> Marks(FigureAxis axis, AxisRange x, int columns)
    {
        IEnumerable<(double Position, string Text)> named = axis.Named ?? [];
        IEnumerable<(double Position, string Text)> all = AxisTicks.Between(x.Low, x.High, Math.Max(2, columns / 12), x.Logarithmic).Select(tick => (tick.Position, tick.Text));
        // Positions with a name of their own come first: they are at the ends.
        IEnumerable<(double Position, string Text)> between = all.Where(mark => named.All(name => Math.Abs(x.Share(name.Position) - x.Share(mark.Position)) * columns > 6));
        return named.Concat(between).OrderBy(mark => mark.Position).Select(mark => (x.Share(mark.Position) * (columns - 1), mark.Text));
    }
}
