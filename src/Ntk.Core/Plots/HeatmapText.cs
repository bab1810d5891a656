namespace Ntk.Core.Plots;

/// <summary>A heat map in shades: light is low.</summary>
internal static class HeatmapText
{
    /// <summary>Characters beside the cells.</summary>
    public const int Margin = 13;

    private const int NameWidth = Margin - 3;
    private static readonly string[] Shades = ["  ", "░░", "▒▒", "▓▓", "██"];

    /// <summary>The lines.</summary>
    public static IEnumerable<string> Draw(HeatmapFigure figure, int width)
    {
        int rows = figure.Cells.GetLength(0), columns = Math.Min(figure.Cells.GetLength(1), (width - Margin) / 2);
        (double low, double high) = figure.Range;
        string margin = new(' ', NameWidth);
        Dictionary<int, string> names = Names(figure.Rows, rows);
        yield return $"{margin} ┌{new string('─', 2 * columns)}┐";
        for (int row = 0; row < rows; row++)
        {
            string name = TextPicture.Cut(names.GetValueOrDefault(row, ""), NameWidth).PadLeft(NameWidth);
            yield return $"{name} │{string.Concat(Enumerable.Range(0, columns).Select(column => Shade(figure.Cells[row, column], low, high)))}│";
        }
        yield return $"{margin} └{new string('─', 2 * columns)}┘";
        yield return $"{margin}  {TextPicture.Marks(Names(figure.Columns, columns).OrderBy(name => name.Key).Select(name => ((2 * name.Key) + 0.5, name.Value)), 2 * columns)}";
        string blocks = rows < figure.Rows.Size || columns < figure.Columns.Size ? ", means of blocks" : "";
        yield return $"{margin}  rows: {figure.Rows.Label}; columns: {figure.Columns.Label}";
        yield return $"{margin}  {figure.Unit}{blocks}: {AxisTicks.Number(Round(low))} [{string.Concat(Shades)}] {AxisTicks.Number(Round(high))}";
    }

    private static string Shade(double value, double low, double high) =>
        double.IsNaN(value) ? "??" : Shades[high > low ? Math.Clamp((int)((value - low) / (high - low) * Shades.Length), 0, Shades.Length - 1) : Shades.Length / 2];

    private static double Round(double value) => value == 0 ? 0 : double.Parse(value.ToString("G3", System.Globalization.CultureInfo.InvariantCulture), System.Globalization.CultureInfo.InvariantCulture);

    // The names of groups, or positions, by the cell that they begin in.
    private static Dictionary<int, string> Names(HeatmapAxis axis, int cells)
    {
        IEnumerable<(double Position, string Name)> all = axis.Groups.Count > 0 ? axis.Groups.Select(group => (group.Start + ((group.Length - 1) / 2.0), group.Name))
            : AxisTicks.Indices(axis.Size, Math.Min(6, cells)).Select(tick => (tick.Position, tick.Text));
        var names = new Dictionary<int, string>();
        foreach ((double position, string name) in all)
        {
            names.TryAdd((int)(position * cells / axis.Size), name);
        }
        return names;
    }
}
