using Ntk.Core.Autodiff.Primitives;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <content>
/// Decompositions and inverses of the matrices in the last two axes. Each takes its value F₀ at the operand A₀ as a constant and adds the
/// derivative as a linear map of A − A₀, which is zero: F = F₀ + F′(A − A₀). First derivatives of either mode are exact, and need matrix products only.
/// </content>
public static partial class Lax
{
    private static readonly Primitive s_cholesky = new MatrixFunction("cholesky", x => linalg.cholesky(x[0]), Square("cholesky"));
    private static readonly Primitive s_inverse = new MatrixFunction("inverse", x => linalg.inv(x[0]), Square("inverse"));
    private static readonly Primitive s_solve = new MatrixFunction("solve", x => linalg.solve(x[0], x[1]), SolveShape);
    private static readonly Primitive s_determinant = new MatrixFunction("det", x => linalg.det(x[0]), x => Square("det")(x).With(x[0].Shape[..^2]));
    private static readonly Primitive s_determinantSign = new MatrixFunction("det_sign", x => linalg.slogdet(x[0]).Item1, x => Square("slogdet")(x).With(x[0].Shape[..^2]));
    private static readonly Primitive s_logDeterminant = new MatrixFunction("log_det", x => linalg.slogdet(x[0]).Item2, x => RealOf(Square("slogdet")(x)).With(x[0].Shape[..^2]));
    private static readonly Primitive s_eigenvalues = new MatrixFunction("eigenvalues", x => linalg.eigh(x[0]).Item1, x => RealOf(Square("eigh")(x)).With(x[0].Shape[..^1]));
    private static readonly Primitive s_eigenvectors = new MatrixFunction("eigenvectors", x => linalg.eigh(x[0]).Item2, Square("eigh"));
    private static readonly Primitive s_singularValues = new MatrixFunction("singular_values", x => linalg.svd(x[0], false).S, x => RealOf(x[0]).With([.. x[0].Shape[..^2], Less(x[0])]));
    private static readonly Primitive s_leftVectors = new MatrixFunction("left_vectors", x => linalg.svd(x[0], false).U, x => x[0].With([.. x[0].Shape[..^1], Less(x[0])]));
    private static readonly Primitive s_rightVectors = new MatrixFunction("right_vectors", x => linalg.svd(x[0], false).Vh.mH, x => x[0].With([.. x[0].Shape[..^2], x[0].Shape[^1], Less(x[0])]));
    private static readonly Primitive s_allLeftVectors = new MatrixFunction("all_left_vectors", x => linalg.svd(x[0], true).U, x => x[0].With([.. x[0].Shape[..^1], x[0].Shape[^2]]));
    private static readonly Primitive s_allRightVectors = new MatrixFunction("all_right_vectors", x => linalg.svd(x[0], true).Vh.mH, x => x[0].With([.. x[0].Shape[..^2], x[0].Shape[^1], x[0].Shape[^1]]));
    private static readonly Primitive s_qrQ = new MatrixFunction("qr_q", x => linalg.qr(x[0]).Q, x => x[0].With([.. x[0].Shape[..^1], Less(x[0])]));
    private static readonly Primitive s_qrR = new MatrixFunction("qr_r", x => linalg.qr(x[0]).R, x => x[0].With([.. x[0].Shape[..^2], Less(x[0]), x[0].Shape[^1]]));

    /// <summary>The lower triangular L with L·Lᴴ = x; the derivative is that of the symmetrised x, as in TensorFlow.</summary>
    public static Value Cholesky(Value x)
    {
        Value factor = x.Trace.Apply(s_cholesky, x);
        if (x.IsKnown())
        {
            return factor;
        }
        Value inverse = x.Trace.Apply(s_inverse, factor), change = Change(x);
        Value symmetric = (change + Adjoint(change)) * 0.5;
        Value inner = MatMul(MatMul(inverse, symmetric), Adjoint(inverse));
        return factor + MatMul(factor, inner * HalfTriangle(inner));
    }

