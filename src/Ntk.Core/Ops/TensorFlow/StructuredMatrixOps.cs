using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Least squares, and products and systems of matrices that are given by their diagonals or as sparse tensors.</summary>
internal static class StructuredMatrixOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("MatrixSolveLs", LeastSquares), new("BatchMatrixSolveLs", LeastSquares), new("TridiagonalSolve", TridiagonalSolve), new("TridiagonalMatMul", TridiagonalProduct),
        new("BandedTriangularSolve", BandedSolve), new("SparseTensorDenseMatMul", SparseProduct), new("SparseMatMul", DenseProduct),
    ];

    // MatrixSolveLs(matrix (m, n), rhs, l2_regularizer; fast): the shorter side's normal equations; without fast an orthogonal decomposition of a matrix of full rank.
    private static OpResult LeastSquares(OpContext c)
    {
        Value a = c[0], b = c[1];
        bool fast = c.Bool("fast", true), tall = a.Shape[^2] >= a.Shape[^1];
        if (!fast)
        {
            (Value q, Value r) = Lax.Qr(tall ? a : Adjoint(a));
            return tall ? Lax.Solve(r, Lax.MatMul(Adjoint(q), b)) : Lax.MatMul(q, Lax.Solve(Adjoint(r), b));
        }
        Value adjoint = Adjoint(a), gram = tall ? Lax.MatMul(adjoint, a) : Lax.MatMul(a, adjoint);
        Value regularizer = Lax.Cast(c[2], a.DType) * c.Trace.Constant(eye(gram.Shape[^1], dtype: a.DType));
        return tall ? Lax.Solve(gram + regularizer, Lax.MatMul(adjoint, b)) : Lax.MatMul(adjoint, Lax.Solve(gram + regularizer, b));
    }

    // TridiagonalSolve(diagonals (…, 3, n): above, on and below the diagonal; rhs (…, n, k)): the last element above and the first below are not read.
    private static OpResult TridiagonalSolve(OpContext c)
    {
        // How to pivot is no part of the result.
        _ = c.Bool("partial_pivoting", true);
        _ = c.Bool("perturb_singular");
        long n = c[0].Shape[^1];
        return Lax.Solve(Spread(c[0], n, (diagonal, i) => diagonal == 0 ? (i, i + 1) : diagonal == 1 ? (i, i) : (i, i - 1)), c[1]);
    }

    // TridiagonalMatMul(superdiag, maindiag, subdiag (…, 1, n), rhs (…, n, k))
    private static OpResult TridiagonalProduct(OpContext c)
    {
        Value rhs = c[3];
        Value Part(int diagonal) => Lax.SwapAxes(c[diagonal], -1, -2);
        Value Shifted(long by)
        {
            Value zero = ArrayOps.Filled(rhs, [.. rhs.Shape[..^2], 1, rhs.Shape[^1]], 0);
            return by > 0 ? Lax.Concat([Lax.SliceAxis(rhs, -2, 1, rhs.Shape[^2] - 1), zero], -2) : Lax.Concat([zero, Lax.SliceAxis(rhs, -2, 0, rhs.Shape[^2] - 1)], -2);
        }
        return (Part(0) * Shifted(1)) + (Part(1) * rhs) + (Part(2) * Shifted(-1));
    }

    // BandedTriangularSolve(bands (…, b, n), rhs; lower, adjoint): element j of a band lies in row j; the diagonal is the first band when lower, the last when upper.
    private static OpResult BandedSolve(OpContext c)
    {
        bool lower = c.Bool("lower", true);
        long bands = c[0].Shape[^2], n = c[0].Shape[^1];
        Value matrix = Spread(c[0], n, (band, j) => lower ? (j, j - band) : (j, j + bands - 1 - band));
        return Lax.Solve(c.Bool("adjoint") ? Adjoint(matrix) : matrix, c[1]);
    }

    // The square matrix whose elements are those of (…, bands, n) at given places; those outside are left out.
    private static Value Spread(Value bands, long n, Func<long, long, (long Row, long Column)> place)
    {
        long count = bands.Shape[^2];
        var index = new long[n * n];
        Array.Fill(index, count * n);
        for (long i = 0; i < count * n; i++)
        {
            (long row, long column) = place(i / n, i % n);
            if (row >= 0 && row < n && column >= 0 && column < n)
            {
                index[(row * n) + column] = i;
            }
        }
        long[] batch = bands.Shape[..^2];
        Value flat = Lax.Concat([Lax.Reshape(bands, [.. batch, count * n]), ArrayOps.Filled(bands, [.. batch, 1], 0)], -1);
        return Lax.Reshape(Lax.Gather(flat, bands.Trace.Integers(index), -1), [.. batch, n, n]);
    }

    // SparseTensorDenseMatMul(indices, values, shape, b; adjoint_a, adjoint_b)
    private static OpResult SparseProduct(OpContext c)
    {
        bool a = c.Bool("adjoint_a"), b = c.Bool("adjoint_b");
        Value left = Lax.ScatterNd(c[0], c[1], c.Known(2));
        return Lax.MatMul(a ? Lax.Conjugate(left) : left, b ? Lax.Conjugate(c[3]) : c[3], a, b);
    }

    // Matrices that are mostly zeros, but stored in full.
    private static OpResult DenseProduct(OpContext c)
    {
        _ = c.Bool("a_is_sparse");
        _ = c.Bool("b_is_sparse");
        return Lax.MatMul(c[0], c[1], c.Bool("transpose_a"), c.Bool("transpose_b"));
    }

    private static Value Adjoint(Value x) => Lax.Conjugate(Lax.SwapAxes(x, -1, -2));
}
