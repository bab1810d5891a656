using ScottPlot;
using ScottPlot.Panels;
using ScottPlot.TickGenerators;

namespace Ntk.Core.Plots;

/// <summary>Draws curves over a common axis.</summary>
internal static class CurveDrawing
{
    private const int FewPoints = 25, MostMinorDecades = 8;

    /// <summary>The figure as a plot.</summary>
    public static Plot Plot(CurveFigure figure, float width)
    {
        Plot plot = FigureDrawing.NewPlot(figure.X.Label, figure.Y.Label);
        string[] names = [.. figure.Curves.Select(curve => curve.Name).Distinct()];
        AxisRange x = AxisRange.Of(figure.Curves.SelectMany(curve => curve.X), figure.X.Logarithmic, 0.02);
        AxisRange y = AxisRange.Of(figure.Curves.SelectMany(Extent), figure.Y.Logarithmic, 0.05);
        bool many = figure.Curves.Count > names.Length;
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (Curve curve in figure.Curves)
        {
            Color color = FigureDrawing.ColorOf(Array.IndexOf(names, curve.Name));
            double[] xs = Array.ConvertAll(curve.X, x.Coordinate), ys = Array.ConvertAll(curve.Y, y.Coordinate);
            if (curve.Spread is { } spread)
            {
                var band = plot.Add.FillY(xs, [.. curve.Y.Zip(spread, (value, half) => y.Coordinate(value - half))], [.. curve.Y.Zip(spread, (value, half) => y.Coordinate(value + half))]);
                band.FillColor = color.WithAlpha(0.12);
                band.LineWidth = 0;
            }
            var line = plot.Add.ScatterLine(xs, ys);
            line.Color = many ? color.WithAlpha(0.55) : color;
            line.LineWidth = many ? 1.1f : 2;
            line.LinePattern = curve.Dashed ? LinePattern.Dashed : LinePattern.Solid;
            if (!many && !curve.Dashed && xs.Length <= FewPoints)
            {
                line.MarkerStyle = new MarkerStyle(MarkerShape.FilledCircle, 6, color);
            }
            if (named.Add(curve.Name) && names.Length > 1)
            {
                line.LegendText = curve.Name;
            }
        }
        plot.Axes.Bottom.TickGenerator = Ticks(x, figure.X, width > 500 ? 8 : 5);
        plot.Axes.Left.TickGenerator = Ticks(y, figure.Y, 7);
        plot.Axes.SetLimits(x.Coordinate(x.Low), x.Coordinate(x.High), y.Coordinate(y.Low), y.Coordinate(y.High));
        if (names.Length > 1)
        {
            // Many curves leave no corner free.
            Legend legend = plot.ShowLegend(Alignment.UpperRight);
            if (many)
            {
                plot.HideLegend();
                LegendPanel panel = plot.ShowLegend(Edge.Top);
                panel.Padding = new PixelPadding(0);
                legend = panel.Legend;
                legend.Orientation = Orientation.Horizontal;
                legend.Margin = new PixelPadding(0); // the title above and the frame below keep their distance
            }
            legend.FontSize = 12;
            legend.OutlineWidth = 0;
            legend.ShadowColor = Colors.Transparent;
            legend.BackgroundColor = Colors.White.WithAlpha(0.85);
        }
        return plot;
    }

    private static IEnumerable<double> Extent(Curve curve) =>
        curve.Spread is null ? curve.Y : curve.Y.Zip(curve.Spread, (value, half) => value - half).Concat(curve.Y.Zip(curve.Spread, (value, half) => value + half));

    private static NumericManual Ticks(AxisRange range, FigureAxis axis, int count)
    {
        var generator = new NumericManual();
        double first = axis.Named?.Where(name => name.Name == "0").Select(name => name.Position).FirstOrDefault(range.Low) ?? range.Low;
        double last = axis.Named?.Where(name => name.Name != "0").Select(name => name.Position).FirstOrDefault(range.High) ?? range.High;
        foreach (AxisTick tick in AxisTicks.Between(range.Low, range.High, count, range.Logarithmic))
        {
            // Not beside a position that has a name of its own.
            if ((first == range.Low || tick.Position > first) && (last == range.High || tick.Position < last))
            {
                generator.AddMajor(range.Coordinate(tick.Position), tick.Text);
            }
        }
        foreach ((double position, string name) in axis.Named ?? [])
        {
            generator.AddMajor(range.Coordinate(position), name);
        }
        if (range.Logarithmic && Math.Log10(range.High / range.Low) <= MostMinorDecades)
        {
            foreach (double position in AxisTicks.Minor(first, last))
            {
                generator.AddMinor(range.Coordinate(position));
            }
        }
        return generator;
    }
}
