namespace Ntk;

/// <summary>What kernel regression says of one test example.</summary>
public sealed class NtkRegressionPrediction
{
    internal NtkRegressionPrediction(int index, int? label, double[] scores)
    {
        Index = index;
        Label = label;
        Scores = scores;
    }

    /// <summary>The example's row in the test-train kernel.</summary>
    public int Index { get; }

    /// <summary>The column with the highest score: the class, when the training targets were labels; null for targets of one column.</summary>
    public int? Label { get; }

    /// <summary>The predicted targets, one a column or class.</summary>
    public double[] Scores { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Index}: {(Label is { } label ? $"{label}" : string.Join(' ', Scores.Select(s => $"{s:G6}")))}";
}
