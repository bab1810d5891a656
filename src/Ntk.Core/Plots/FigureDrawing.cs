using ScottPlot;
using SkiaSharp;

namespace Ntk.Core.Plots;

/// <summary>Draws figures with ScottPlot on a canvas; lengths are pixels of a picture that is 800 wide.</summary>
internal static class FigureDrawing
{
    private const float TitleSize = 17, LabelSize = 14, TickSize = 12, HeadingHeight = 44, BarHeight = 21, Frame = 110, Edge = 10;
    private static readonly string[] Families = ["Inter", "Segoe UI", "Helvetica Neue", "Helvetica", "Arial", "Noto Sans", "Open Sans", "Roboto", "Liberation Sans", "DejaVu Sans"];
    private static readonly Lazy<string> Family = new(() => Families.FirstOrDefault(SKFontManager.Default.FontFamilies.Contains) ?? SKTypeface.Default.FamilyName);

    // Okabe and Ito's colours, which most people with a colour deficiency tell apart.
    private static readonly Color[] Palette = [.. new[] { "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000" }.Select(Color.FromHex)];
    private static readonly Color Grey = Color.FromHex("#4D4D4D");

    /// <summary>Whether there is a font to draw words with.</summary>
    public static bool HasFont => SKTypeface.Default.GlyphCount > 0 || SKFontManager.Default.FontFamilyCount > 0;

    /// <summary>The colour of the curves of one name.</summary>
    public static Color ColorOf(int index) => Palette[index % Palette.Length];

    /// <summary>The height that suits a figure of the nominal width.</summary>
    public static float NaturalHeight(Figure figure) => figure switch
    {
        HeatmapFigure heatmap => Frame + (580 * Math.Clamp(heatmap.Cells.GetLength(0) / (float)heatmap.Cells.GetLength(1), 0.35f, 1.4f)),
        BarFigure { Panels: [var panel] } => Frame + 10 + (BarHeight * Math.Max(panel.Bars.Count, 4)),
        BarFigure bars => HeadingHeight + (Grid(bars.Panels.Count).Rows * (90 + (18 * bars.Panels.Max(panel => panel.Bars.Count)))),
        _ => 500,
    };

    /// <summary>Draws a figure over the whole canvas.</summary>
    public static void Draw(SKCanvas canvas, Figure figure, float width, float height)
    {
        IReadOnlyList<Plot> plots = figure switch
        {
            HeatmapFigure heatmap => [HeatmapDrawing.Plot(heatmap)],
            CurveFigure curves => [CurveDrawing.Plot(curves, width)],
            BarFigure bars => [.. bars.Panels.Select(panel => BarDrawing.Plot(panel, bars.Axis, (width - (2 * Edge)) / Grid(bars.Panels.Count).Columns))],
            _ => throw new ArgumentOutOfRangeException(nameof(figure)),
        };
        DrawTitle(canvas, figure.Title, width);
        (int rows, int columns) = Grid(plots.Count);
        float cellWidth = (width - (2 * Edge)) / columns, cellHeight = (height - HeadingHeight - 6) / rows;
        for (int i = 0; i < plots.Count; i++)
        {
            (int row, int column) = Math.DivRem(i, columns);
            plots[i].RenderManager.ClearCanvasBeforeEachRender = false;
            plots[i].Render(canvas, new PixelRect(Edge + (column * cellWidth), Edge + ((column + 1) * cellWidth), HeadingHeight + ((row + 1) * cellHeight), HeadingHeight + (row * cellHeight)));
        }
        foreach (Plot plot in plots)
        {
            plot.Dispose();
        }
    }

    /// <summary>An empty plot in the figures' style.</summary>
    public static Plot NewPlot(string xLabel, string yLabel)
    {
        var plot = new Plot();
        plot.FigureBackground.Color = Colors.Transparent;
        plot.DataBackground.Color = Colors.Transparent;
        plot.XLabel(xLabel);
        plot.YLabel(yLabel);
        foreach (IAxis axis in plot.Axes.GetAxes())
        {
            axis.Label.Style(LabelSize, bold: false);
            axis.TickLabelStyle.FontSize = TickSize;
            axis.TickLabelStyle.ForeColor = Grey;
            axis.FrameLineStyle.Width = 1;
            axis.FrameLineStyle.Color = Color.FromHex("#B0B0B0");
        }
        plot.Grid.MajorLineColor = Color.FromHex("#E8E8E8");
        plot.Axes.Title.IsVisible = false;
        plot.Font.Set(Family.Value);
        return plot;
    }

    /// <summary>Gives a label the figures' font.</summary>
    public static void Style(this LabelStyle label, float size, bool bold)
    {
        label.FontName = Family.Value;
        label.FontSize = size;
        label.Bold = bold;
        label.ForeColor = Color.FromHex("#1A1A1A");
    }

    /// <summary>The rows and columns of so many panels.</summary>
    private static (int Rows, int Columns) Grid(int panels)
    {
        int columns = panels switch { 1 => 1, <= 4 => 2, _ => 3 };
        return ((panels + columns - 1) / columns, columns);
    }

    // Made smaller where it is too long, down to what can still be read.
    private static void DrawTitle(SKCanvas canvas, string title, float width)
    {
        using SKTypeface typeface = SKTypeface.FromFamilyName(Family.Value, SKFontStyle.Bold) ?? SKTypeface.Default;
        using var font = new SKFont(typeface, TitleSize);
        using var paint = new SKPaint { Color = new SKColor(0x1A, 0x1A, 0x1A), IsAntialias = true };
        float wide = font.MeasureText(title);
        font.Size = Math.Max(TitleSize * Math.Min(1, (width - 32) / Math.Max(wide, 1)), 9);
        canvas.DrawText(title, width / 2, 30, SKTextAlign.Center, font, paint);
    }
}
