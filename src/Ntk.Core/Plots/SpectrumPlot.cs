using Ntk.Core.Analysis;
using Ntk.Core.Tensors;

namespace Ntk.Core.Plots;

/// <summary>Eigenvalues of kernels over their rank, both axes logarithmic: a power law is a straight line.</summary>
public static class SpectrumPlot
{
    /// <summary>Makes the figure of kernels, or of vectors of eigenvalues.</summary>
    /// <param name="kernels">What <see cref="Eigenvalues"/> takes.</param>
    /// <param name="title">The title; null for one that says what the kernels are.</param>
    /// <exception cref="NtkException">Another shape, or no positive eigenvalue.</exception>
    public static CurveFigure From(IReadOnlyList<NtkTensor> kernels, string? title = null)
    {
        string? own = kernels is [{ Rank: > 1 } kernel] ? $"Spectrum of the tangent kernel{Titles.Of(kernel)}, {Titles.Examples(kernel)}"
            : kernels.Count > 1 && kernels.All(k => k.Rank > 1 && k.Shape.AsSpan().SequenceEqual(kernels[0].Shape)) ? $"Spectra of {kernels.Count} tangent kernels, {Titles.Examples(kernels[0])}" : null;
        return From([.. kernels.Select(kernel => (DistinctName(kernel, kernels), Eigenvalues(kernel)))], title ?? own);
    }

    /// <summary>Makes the figure.</summary>
    /// <param name="spectra">A name and the eigenvalues, in any order, of each kernel.</param>
    /// <param name="title">The title; null for one that says what the kernels are.</param>
    /// <exception cref="NtkException">There is no positive eigenvalue.</exception>
    public static CurveFigure From(IReadOnlyList<(string? Name, double[] Eigenvalues)> spectra, string? title = null)
    {
        var curves = new List<Curve>();
        var taken = new HashSet<string>(StringComparer.Ordinal);
        int hidden = 0, all = 0;
        for (int i = 0; i < spectra.Count; i++)
        {
            double[] shown = [.. spectra[i].Eigenvalues.Where(value => value > 0 && double.IsFinite(value)).OrderDescending()];
            hidden += spectra[i].Eigenvalues.Length - shown.Length;
            all += spectra[i].Eigenvalues.Length;
            // Curves of one name would look like one kernel's.
            string wanted = spectra[i].Name ?? (spectra.Count == 1 ? "eigenvalues" : $"kernel {i + 1}"), name = wanted;
            for (int copy = 2; !taken.Add(name); copy++)
            {
                name = $"{wanted} ({copy})";
            }
            curves.Add(new Curve(name, [.. Enumerable.Range(1, shown.Length).Select(rank => (double)rank)], shown));
        }
        if (hidden == all)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, all == 0 ? "There are no eigenvalues to show." : $"None of the {all:N0} eigenvalues is positive: they are not those of a kernel of examples with themselves.");
        }
        string rank = hidden == 0 ? "Rank" : $"Rank ({hidden:N0} of {all:N0} eigenvalues are not positive, or not finite, and left out)";
        title ??= spectra.Count == 1 ? $"Spectrum{(spectra[0].Name is { } single ? $" of {single}" : "")}, {all:N0} eigenvalues" : $"Spectra of {spectra.Count} kernels";
        return new CurveFigure(title, new FigureAxis(rank, true), new FigureAxis("Eigenvalue", true), curves);
    }

    // What models have in common, such as their outputs' name, tells nothing.
    private static string? DistinctName(NtkTensor kernel, IReadOnlyList<NtkTensor> kernels) =>
        kernels.Count > 1 && kernel.Origin is { } origin && kernels.Select(other => other.Origin).Distinct().Count() == kernels.Count ? origin : Titles.Name(kernel);

    /// <summary>The eigenvalues of a kernel, largest first, in float64; of a vector, the vector itself.</summary>
    /// <param name="kernel">(N, N); (N, N, O, O), taken as the matrix (N·O, N·O); or eigenvalues (N,).</param>
    /// <exception cref="NtkException">Another shape, or values that are not finite.</exception>
    public static double[] Eigenvalues(NtkTensor kernel) => kernel.Rank == 1
        ? (double[])LosslessCast.To(kernel, NtkDType.Float64, "-InputObject").ToFlatArray() : KernelSpectrum.Measure(kernel).Eigenvalues;
}
