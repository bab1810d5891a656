using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis;

/// <summary>
/// Kernels as float64 matrices. A kernel's axes come in pairs, first x1's and then x2's; the matrix has x1's axes joined as rows and x2's as columns:
/// (N, N', O, O') becomes (N·O, N'·O').
/// </summary>
internal static class KernelMatrix
{
    /// <summary>The elements in float64.</summary>
    /// <exception cref="NtkException">They are complex, or not finite.</exception>
    public static Tensor Real(NtkTensor tensor, string argument)
    {
        if (tensor.DType.IsComplex())
        {
            throw new NtkException(NtkErrorId.DTypeMismatch, $"{argument} is complex; real numbers are expected.") { Target = argument };
        }
        Tensor result = TorchTensors.ToTorch(tensor).to(ScalarType.Float64);
        return result.isfinite().all().ToBoolean() ? result : throw new NtkException(NtkErrorId.InvalidArgument,
            $"{argument} has values that are NaN or infinite; look for them in the model's input and parameters.") { Target = argument };
    }

    /// <summary>The kernel as a matrix.</summary>
    /// <exception cref="NtkException">Its axes do not come in pairs.</exception>
    public static Tensor Read(NtkTensor kernel, string argument)
    {
        if (kernel.Rank == 0 || kernel.Rank % 2 != 0)
        {
            throw new NtkException(NtkErrorId.ShapeMismatch,
                $"{argument} has the shape {NtkShape.Format(kernel.Shape)}; a kernel's axes come in pairs, (N, N) or (N, N, O, O). Compute it with a trace over the output axis (-TraceAxis -1, the default) or without (-TraceAxis @()).") { Target = argument };
        }
        Tensor k = Real(kernel, argument);
        return kernel.Rank == 2 ? k : k.permute([.. Axes(kernel.Rank, 0), .. Axes(kernel.Rank, 1)]).reshape(Size(kernel.Shape, 0), Size(kernel.Shape, 1));
    }

    /// <summary>The kernel of some examples with themselves as a matrix, symmetric to rounding.</summary>
    /// <exception cref="NtkException">It is not square, or not symmetric beyond rounding.</exception>
    public static Tensor ReadSymmetric(NtkTensor kernel, string argument)
    {
        Tensor k = Read(kernel, argument);
        for (int axis = 0; axis < kernel.Rank; axis += 2)
        {
            if (kernel.Shape[axis] != kernel.Shape[axis + 1])
            {
                throw new NtkException(NtkErrorId.ShapeMismatch,
                    $"{argument} has the shape {NtkShape.Format(kernel.Shape)}, not that of a kernel of examples with themselves. Compute it with -X1 alone.") { Target = argument };
            }
        }
        if (k.shape[0] == 0)
        {
            throw new NtkException(NtkErrorId.ShapeMismatch, $"{argument} is empty.") { Target = argument };
        }
        CheckSymmetric(k, argument);
        return k;
    }

    /// <summary>A matrix of joined axes as a kernel: (N·O, N'·O') becomes (N, N', O, O').</summary>
    public static Tensor Zip(Tensor matrix, IReadOnlyList<long> rows, IReadOnlyList<long> columns) =>
        matrix.reshape([.. rows, .. columns]).permute(Enumerable.Range(0, rows.Count).SelectMany(axis => new long[] { axis, axis + rows.Count }).ToArray());

    /// <summary>x1's (0) or x2's (1) axes of a kernel's shape.</summary>
    public static long[] Sizes(int[] shape, int side) => Array.ConvertAll(Axes(shape.Length, side), axis => (long)shape[axis]);

    /// <summary>The relative spacing of the numbers that the kernel was computed in.</summary>
    public static double Epsilon(NtkDType dtype) => dtype switch
    {
        NtkDType.Float16 => 1.0 / 1024,
        NtkDType.BFloat16 => 1.0 / 128,
        NtkDType.Float32 => 1.0 / (1 << 23),
        _ => Math.BitIncrement(1.0) - 1,
    };

    private static long[] Axes(int rank, int side) => Enumerable.Range(0, rank / 2).Select(pair => (2L * pair) + side).ToArray();

    private static long Size(int[] shape, int side) => Sizes(shape, side).Aggregate(1L, (n, d) => n * d);

    private static void CheckSymmetric(Tensor k, string argument)
    {
        const double Rounding = 1e-3; // far above what float32 leaves, far below what another kernel shows
        const long Rows = 1024;       // of a large kernel no second copy is made
        double largest = 0, difference = 0;
        for (long start = 0; start < k.shape[0]; start += Rows)
        {
            using DisposeScope scope = NewDisposeScope();
            long count = Math.Min(Rows, k.shape[0] - start);
            Tensor rows = k.narrow(0, start, count);
            largest = Math.Max(largest, rows.abs().max().ToDouble());
            difference = Math.Max(difference, (rows - k.narrow(1, start, count).t()).abs_().max().ToDouble());
        }
        if (difference > Rounding * largest)
        {
            throw new NtkException(NtkErrorId.InvalidArgument,
                $"{argument} is not symmetric (two elements that should agree differ by {difference:G3}, of at most {largest:G3}); compute it with -X1 alone, the same examples on both sides.") { Target = argument };
        }
    }
}
