using Ntk.Core.Analysis;
using Xunit;

namespace Ntk.Core.Tests.Analysis;

public class KernelSpectrumTests
{
    // The second difference matrix has eigenvalues 2 − 2 cos(π k / (n + 1)) and sine vectors.
    private static NtkTensor Differences(int n)
    {
        var k = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            k[i, i] = 2;
            if (i + 1 < n)
            {
                k[i, i + 1] = k[i + 1, i] = -1;
            }
        }
        return NtkTensor.FromArray(k);
    }

    private static NtkTensor Diagonal(params double[] values)
    {
        var k = new double[values.Length, values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            k[i, i] = values[i];
        }
        return NtkTensor.FromArray(k);
    }

    [Fact]
    public void A_known_spectrum_is_found()
    {
        NtkSpectrum spectrum = KernelSpectrum.Measure(Differences(7).WithName("chain"));
        double[] expected = [.. Enumerable.Range(1, 7).Select(k => 2 - (2 * Math.Cos(Math.PI * k / 8))).OrderDescending()];
        Assert.Equal(expected, spectrum.Eigenvalues, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(14, spectrum.Trace, 1e-12);
        Assert.Equal(expected[0] / expected[^1], spectrum.ConditionNumber, 1e-10);
        Assert.Equal(("chain", 7, 7), (spectrum.Name, spectrum.Count, spectrum.Rank));
        double[] shares = [.. expected.Select(v => v / 14)];
        Assert.Equal(Math.Exp(-shares.Sum(p => p * Math.Log(p))), spectrum.EffectiveRank, 1e-10);
        Assert.Equal(1 / shares.Sum(p => p * p), spectrum.ParticipationRatio, 1e-10);
    }

    [Fact]
    public void Equal_eigenvalues_have_full_ranks_and_a_power_law_its_slope()
    {
        NtkSpectrum flat = KernelSpectrum.Measure(Diagonal(3, 3, 3, 3));
        Assert.Equal((4.0, 4.0, 1.0), (Math.Round(flat.EffectiveRank, 10), Math.Round(flat.ParticipationRatio, 10), flat.ConditionNumber));
        Assert.Equal(0, flat.Slope, 1e-12);
        NtkSpectrum power = KernelSpectrum.Measure(Diagonal([.. Enumerable.Range(1, 30).Select(i => 5 * Math.Pow(i, -1.5))]));
        Assert.Equal(-1.5, power.Slope, 1e-10);
    }

    [Fact]
    public void A_singular_kernel_has_an_infinite_condition_number_and_its_rank()
    {
        NtkSpectrum spectrum = KernelSpectrum.Measure(Diagonal(4, 1, 0));
        Assert.Equal(double.PositiveInfinity, spectrum.ConditionNumber);
        Assert.Equal(2, spectrum.Rank);
        Assert.Equal(-2, spectrum.Slope, 1e-12);
    }

    [Fact]
    public void A_full_kernel_is_the_matrix_of_examples_and_outputs()
    {
        // K[n, n', o, o'] = A[n, n'] B[o, o'] has the products of their eigenvalues.
        var kernel = new double[2, 2, 3, 3];
        var b = (double[,])Differences(3).ToArray();
        double[,] a = { { 2, 1 }, { 1, 3 } };
        foreach (int i in new[] { 0, 1, 2, 3 })
        {
            foreach (int o in Enumerable.Range(0, 9))
            {
                kernel[i / 2, i % 2, o / 3, o % 3] = a[i / 2, i % 2] * b[o / 3, o % 3];
            }
        }
        double[] left = KernelSpectrum.Measure(NtkTensor.FromArray(a)).Eigenvalues, right = KernelSpectrum.Measure(NtkTensor.FromArray(b)).Eigenvalues;
        double[] expected = [.. left.SelectMany(l => right.Select(r => l * r)).OrderDescending()];
        Assert.Equal(expected, KernelSpectrum.Measure(NtkTensor.FromArray(kernel)).Eigenvalues, (x, y) => Math.Abs(x - y) < 1e-12);
        Assert.Equal(2.0 * 6 / expected[0], LearningRates.Max(NtkTensor.FromArray(kernel)), 1e-9);
    }

    [Fact]
    public void A_kernel_compares_with_itself_a_multiple_and_a_stranger()
    {
        NtkTensor k = Differences(12);
        NtkKernelComparison same = KernelSpectrum.Compare(k, k.Multiply(3), 4);
        Assert.Equal([1.0, 1, 2, 3, 1], new[] { same.CentredAlignment, same.Alignment, same.RelativeDistance, same.NormRatio, same.EigenspaceOverlap }, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal(4, same.EigenspaceSize);
        // Leading axes 0, 1 against 1, 2: they share one of two.
        NtkKernelComparison half = KernelSpectrum.Compare(Diagonal(5, 4, 1, 1), Diagonal(1, 4, 5, 1), 2);
        Assert.Equal(0.5, half.EigenspaceOverlap, 1e-12);
        Assert.Equal((5 + 16 + 5 + 1) / 43.0, half.Alignment, 1e-12);
        Assert.Equal(Math.Sqrt(32.0 / 43), half.RelativeDistance, 1e-12);
    }

    // CKA of linear kernels is |Yᵀ X|² / (|Xᵀ X| |Yᵀ Y|) of centred features (Kornblith et al. 2019): another way to the same number.
    [Fact]
    public void Centred_alignment_is_that_of_centred_features()
    {
        double[][] x = [[1, 2], [0, -1], [3, 0.5], [2, 2]], y = [[1], [0.5], [-1], [4]];
        Assert.Equal(Cka(x, y), KernelSpectrum.Compare(Gram(x), Gram(y)).CentredAlignment, 1e-12);
        NtkAlignment alignment = KernelSpectrum.Align(Gram(x).Add(NtkTensor.FromArray(new double[4, 4])), RegressionTargets.From(NtkTensor.FromArray(y)));
        Assert.Equal(Cka(x, y), alignment.CentredAlignment, 1e-12);
    }

    [Fact]
    public void Targets_along_eigenvectors_align_with_them_alone()
    {
        var y = NtkTensor.FromArray(new[,] { { 0, 0.0 }, { 3, 0 }, { 0, 1 } });
        NtkAlignment alignment = KernelSpectrum.Align(Diagonal(3, 2, 1), RegressionTargets.From(y));
        Assert.Equal([0, 0.9, 0.1], alignment.EigenvectorAlignment, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal([0, 0.9, 1], alignment.CumulativeAlignment, (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal([3.0, 2, 1], alignment.Eigenvalues);
        Assert.Equal(((2 * 9) + 1) / (Math.Sqrt(14) * Math.Sqrt(82)), alignment.KernelTargetAlignment, 1e-12);
        Assert.InRange(alignment.TargetDimension, 2, 3); // nine tenths, to rounding
        Assert.Equal(3, alignment.Count);
    }

    [Fact]
    public void The_largest_learning_rate_is_where_gradient_descent_begins_to_diverge()
    {
        NtkTensor k = Differences(5);
        double rate = LearningRates.Max(k, 10);
        Assert.Equal(20 / (2 - (2 * Math.Cos(Math.PI * 5 / 6))), rate, 1e-9);
        Assert.Equal(1.9 * rate, LearningRates.Max(k, 10, 0.9), 1e-9);
        Assert.Equal(rate / 2, LearningRates.Max(k), 1e-9);
    }

    [Fact]
    public void Bad_arguments_are_named()
    {
        NtkTensor k = Differences(4);
        Check(NtkErrorId.ShapeMismatch, "pairs", () => KernelSpectrum.Measure(NtkTensor.FromArray(new double[2, 2, 3])));
        Check(NtkErrorId.ShapeMismatch, "-X1 alone", () => KernelSpectrum.Measure(NtkTensor.FromArray(new double[2, 3])));
        Check(NtkErrorId.ShapeMismatch, "empty", () => KernelSpectrum.Measure(NtkTensor.FromArray(new double[0, 0])));
        Check(NtkErrorId.InvalidArgument, "not symmetric", () => KernelSpectrum.Measure(NtkTensor.FromArray(new[,] { { 1.0, 2 }, { 0, 1 } })));
        Check(NtkErrorId.InvalidArgument, "NaN", () => KernelSpectrum.Measure(k.Multiply(double.NaN)));
        Check(NtkErrorId.ShapeMismatch, "-DifferenceObject", () => KernelSpectrum.Compare(k, Differences(5)));
        Check(NtkErrorId.InvalidArgument, "zero everywhere", () => KernelSpectrum.Compare(k, k.Multiply(0)));
        Check(NtkErrorId.InvalidArgument, "-EigenspaceSize is 5", () => KernelSpectrum.Compare(k, k, 5));
        Check(NtkErrorId.ShapeMismatch, "-YTrain has 3 examples", () => KernelSpectrum.Align(k, RegressionTargets.From(NtkTensor.FromArray(new[] { 0, 1, 0 }))));
        Check(NtkErrorId.InvalidArgument, "zero everywhere", () => KernelSpectrum.Align(k, RegressionTargets.From(NtkTensor.FromArray(new double[4]))));
        Check(NtkErrorId.InvalidArgument, "-YTrainSize", () => LearningRates.Max(k, 0));
        Check(NtkErrorId.InvalidArgument, "-Momentum", () => LearningRates.Max(k, 4, -1));
    }

    private static NtkTensor Gram(double[][] rows) => NtkTensor.FromArray(rows.Select(a => rows.Select(b => a.Zip(b, (u, v) => u * v).Sum()).ToArray()).ToArray());

    private static double Cka(double[][] x, double[][] y)
    {
        double[][] a = Centre(x), b = Centre(y);
        return Cross(a, b) / Math.Sqrt(Cross(a, a) * Cross(b, b));
    }

    private static double[][] Centre(double[][] x) => [.. x.Select(row => row.Select((v, c) => v - x.Average(r => r[c])).ToArray())];

    // |Aᵀ B|²
    private static double Cross(double[][] a, double[][] b) =>
        (from i in Enumerable.Range(0, a[0].Length) from j in Enumerable.Range(0, b[0].Length) select Math.Pow(Enumerable.Range(0, a.Length).Sum(n => a[n][i] * b[n][j]), 2)).Sum();

    private static void Check(string id, string words, Func<object> action)
    {
        var error = Assert.Throws<NtkException>(action);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Equal(id, error.ErrorId);
    }
}
