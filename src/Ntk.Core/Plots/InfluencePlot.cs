using System.Globalization;

namespace Ntk.Core.Plots;

/// <summary>What one training example adds to a prediction.</summary>
/// <param name="Test">The test example.</param>
/// <param name="Train">The training example.</param>
/// <param name="Value">What it adds to the predicted class's score, or to the value predicted.</param>
/// <param name="Label">The training example's label, or null.</param>
/// <param name="Predicted">What is predicted for the test example, or null.</param>
public sealed record InfluencePoint(int Test, int Train, double Value, string? Label = null, string? Predicted = null);

/// <summary>The training examples that drive each of some predictions, strongest first.</summary>
public static class InfluencePlot
{
    // What fits a page.
    private const int MostPanels = 9;
    private const int MostBars = 12;

    /// <summary>Makes the figure: a panel a test example, of the first of many.</summary>
    /// <param name="points">Influences, in any order.</param>
    /// <param name="title">The title; null for one that says what is shown.</param>
    /// <param name="model">The model's name, for the title; null where it is not known.</param>
    /// <param name="trainCount">The number of training examples, for the title; 0 where it is not known.</param>
    /// <exception cref="NtkException">There is none, or one that is not finite.</exception>
    public static BarFigure From(IReadOnlyList<InfluencePoint> points, string? title = null, string? model = null, int trainCount = 0)
    {
        if (points.Count == 0 || points.FirstOrDefault(point => !double.IsFinite(point.Value)) is { } odd)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, points.Count == 0 ? "There is no influence to show."
                : $"An influence is NaN or infinite; look at the kernels it came from.");
        }
        IGrouping<int, InfluencePoint>[] tests = [.. points.GroupBy(point => point.Test)];
        var panels = new List<BarPanel>();
        foreach (IGrouping<int, InfluencePoint> test in tests.Take(MostPanels))
        {
            InfluencePoint[] strongest = [.. test.OrderByDescending(point => Math.Abs(point.Value)).ThenBy(point => point.Train).Take(MostBars)];
            panels.Add(new BarPanel(tests.Length == 1 ? null : $"Test example {test.Key}{Predicted(test)}", [.. strongest.Select(point => new Bar(
                point.Label is null ? $"{point.Train}" : $"{point.Train} ({point.Label})", point.Value, point.Value.ToString("G3", CultureInfo.InvariantCulture)))]));
        }
        string which = tests.Length == 1 ? $"on test example {tests[0].Key}{Predicted(tests[0])}" : tests.Length <= MostPanels ? $"on {tests.Length} test examples" : $"on {MostPanels} of {tests.Length:N0} test examples";
        return new BarFigure(title ?? $"Strongest influences of training examples {which}{(model is null ? "" : $", {model}")}{(trainCount == 0 ? "" : $", N = {trainCount:N0}")}", "Contribution to the prediction", panels);
    }

    private static string Predicted(IEnumerable<InfluencePoint> test) => test.First().Predicted is { } predicted ? $", predicted {predicted}" : "";

    /// <summary>The influences of a matrix.</summary>
    /// <param name="matrix">(tests, training examples), or (training examples,) for one test example.</param>
    /// <param name="labels">A label a training example, or null.</param>
    /// <exception cref="NtkException">Another shape, or labels that do not match.</exception>
    public static IReadOnlyList<InfluencePoint> Points(NtkTensor matrix, IReadOnlyList<string>? labels)
    {
        if (matrix.Rank is not (1 or 2) || matrix.DType.IsComplex())
        {
            throw new NtkException(NtkErrorId.ShapeMismatch, $"Influences are a matrix (tests, training examples), not {matrix.Describe()}; give that, or what Get-NtkInfluence gives.") { Target = matrix };
        }
        int train = matrix.Shape[^1];
        if (labels is not null && labels.Count != train)
        {
            throw new NtkException(NtkErrorId.ShapeMismatch, $"-Label has {labels.Count:N0} labels for {train:N0} training examples.") { Target = "-Label" };
        }
        var values = (double[])matrix.AsType(NtkDType.Float64).ToFlatArray();
        return [.. values.Select((value, i) => new InfluencePoint(i / train, i % train, value, labels?[i % train]))];
    }
}
