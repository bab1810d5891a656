using System.Globalization;

namespace Ntk.Core.Plots;

/// <summary>Examples of one class, side by side.</summary>
/// <param name="Name">The class.</param>
/// <param name="Start">The first position.</param>
/// <param name="Length">How many positions.</param>
public sealed record ExampleGroup(string Name, int Start, int Length);

/// <summary>An order of examples in which those of one class stand together; within a class they keep their own order.</summary>
/// <param name="Positions">Where each example goes.</param>
/// <param name="Groups">The classes: numbers by size, names by the alphabet.</param>
internal sealed record ExampleOrder(int[] Positions, IReadOnlyList<ExampleGroup> Groups)
{
    /// <summary>Orders examples by their labels; leaves them as they are without.</summary>
    /// <param name="labels">A label an example, or null.</param>
    /// <param name="count">How many examples there are.</param>
    /// <param name="copies">How many neighbouring positions an example has.</param>
    /// <param name="argument">The labels' parameter, for errors.</param>
    /// <exception cref="NtkException">There are more or fewer labels than examples.</exception>
    public static ExampleOrder By(IReadOnlyList<string>? labels, int count, int copies, string argument)
    {
        if (labels is null)
        {
            return new ExampleOrder([.. Enumerable.Range(0, count)], []);
        }
        if (labels.Count != count)
        {
            throw new NtkException(NtkErrorId.ShapeMismatch, $"{argument} has {labels.Count:N0} labels for {count:N0} examples.") { Target = argument };
        }
        var classes = labels.Distinct(StringComparer.Ordinal).ToList();
        bool numbers = classes.TrueForAll(name => double.TryParse(name, NumberStyles.Float, CultureInfo.InvariantCulture, out _));
        string[] sorted = numbers ? [.. classes.OrderBy(name => double.Parse(name, CultureInfo.InvariantCulture))] : [.. classes.Order(StringComparer.Ordinal)];
        var positions = new int[count];
        var groups = new List<ExampleGroup>();
        int next = 0;
        foreach (string name in sorted)
        {
            int start = next;
            for (int example = 0; example < count; example++)
            {
                if (labels[example] == name)
                {
                    positions[example] = next++;
                }
            }
            groups.Add(new ExampleGroup(name, start * copies, (next - start) * copies));
        }
        return new ExampleOrder(positions, groups);
    }
}
