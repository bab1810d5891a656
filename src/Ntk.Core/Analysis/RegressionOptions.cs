using Ntk.Core.Analysis.Solvers;

namespace Ntk.Core.Analysis;

/// <summary>How kernel regression is done.</summary>
public sealed record RegressionOptions
{
    /// <summary>What is added to the training kernel's diagonal, in units of its mean.</summary>
    public double Ridge { get; init; }

    /// <summary>How the ridge is chosen; null to take <see cref="Ridge"/>.</summary>
    public CrossValidation? CrossValidation { get; init; }

    /// <summary>How the system is solved by iteration; null to factor it.</summary>
    public ConjugateGradientOptions? ConjugateGradient { get; init; }

    /// <summary>The model's name, for the predictions; null for none.</summary>
    public string? Model { get; init; }

    /// <summary>Told what a user should know but need not act on.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>Told what was chosen and how.</summary>
    public Action<string>? Tell { get; init; }

    /// <exception cref="NtkException">The ridge is no number from 0, or what was asked for does not go together.</exception>
    internal void Check()
    {
        new Regularization(Ridge, "-Ridge").Check();
        if (CrossValidation is not null && ConjugateGradient is not null)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, "-CrossValidate factors a kernel for each fold, and -Solver ConjugateGradient is for kernels too large for that. Choose the ridge by -CrossValidate on some of the examples first.") { Target = "-CrossValidate" };
        }
    }
}
