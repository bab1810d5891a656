namespace Ntk.Core.Analysis;

/// <summary>How kernel regression is done.</summary>
public sealed record RegressionOptions
{
    /// <summary>What is added to the training kernel's diagonal, in units of its mean.</summary>
    public double Ridge { get; init; }

    /// <summary>How the ridge is chosen; null to take <see cref="Ridge"/>.</summary>
    public CrossValidation? CrossValidation { get; init; }

    /// <summary>The model's name, for the predictions; null for none.</summary>
    public string? Model { get; init; }

    /// <summary>Told what a user should know but need not act on.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>Told what was chosen and how.</summary>
    public Action<string>? Tell { get; init; }
}
