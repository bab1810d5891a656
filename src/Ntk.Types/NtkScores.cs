using System.Collections.ObjectModel;
using System.Globalization;

namespace Ntk;

/// <summary>The score of each class, or the predicted value of each column of the targets; by position, or by class as text.</summary>
public sealed class NtkScores : ReadOnlyCollection<double>
{
    /// <summary>Makes scores; <paramref name="classes"/> is null for targets that are no classes.</summary>
    public NtkScores(IList<double> scores, IReadOnlyList<object>? classes = null) : base(scores)
    {
        ArgumentNullException.ThrowIfNull(scores);
        Classes = classes is null || classes.Count == scores.Count ? classes
            : throw new ArgumentException($"{scores.Count} scores of {classes.Count} classes.", nameof(classes));
    }

    /// <summary>The classes, in the order of the scores; null for targets that are no classes.</summary>
    public IReadOnlyList<object>? Classes { get; }

    /// <summary>The score of a class.</summary>
    /// <exception cref="KeyNotFoundException">There is no such class.</exception>
    public double this[string @class]
    {
        get
        {
            for (int i = 0; i < Classes?.Count; i++)
            {
                if (string.Equals(Text(Classes[i]), @class, StringComparison.Ordinal))
                {
                    return this[i];
                }
            }
            throw new KeyNotFoundException($"There is no class '{@class}'{(Classes is null ? "" : $"; the classes are {string.Join(", ", Classes.Take(20))}")}.");
        }
    }

    /// <summary>All scores in full: <c>0.25 0.75</c>, or with classes that are text <c>cat=0.25 dog=0.75</c>.</summary>
    public override string ToString() => string.Join(' ', this.Select((score, i) =>
        (Classes?[i] is string name ? $"{name}=" : "") + score.ToString("R", CultureInfo.InvariantCulture)));

    private static string Text(object value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
}
