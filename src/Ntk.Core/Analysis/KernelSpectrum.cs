using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis;

/// <summary>What a kernel's eigenvalues and eigenvectors say; eigendecompositions in float64.</summary>
public static class KernelSpectrum
{
    /// <summary>The spectrum of a kernel of examples with themselves, (N, N) or (N, N, O, O).</summary>
    /// <exception cref="NtkException">It is no such kernel, or not finite.</exception>
    public static NtkSpectrum Measure(NtkTensor kernel, CancellationToken cancellation = default)
    {
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        Tensor k = KernelMatrix.ReadSymmetric(kernel, "-InputObject");
        cancellation.ThrowIfCancellationRequested();
        double[] values = linalg.eigvalsh(k).flip(0).data<double>().ToArray();
        double trace = values.Sum(), squares = values.Sum(v => v * v);
        double largest = values.Max(Math.Abs), smallest = values.Min(Math.Abs);
        int rank = Rank(values, kernel.DType);
        // Negative eigenvalues are rounding's; they have no share.
        double positive = values.Sum(v => Math.Max(v, 0));
        double entropy = -values.Where(v => v > 0).Sum(v => v / positive * Math.Log(v / positive));
        return new NtkSpectrum(kernel.Name, values.Length, values, trace, smallest > 0 ? largest / smallest : double.PositiveInfinity, rank,
            positive > 0 ? Math.Exp(entropy) : 0, squares > 0 ? trace * trace / squares : 0, Slope(values, rank), kernel.Origin);
    }

    /// <summary>How far the kernel <paramref name="difference"/> is from the kernel <paramref name="reference"/> of the same examples.</summary>
    /// <param name="reference">(N, N) or (N, N, O, O).</param>
    /// <param name="difference">A kernel of the same shape.</param>
    /// <param name="eigenspace">The number of leading eigenvectors compared; null for ten, or as many as there are.</param>
    /// <param name="cancellation">Stops between decompositions.</param>
    /// <exception cref="NtkException">Kernels that do not fit each other, or are zero.</exception>
    public static NtkKernelComparison Compare(NtkTensor reference, NtkTensor difference, int? eigenspace = null, CancellationToken cancellation = default)
    {
        if (!reference.Shape.AsSpan().SequenceEqual(difference.Shape))
        {
            throw new NtkException(NtkErrorId.ShapeMismatch,
                $"-ReferenceObject has the shape {NtkShape.Format(reference.Shape)} and -DifferenceObject {NtkShape.Format(difference.Shape)}; kernels of the same examples are compared.") { Target = "-DifferenceObject" };
        }
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        Tensor a = KernelMatrix.ReadSymmetric(reference, "-ReferenceObject"), b = KernelMatrix.ReadSymmetric(difference, "-DifferenceObject");
        int count = (int)a.shape[0], top = eigenspace ?? Math.Min(10, count);
        if (top < 1 || top > count)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-EigenspaceSize is {top}; of kernels with {count} eigenvectors it is 1 to {count}.") { Target = "-EigenspaceSize" };
        }
        double normA = Norm(a), normB = Norm(b);
        foreach ((double norm, string argument) in new[] { (normA, "-ReferenceObject"), (normB, "-DifferenceObject") })
        {
            _ = norm > 0 ? norm : throw new NtkException(NtkErrorId.InvalidArgument, $"{argument} is zero everywhere; it has no direction to compare.") { Target = argument };
        }
        Tensor overlap = Leading(a, top, cancellation).t().mm(Leading(b, top, cancellation));
        return new NtkKernelComparison(difference.Name, count, Cosine(Centred(a), Centred(b)), Inner(a, b) / normA / normB, Norm(b - a) / normA, normB / normA,
            overlap.square().sum().ToDouble() / top, top);
    }

    /// <summary>How well a kernel's eigenvectors hold the targets.</summary>
    /// <param name="kernel">The kernel of the examples with themselves, (N, N).</param>
    /// <param name="targets">What the examples are; classes count as one-hot minus 1 / classes.</param>
    /// <param name="cancellation">Stops before the decomposition.</param>
    /// <exception cref="NtkException">Kernel and targets that do not fit, or targets that are zero.</exception>
    public static NtkAlignment Align(NtkTensor kernel, RegressionTargets targets, CancellationToken cancellation = default)
    {
        KernelRegression.CheckShapes(kernel, null, targets.Count, "-InputObject");
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        Tensor k = KernelMatrix.ReadSymmetric(kernel, "-InputObject"), y = KernelMatrix.Real(targets.Values, "-YTrain");
        double total = y.square().sum().ToDouble();
        if (total == 0)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, "-YTrain is zero everywhere; it has no direction to align with.") { Target = "-YTrain" };
        }
        cancellation.ThrowIfCancellationRequested();
        (Tensor values, Tensor vectors) = linalg.eigh(k);
        double[] shares = vectors.t().mm(y).square().sum(1).div_(total).flip(0).data<double>().ToArray();
        var sums = new double[shares.Length];
        double sum = 0;
        for (int i = 0; i < shares.Length; i++)
        {
            sums[i] = sum += shares[i];
        }
        int dimension = Array.FindIndex(sums, s => s >= 0.9) + 1;
        Tensor outer = y.mm(y.t());
        return new NtkAlignment(kernel.Name, shares.Length, Cosine(k, outer), Cosine(Centred(k), Centred(outer)), dimension, values.flip(0).data<double>().ToArray(), shares, sums);
    }

    private static int Rank(double[] descending, NtkDType dtype)
    {
        double rounding = Math.Abs(descending[0]) * KernelMatrix.Epsilon(dtype) * descending.Length;
        return descending.Count(v => v > rounding);
    }

    private static double Slope(double[] descending, int rank)
    {
        if (rank < 2)
        {
            return double.NaN;
        }
        double[] x = [.. Enumerable.Range(1, rank).Select(i => Math.Log(i))], y = [.. descending.Take(rank).Select(v => Math.Log(v))];
        double meanX = x.Average(), meanY = y.Average();
        return x.Zip(y, (a, b) => (a - meanX) * (b - meanY)).Sum() / x.Sum(a => (a - meanX) * (a - meanX));
    }

    private static Tensor Leading(Tensor kernel, int count, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        (_, Tensor vectors) = linalg.eigh(kernel);
        return vectors.narrow(1, kernel.shape[0] - count, count);
    }

    private static Tensor Centred(Tensor kernel) => kernel - kernel.mean([0], true) - kernel.mean([1], true) + kernel.mean();

    private static double Inner(Tensor a, Tensor b) => a.mul(b).sum().ToDouble();

    private static double Norm(Tensor a) => Math.Sqrt(Inner(a, a));

    // NaN where one is zero: centred, a constant kernel is.
    private static double Cosine(Tensor a, Tensor b) => Inner(a, b) / (Norm(a) * Norm(b));
}
