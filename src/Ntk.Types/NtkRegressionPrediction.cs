namespace Ntk;

/// <summary>How kernel regression solves its system.</summary>
public enum NtkRegressionSolver
{
    /// <summary>Cholesky's factorisation of the training kernel.</summary>
    Direct,

    /// <summary>Preconditioned conjugate gradients on products with the kernel.</summary>
    ConjugateGradient,
}

/// <summary>What kernel regression says of one test example.</summary>
/// <param name="Index">The example's row in the test inputs.</param>
/// <param name="Label">The class with the highest score, as it was given: a number, text; of targets that are no classes the highest column, or null where there is one column.</param>
/// <param name="Score">The highest score; of one column, the predicted value.</param>
/// <param name="Scores">The score of each class, or the predicted value of each column.</param>
/// <param name="Ridge">The ridge used, in units of the training kernel's mean diagonal.</param>
/// <param name="Model">The model's name; null for regression from kernels.</param>
public sealed record NtkRegressionPrediction(int Index, object? Label, double Score, NtkScores Scores, double Ridge, string? Model)
{
    /// <inheritdoc/>
    public override string ToString() => Label is null ? $"{Index}: {Score:G6}" : $"{Index}: {Label} ({Score:G6})";
}
