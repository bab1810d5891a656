namespace Ntk;

/// <summary>What one training example does to the prediction for one test example: prediction = Σ weight · target over the training examples.</summary>
/// <param name="TestIndex">The test example's row.</param>
/// <param name="Rank">1 for the training example of most influence on that test example, then 2, 3, …</param>
/// <param name="TrainIndex">The training example's row.</param>
/// <param name="TrainLabel">Its label, or its target where there is one column; null for several columns.</param>
/// <param name="Predicted">What is predicted for the test example: its label, or its value where there is one column; null for several columns.</param>
/// <param name="Weight">The element of K_test,train (K + λ)⁻¹.</param>
/// <param name="Contribution">The weight times the target: what it adds to the score of the predicted class (the column with the highest score).</param>
/// <param name="TrainCount">How many training examples there are.</param>
/// <param name="Model">The model whose kernel it was, where the kernel was computed in this session.</param>
public sealed record NtkInfluence(int TestIndex, int Rank, int TrainIndex, object? TrainLabel, object? Predicted, double Weight, double Contribution, int TrainCount = 0, string? Model = null)
{
    /// <inheritdoc/>
    public override string ToString() => $"test {TestIndex} ← train {TrainIndex}{(TrainLabel is null ? "" : $" ({TrainLabel})")}: weight {Weight:G4}, contribution {Contribution:G4}";
}

/// <summary>What regression on all other training examples says of one of them.</summary>
/// <param name="Index">The training example's row.</param>
/// <param name="Label">Its label, or its target where there is one column; null for several columns.</param>
/// <param name="Predicted">What the others predict for it: a label, or a value where there is one column; null for several columns.</param>
/// <param name="Correct">Whether the predicted label is its own; null for targets that are no classes.</param>
/// <param name="Residual">The norm of <paramref name="Residuals"/>, with the sign where there is one column.</param>
/// <param name="Leverage">The example's own weight in its fitted value, the diagonal of K (K + λ)⁻¹: near 1, nobody else speaks for it.</param>
/// <param name="Residuals">Target less prediction, for each class or column.</param>
public sealed record NtkLeaveOneOut(int Index, object? Label, object? Predicted, bool? Correct, double Residual, double Leverage, NtkScores Residuals)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Index}{(Label is null ? "" : $" ({Label})")}: left out {(Predicted is null ? "" : $"{Predicted}, ")}residual {Residual:G4}, leverage {Leverage:G4}";
}
