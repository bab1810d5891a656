using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ntk.Core.Tensors;

/// <summary>
/// Matrix products by the faster of libtorch's two libraries. MKL multiplies matrices with 256-bit instructions on processors that are not Intel's, also on those
/// that have 512-bit ones; oneDNN, which libtorch takes for convolutions, uses what there is. A product is a convolution with a window of one: its rows are the
/// positions, the contracted axis the channels.
/// </summary>
internal static class MatrixProduct
{
    // Where the convolution's preparation costs more than it gains (measured; docs/performance.md).
    private const long LeastRows = 64, LeastColumns = 16, MostContracted = 1 << 14;
    private const double LeastFlops = 4e6, LeastBatchedFlops = 3e7;

    private static readonly bool ConvolutionIsFaster = Avx512F.IsSupported && !IsIntel();

    /// <summary>Whether products of so many long rows are faster cut along the contracted axis.</summary>
    public static bool PrefersPanels(long rows, ScalarType dtype) => ConvolutionIsFaster && dtype == ScalarType.Float32 && rows >= LeastRows;

    /// <summary>(M, K) · (K, N) → (M, N).</summary>
    public static Tensor Multiply(Tensor left, Tensor right)
    {
        long[] l = left.shape, r = right.shape;
        return ConvolutionIsFaster && left.dtype == ScalarType.Float32 && Gains(l[0], l[1], r[1], LeastFlops) ? ThroughConvolution(left, right) : left.mm(right);
    }

    /// <summary>(B, M, K) · (B, K, N) → (B, M, N).</summary>
    public static Tensor MultiplyBatch(Tensor left, Tensor right)
    {
        long[] l = left.shape, r = right.shape;
        if (l[0] == 1)
        {
            using Tensor one = left.squeeze(0), other = right.squeeze(0), product = Multiply(one, other);
            return product.unsqueeze(0);
        }
        if (!ConvolutionIsFaster || left.dtype != ScalarType.Float32 || !Gains(l[1], l[2], r[2], LeastBatchedFlops))
        {
            return left.bmm(right);
        }
        Tensor result = empty([l[0], l[1], r[2]], left.dtype);
        for (long b = 0; b < l[0]; b++)
        {
            using Tensor one = left[b], other = right[b], product = ThroughConvolution(one, other), place = result[b];
            place.copy_(product);
        }
        return result;
    }

    /// <summary>The product by a convolution, whatever the processor.</summary>
    internal static Tensor ThroughConvolution(Tensor left, Tensor right)
    {
        using Tensor transposed = right.t();
        if (left.shape[0] >= transposed.shape[0] || left.shape[0] >= 2 * LeastRows)
        {
            return Convolve(left, transposed);
        }
        // Few rows: the other operand has the positions, and the few are the kernel.
        using Tensor product = Convolve(transposed, left);
        return product.t();
    }

    private static bool Gains(long rows, long contracted, long columns, double least) =>
        Math.Max(rows, columns) >= LeastRows && Math.Min(rows, columns) >= LeastColumns && contracted <= MostContracted && 2.0 * rows * contracted * columns >= least;

    // (M, K), (N, K) → (M, N). Both are read along K; a view that is not laid out so is copied.
    private static Tensor Convolve(Tensor rows, Tensor columns)
    {
        long m = rows.shape[0], k = rows.shape[1], n = columns.shape[0];
        using Tensor positions = rows.reshape(1, m, 1, k), input = positions.permute(0, 3, 1, 2);
        using Tensor whole = columns.contiguous(), weight = whole.reshape(n, k, 1, 1);
        using Tensor output = functional.conv2d(input, weight), last = output.permute(0, 2, 3, 1);
        return last.reshape(m, n);
    }

    private static bool IsIntel()
    {
        if (!X86Base.IsSupported)
        {
            return false;
        }
        (_, int b, int c, int d) = X86Base.CpuId(0, 0);
        // "GenuineIntel", spelled in three registers.
        return (b, d, c) == (0x756e6547, 0x49656e69, 0x6c65746e);
    }
}
