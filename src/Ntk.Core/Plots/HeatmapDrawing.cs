using ScottPlot;
using ScottPlot.TickGenerators;

namespace Ntk.Core.Plots;

/// <summary>Draws a heat map and its colour bar.</summary>
internal static class HeatmapDrawing
{
    private const int TickCount = 6, MostGroupNames = 30;

    // Blue below zero, red above, white at it; as many steps as ColorBrewer's RdBu.
    private static readonly Color[] Diverging = [.. new[] { "#2166AC", "#4393C3", "#92C5DE", "#D1E5F0", "#F7F7F7", "#FDDBC7", "#F4A582", "#D6604D", "#B2182B" }.Select(Color.FromHex)];

    /// <summary>The figure as a plot.</summary>
    public static Plot Plot(HeatmapFigure figure)
    {
        Plot plot = FigureDrawing.NewPlot(figure.Columns.Label, figure.Rows.Label);
        plot.HideGrid();
        int rows = figure.Rows.Size, columns = figure.Columns.Size;
        var map = plot.Add.Heatmap(figure.Cells);
        map.Colormap = figure.IsSigned ? new ScottPlot.Colormaps.CustomInterpolated(Diverging) : new ScottPlot.Colormaps.Viridis();
        map.Position = new CoordinateRect(0, columns, 0, rows);
        map.NaNCellColor = Color.FromHex("#BDBDBD");
        double largest = Math.Max(Math.Abs(figure.Range.Low), Math.Abs(figure.Range.High));
        (double low, double high) = figure.IsSigned ? (-largest, largest) : figure.Range;
        map.ManualRange = low < high ? new ScottPlot.Range(low, high) : new ScottPlot.Range(low - 0.5, low + 0.5);
        var bar = plot.Add.ColorBar(map);
        bar.Label = figure.Unit;
        bar.LabelStyle.Style(14, bold: false);
        bar.Axis.TickLabelStyle.FontSize = 12;
        bar.Axis.TickGenerator = Manual(AxisTicks.Between(map.ManualRange.Value.Min, map.ManualRange.Value.Max, TickCount, false).Select(tick => (tick.Position, tick.Text)));
        plot.Axes.Bottom.TickGenerator = Ticks(figure.Columns, position => position);
        // The first row is on top, where a matrix has it.
        plot.Axes.Left.TickGenerator = Ticks(figure.Rows, position => rows - position);
        Separate(figure.Columns, position => plot.Add.VerticalLine(position));
        Separate(figure.Rows, position => plot.Add.HorizontalLine(rows - position));
        plot.Axes.SetLimits(0, columns, 0, rows);
        return plot;
    }

    private static NumericManual Ticks(HeatmapAxis axis, Func<double, double> place)
    {
        if (axis.Groups.Count == 0)
        {
            return Manual(AxisTicks.Indices(axis.Size, TickCount).Select(tick => (place(tick.Position + 0.5), tick.Text)));
        }
        int every = (axis.Groups.Count + MostGroupNames - 1) / MostGroupNames;
        return Manual(axis.Groups.Where((_, i) => i % every == 0).Select(group => (place(group.Start + (group.Length / 2.0)), group.Name)));
    }

    private static NumericManual Manual(IEnumerable<(double Position, string Text)> ticks)
    {
        var generator = new NumericManual();
        foreach ((double position, string text) in ticks)
        {
            generator.AddMajor(position, text);
        }
        return generator;
    }

    private static void Separate(HeatmapAxis axis, Func<double, ScottPlot.Plottables.AxisLine> line)
    {
        foreach (ExampleGroup group in axis.Groups.Skip(1))
        {
            ScottPlot.Plottables.AxisLine drawn = line(group.Start);
            drawn.Color = Colors.White.WithAlpha(0.6);
            drawn.LineWidth = 0.8f;
        }
    }
}