    /// <summary>The inverse.</summary>
    public static Value Inverse(Value x)
    {
        Value inverse = x.Trace.Apply(s_inverse, x);
        return x.IsKnown() ? inverse : inverse - MatMul(MatMul(inverse, Change(x)), inverse);
    }

    /// <summary>The y with x·y = <paramref name="right"/>.</summary>
    public static Value Solve(Value x, Value right)
    {
        Value y = x.Trace.Apply(s_solve, x, right);
        if (y.IsKnown())
        {
            return y;
        }
        Value change = Change(right);
        return y + MatMul(x.Trace.Apply(s_inverse, x), x.IsKnown() ? change : change - MatMul(Change(x), y));
    }

    /// <summary>x with one strict triangle set to zero.</summary>
    public static Value Triangle(Value x, bool lower)
    {
        using Tensor all = ones([x.Shape[^2], x.Shape[^1]], ScalarType.Bool);
        return Select(x.Trace.Constant(lower ? all.tril() : all.triu()), x, ScalarLike(x, 0));
    }

    /// <summary>The determinant.</summary>
    public static Value Determinant(Value x)
    {
        Value determinant = x.Trace.Apply(s_determinant, x);
        return x.IsKnown() ? determinant : determinant + (determinant * TraceOfProduct(x.Trace.Apply(s_inverse, x), Change(x)));
    }

    /// <summary>The determinant's sign and the logarithm of its magnitude.</summary>
    public static (Value Sign, Value Logarithm) LogDeterminant(Value x)
    {
        Value sign = x.Trace.Apply(s_determinantSign, x), logarithm = x.Trace.Apply(s_logDeterminant, x);
        return (sign, x.IsKnown() ? logarithm : logarithm + Real(TraceOfProduct(x.Trace.Apply(s_inverse, x), Change(x))));
    }

    /// <summary>Ascending eigenvalues and eigenvectors (columns) of a symmetric or Hermitian matrix, of which the lower triangle is read.</summary>
    public static (Value Values, Value Vectors) SelfAdjointEigen(Value x)
    {
        Value values = x.Trace.Apply(s_eigenvalues, x), vectors = x.Trace.Apply(s_eigenvectors, x);
        if (x.IsKnown())
        {
            return (values, vectors);
        }
        Value lower = Triangle(Change(x), lower: true);
        Value change = lower + Adjoint(lower - (lower * Identity(lower)));
        Value inner = MatMul(MatMul(Adjoint(vectors), change), vectors);
        Value gaps = Cast(ExpandDims(values, -2) - ExpandDims(values, -1), x.DType);
        Value turn = inner * DivideNoNan(ScalarLike(gaps, 1), gaps);
        return (values + Real(Diagonal(inner)), vectors + MatMul(vectors, turn));
    }

    /// <summary>Singular values, descending, and the left and right singular vectors (columns), as many as the shorter side.</summary>
    public static (Value Values, Value Left, Value Right) SingularValues(Value x)
    {
        Value s = x.Trace.Apply(s_singularValues, x), u = x.Trace.Apply(s_leftVectors, x), v = x.Trace.Apply(s_rightVectors, x);
        if (x.IsKnown())
        {
            return (s, u, v);
        }
        Value change = Change(x), inner = MatMul(MatMul(Adjoint(u), change), v), adjoint = Adjoint(inner);
        Value row = Cast(ExpandDims(s, -2), x.DType), column = Cast(ExpandDims(s, -1), x.DType);
        Value gaps = Square(row) - Square(column), f = DivideNoNan(ScalarLike(gaps, 1), gaps);
        // What leaves the spans of the singular vectors, where there is room: (1 − u·uᴴ)·dA·v/s and the like.
        Value uChange = MatMul(u, f * ((inner * row) + (column * adjoint))), vChange = MatMul(v, f * ((column * inner) + (adjoint * row)));
        Value outward = MatMul(change, v), inward = MatMul(Adjoint(change), u);
        uChange += (outward - MatMul(u, inner)) / row;
        vChange += (inward - MatMul(v, adjoint)) / row;
        return (s + Real(Diagonal(inner)), u + uChange, v + vChange);
    }

