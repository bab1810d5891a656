using System.Globalization;
using Ntk.Core.Tensors;

namespace Ntk.Core.Plots;

/// <summary>What each parameter holds of a kernel's trace, or of the model's numbers.</summary>
public static class ParameterPlot
{
    // As many as a page has lines for.
    private const int MostBars = 40;

    /// <summary>Shares of the trace: how much of the squared gradient norm, summed over examples, is each parameter's.</summary>
    /// <param name="kernels">A kernel a parameter or layer, as -PerParameter and -PerLayer give them: (N, N), (N, N, C) or (N, N, O, O).</param>
    /// <param name="title">The title; null for one that says what is shown.</param>
    /// <exception cref="NtkException">Kernels that are not square, of different sizes, or without a trace.</exception>
    public static BarFigure FromKernels(IReadOnlyList<NtkTensor> kernels, string? title = null)
    {
        foreach (NtkTensor kernel in kernels)
        {
            if (kernel.Rank is < 2 or > 4 || kernel.Shape[0] != kernel.Shape[1] || (kernel.Rank == 4 && kernel.Shape[2] != kernel.Shape[3]))
            {
                throw new NtkException(NtkErrorId.ShapeMismatch, $"{kernel.Describe()} has no trace; compute the kernels of -X1 alone, with -PerParameter or -PerLayer.") { Target = kernel };
            }
            if (!kernel.Shape.AsSpan().SequenceEqual(kernels[0].Shape))
            {
                throw new NtkException(NtkErrorId.ShapeMismatch, $"{kernel.Describe()} and {kernels[0].Describe()} are not parts of one kernel.") { Target = kernel };
            }
        }
        double[] traces = [.. kernels.Select(Trace)];
        double total = traces.Sum();
        if (!(total > 0) || !double.IsFinite(total))
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"The kernels' trace is {total.ToString("G4", CultureInfo.InvariantCulture)}, of which there are no shares.");
        }
        string? model = kernels[0].Origin;
        return new BarFigure(title ?? $"Parameters' shares of the tangent kernel{(model is null ? "" : $" of {model}")}, {Titles.Examples(kernels[0])}", "Share of the kernel's trace (%)",
            [Panel([.. kernels.Select((kernel, i) => (kernel.Name ?? $"{i}", 100 * traces[i] / total))], value => value.ToString(value >= 0.095 ? "0.0" : "0.00", CultureInfo.InvariantCulture) + " %")]);
    }

    /// <summary>How many numbers each parameter has.</summary>
    /// <param name="parameters">Names and counts.</param>
    /// <param name="title">The title; null for one that says what is shown.</param>
    /// <param name="model">The model's name, for the title; null where it is not known.</param>
    public static BarFigure FromCounts(IReadOnlyList<(string Name, long Count)> parameters, string? title = null, string? model = null) =>
        new(title ?? $"{(model is null ? "" : $"{model}: ")}{parameters.Sum(parameter => parameter.Count):N0} numbers in {parameters.Count} {(parameters.Count == 1 ? "parameter" : "parameters")}", "Numbers",
            [Panel([.. parameters.Select(parameter => (parameter.Name, (double)parameter.Count))], value => value.ToString("N0", CultureInfo.InvariantCulture))]);

    // In the model's order, as a reader knows it; the smallest of too many are one bar.
    private static BarPanel Panel(IReadOnlyList<(string Name, double Value)> values, Func<double, string> text)
    {
        HashSet<int> shown = [.. Enumerable.Range(0, values.Count).OrderByDescending(i => values[i].Value).Take(values.Count <= MostBars ? MostBars : MostBars - 1)];
        var bars = values.Where((_, i) => shown.Contains(i)).Select(value => new Bar(value.Name, value.Value, text(value.Value))).ToList();
        if (shown.Count < values.Count)
        {
            double rest = values.Where((_, i) => !shown.Contains(i)).Sum(value => value.Value);
            bars.Add(new Bar($"{values.Count - shown.Count} others", rest, text(rest)));
        }
        return new BarPanel(null, bars);
    }

    private static double Trace(NtkTensor kernel)
    {
        double trace = 0;
        int inner = kernel.Rank == 3 ? kernel.Shape[2] : 1, outputs = kernel.Rank == 4 ? kernel.Shape[2] : 1;
        for (int n = 0; n < kernel.Shape[0]; n++)
        {
            for (int o = 0; o < Math.Max(inner, outputs); o++)
            {
                long position = kernel.Rank == 4 ? ((((((long)n * kernel.Shape[1]) + n) * outputs) + o) * outputs) + o : ((((long)n * kernel.Shape[1]) + n) * inner) + o;
                trace += Convert.ToDouble(kernel.ElementAt(position), CultureInfo.InvariantCulture);
            }
        }
        return trace;
    }
}
