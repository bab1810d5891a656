using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Decompositions, inverses and solutions of linear systems, of the last two axes.</summary>
internal static class LinearAlgebraOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("Cholesky", c => Lax.Cholesky(c[0])),
        new("MatrixInverse", c => Lax.Inverse(Adjoint(c[0], c.Bool("adjoint")))),
        new("MatrixSolve", c => Lax.Solve(Adjoint(c[0], c.Bool("adjoint")), c[1])),
        new("MatrixTriangularSolve", TriangularSolve), new("BatchMatrixTriangularSolve", TriangularSolve),
        new("MatrixDeterminant", c => Lax.Determinant(c[0])),
        new("LogMatrixDeterminant", LogDeterminant, "sign", "log_abs_determinant"),
        new("SelfAdjointEigV2", SelfAdjointEig, "e", "v"), new("Svd", Svd, "s", "u", "v"), new("Qr", Qr, "q", "r"), new("Eig", Eig, "e", "v"), new("Lu", Lu, "lu", "p"),
        new("MatrixSquareRoot", c => Lax.SquareRoot(c[0])), new("MatrixExponential", c => Lax.MatrixExponential(c[0])), new("MatrixLogarithm", c => Lax.MatrixLogarithm(c[0])),
        // The names of TensorFlow's first releases.
        new("BatchCholesky", c => Lax.Cholesky(c[0])), new("BatchMatrixInverse", c => Lax.Inverse(Adjoint(c[0], c.Bool("adjoint")))),
        new("BatchMatrixSolve", c => Lax.Solve(Adjoint(c[0], c.Bool("adjoint")), c[1])), new("BatchMatrixDeterminant", c => Lax.Determinant(c[0])),
        new("BatchSelfAdjointEigV2", SelfAdjointEig, "e", "v"), new("BatchSvd", Svd, "s", "u", "v"),
    ];

    private static Value Adjoint(Value x, bool adjoint) => adjoint ? Lax.Conjugate(Lax.SwapAxes(x, -1, -2)) : x;

    // MatrixTriangularSolve(matrix, rhs; lower, adjoint): only one triangle is read.
    private static OpResult TriangularSolve(OpContext c)
    {
        Value matrix = Lax.Triangle(c[0], lower: c.Bool("lower", true));
        matrix = Adjoint(matrix, c.Bool("adjoint"));
        long[] batch = Shapes.Broadcast(matrix.Shape[..^2], c[1].Shape[..^2]);
        return Lax.Solve(Lax.BroadcastTo(matrix, [.. batch, .. matrix.Shape[^2..]]), Lax.BroadcastTo(c[1], [.. batch, .. c[1].Shape[^2..]]));
    }

    private static OpResult LogDeterminant(OpContext c)
    {
        (Value sign, Value logarithm) = Lax.LogDeterminant(c[0]);
        return new[] { sign, logarithm };
    }

    private static OpResult SelfAdjointEig(OpContext c)
    {
        bool vectors = c.Bool("compute_v", true);
        (Value values, Value basis) = Lax.SelfAdjointEigen(c[0]);
        return new[] { values, vectors ? basis : ArrayOps.Filled(basis, [0], 0) };
    }

    private static OpResult Eig(OpContext c)
    {
        _ = c.Type("Tout", DataType.DtComplex64);
        bool vectors = c.Bool("compute_v", true);
        (Value values, Value basis) = Lax.Eigen(c[0]);
        return new[] { values, vectors ? basis : ArrayOps.Filled(basis, [0], 0) };
    }

    private static OpResult Lu(OpContext c)
    {
        (Value factors, Value order) = Lax.LowerUpper(c[0]);
        return new[] { factors, Lax.Cast(order, c.Type("output_idx_type", DataType.DtInt32)) };
    }

    private static OpResult Svd(OpContext c)
    {
        bool vectors = c.Bool("compute_uv", true), full = c.Bool("full_matrices");
        (Value s, Value u, Value v) = full ? Lax.FullSingularValues(c[0]) : Lax.SingularValues(c[0]);
        Value none = ArrayOps.Filled(u, [0], 0);
        return vectors ? new[] { s, u, v } : [s, none, none];
    }

    private static OpResult Qr(OpContext c)
    {
        if (c.Bool("full_matrices") && c[0].Shape[^2] > c[0].Shape[^1])
        {
            throw OpContext.Unsupported("full_matrices of a matrix that is taller than wide");
        }
        (Value q, Value r) = Lax.Qr(c[0]);
        return new[] { q, r };
    }
}