    /// <summary>Singular values and whole orthonormal bases of both sides.</summary>
    public static (Value Values, Value Left, Value Right) FullSingularValues(Value x)
    {
        (Value s, Value u, Value v) = SingularValues(x);
        return (s, Complete(u, x.Trace.Apply(s_allLeftVectors, x)), Complete(v, x.Trace.Apply(s_allRightVectors, x)));
    }

    /// <summary>Orthonormal columns q and upper triangular (or, of a wide x, trapezoidal) r with q·r = x.</summary>
    public static (Value Q, Value R) Qr(Value x)
    {
        long rows = x.Shape[^2], columns = x.Shape[^1];
        if (columns > rows && !x.IsKnown())
        {
            // The first columns determine q.
            (Value square, Value left) = Qr(SliceAxis(x, -1, 0, rows));
            return (square, Concat([left, MatMul(Adjoint(square), SliceAxis(x, -1, rows, columns - rows))], -1));
        }
        Value q = x.Trace.Apply(s_qrQ, x), r = x.Trace.Apply(s_qrR, x);
        if (x.IsKnown())
        {
            return (q, r);
        }
        Value quotient = MatMul(Change(x), x.Trace.Apply(s_inverse, r)), inner = MatMul(Adjoint(q), quotient);
        Value strict = Triangle(inner, lower: true) - (inner * Identity(inner));
        Value turn = strict - Adjoint(strict);
        return (q + MatMul(q, turn) + quotient - MatMul(q, inner), r + MatMul(inner - turn, r));
    }

    /// <summary>
    /// An orthonormal basis of all dimensions whose first columns are <paramref name="basis"/>. The further ones turn no more than they must (what they turn
    /// into one another is free); one alone is determined.
    /// </summary>
    /// <param name="basis">Orthonormal columns.</param>
    /// <param name="full">All columns where <paramref name="basis"/> was computed; a constant to the derivative.</param>
    private static Value Complete(Value basis, Value full)
    {
        long own = basis.Shape[^1], all = full.Shape[^1];
        if (own == all)
        {
            return basis;
        }
        Value further = SliceAxis(full, -1, own, all - own);
        return Concat([basis, basis.IsKnown() ? further : further - MatMul(StopGradient(basis), MatMul(Adjoint(Change(basis)), further))], -1);
    }

    private static Value Adjoint(Value x) => Conjugate(SwapAxes(x, -1, -2));

    private static Value Identity(Value like) => like.Trace.Constant(eye(like.Shape[^1], dtype: like.DType));

    private static Value HalfTriangle(Value like)
    {
        using Tensor half = ones([like.Shape[^1], like.Shape[^1]], like.DType).tril() - (eye(like.Shape[^1], dtype: like.DType) * 0.5);
        return like.Trace.Constant(half.alias());
    }

    private static Value TraceOfProduct(Value x, Value y) => Sum(x * SwapAxes(y, -1, -2), [-1, -2]);

    private static Value Diagonal(Value x) => Sum(x * Identity(x), [-1]);

    private static TensorType RealOf(TensorType type) => type with { DType = type.DType.IsComplex() ? RealType(type.DType) : type.DType };

    private static long Less(TensorType type) => Math.Min(type.Shape[^1], type.Shape[^2]);

    private static Func<TensorType[], TensorType> Square(string name) => x =>
        x[0].Shape[^1] == x[0].Shape[^2] ? x[0] : throw new ShapeException($"{name}: {x[0]} is not square");

    private static TensorType SolveShape(TensorType[] x) => Square("solve")(x).Shape[^1] == x[1].Shape[^2] && x[0].Shape.AsSpan()[..^2].SequenceEqual(x[1].Shape.AsSpan()[..^2])
        ? x[1] : throw new ShapeException($"solve: {x[0]} and {x[1]}");
}
