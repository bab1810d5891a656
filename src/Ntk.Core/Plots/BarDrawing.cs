using ScottPlot;
using ScottPlot.TickGenerators;

namespace Ntk.Core.Plots;

/// <summary>Draws a panel of horizontal bars.</summary>
internal static class BarDrawing
{
    // Room for the numbers beside the bars.
    private const double TextWidth = 62;

    /// <summary>The panel as a plot.</summary>
    public static Plot Plot(BarPanel panel, string axis, float width)
    {
        Plot plot = FigureDrawing.NewPlot(axis, "");
        int count = panel.Bars.Count;
        var names = new NumericManual();
        for (int i = 0; i < count; i++)
        {
            Ntk.Core.Plots.Bar bar = panel.Bars[i];
            int position = count - 1 - i;
            plot.Add.Bar(new ScottPlot.Bar
            {
                Position = position,
                Value = bar.Value,
                Size = 0.72,
                Orientation = Orientation.Horizontal,
                FillColor = FigureDrawing.ColorOf(bar.Value < 0 ? 1 : 0),
                LineWidth = 0,
            });
            var text = plot.Add.Text(bar.Text, bar.Value, position);
            text.LabelStyle.Style(11, bold: false);
            text.Alignment = bar.Value < 0 ? Alignment.MiddleRight : Alignment.MiddleLeft;
            text.OffsetX = bar.Value < 0 ? -4 : 4;
            names.AddMajor(position, bar.Name);
        }
        double low = Math.Min(0, panel.Bars.Select(bar => bar.Value).DefaultIfEmpty().Min()), high = Math.Max(0, panel.Bars.Select(bar => bar.Value).DefaultIfEmpty().Max());
        double room = Math.Max(high - low, double.Epsilon) * TextWidth / Math.Max(width - (3 * TextWidth), TextWidth);
        (low, high) = high > low ? (low < 0 ? low - room : 0, high > 0 ? high + room : 0) : (0, 1);
        var values = new NumericManual();
        foreach (AxisTick tick in AxisTicks.Between(low, high, 6, false))
        {
            values.AddMajor(tick.Position, tick.Text);
        }
        plot.Axes.Left.TickGenerator = names;
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.Bottom.TickGenerator = values;
        plot.Grid.YAxisStyle.IsVisible = false;
        plot.Axes.Right.FrameLineStyle.Width = 0;
        plot.Axes.Top.FrameLineStyle.Width = 0;
        if (low < 0)
        {
            plot.Add.VerticalLine(0, 1, Color.FromHex("#B0B0B0"));
        }
        if (panel.Heading is { } heading)
        {
            plot.Title(heading, 13);
            plot.Axes.Title.IsVisible = true;
            plot.Axes.Title.Label.Style(13, bold: false);
        }
        plot.Axes.SetLimits(low, high, -0.6, count - 0.4);
        return plot;
    }
}
