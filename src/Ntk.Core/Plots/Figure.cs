namespace Ntk.Core.Plots;

/// <summary>What a picture shows, as plain numbers and words: drawn by <see cref="PictureFile"/> or, for a terminal, by <see cref="TextPicture"/>.</summary>
/// <param name="Title">What it is, of which model, and how many examples.</param>
public abstract record Figure(string Title);

/// <summary>A matrix in colours, first row on top.</summary>
/// <param name="Title">What it is.</param>
/// <param name="Cells">The means of blocks of the matrix; of 1 x 1 where it is small. NaN where the block holds one.</param>
/// <param name="Rows">The vertical axis.</param>
/// <param name="Columns">The horizontal axis.</param>
/// <param name="Unit">What a colour stands for.</param>
public sealed record HeatmapFigure(string Title, double[,] Cells, HeatmapAxis Rows, HeatmapAxis Columns, string Unit) : Figure(Title)
{
    // A tenth of the colours is worth a sign that few elements have; more is not.
    private const double SignedFrom = 0.05;

    /// <summary>The smallest and the largest cell; both 0 without any.</summary>
    public (double Low, double High) Range { get; } = RangeOf(Cells);

    /// <summary>Whether the sign matters, so that colours run to both sides of zero.</summary>
    public bool IsSigned => Range.Low < -SignedFrom * Math.Max(Range.High, 0);

    private static (double, double) RangeOf(double[,] cells)
    {
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        foreach (double cell in cells)
        {
            if (double.IsFinite(cell))
            {
                (low, high) = (Math.Min(low, cell), Math.Max(high, cell));
            }
        }
        return low <= high ? (low, high) : (0, 0);
    }
}

/// <summary>An axis of a heat map.</summary>
/// <param name="Label">What its positions are.</param>
/// <param name="Size">How many positions the matrix has, before blocks were averaged.</param>
/// <param name="Groups">Positions that belong together, in order and without gaps; empty where there are none.</param>
public sealed record HeatmapAxis(string Label, int Size, IReadOnlyList<ExampleGroup> Groups);

/// <summary>Curves over a common axis.</summary>
/// <param name="Title">What it is.</param>
/// <param name="X">The horizontal axis.</param>
/// <param name="Y">The vertical axis.</param>
/// <param name="Curves">The curves, finite points only, in the order of drawing.</param>
public sealed record CurveFigure(string Title, FigureAxis X, FigureAxis Y, IReadOnlyList<Curve> Curves) : Figure(Title);

/// <summary>An axis of numbers.</summary>
/// <param name="Label">What it measures, with the unit.</param>
/// <param name="Logarithmic">Whether equal ratios are equal lengths.</param>
/// <param name="Named">Positions with a name of their own, such as infinity.</param>
public sealed record FigureAxis(string Label, bool Logarithmic, IReadOnlyList<(double Position, string Name)>? Named = null);

/// <summary>A curve, or one of many like it.</summary>
/// <param name="Name">What it is; curves of one name share a colour and one entry in the legend.</param>
/// <param name="X">Positions, ascending.</param>
/// <param name="Y">Values.</param>
/// <param name="Spread">Half the height of a band around it; null without.</param>
/// <param name="Dashed">Whether it is a reference rather than data.</param>
public sealed record Curve(string Name, double[] X, double[] Y, double[]? Spread = null, bool Dashed = false);

/// <summary>Horizontal bars in one or several panels.</summary>
/// <param name="Title">What it is.</param>
/// <param name="Axis">What a bar's length measures, with the unit.</param>
/// <param name="Panels">The panels, each with bars from top to bottom.</param>
public sealed record BarFigure(string Title, string Axis, IReadOnlyList<BarPanel> Panels) : Figure(Title);

/// <summary>Bars under a heading.</summary>
/// <param name="Heading">What the panel is about; null where the figure's title says it.</param>
/// <param name="Bars">The bars.</param>
public sealed record BarPanel(string? Heading, IReadOnlyList<Bar> Bars);

/// <summary>A bar.</summary>
/// <param name="Name">What it is of.</param>
/// <param name="Value">Its length, of either sign.</param>
/// <param name="Text">The value as it is written beside it.</param>
public sealed record Bar(string Name, double Value, string Text);
