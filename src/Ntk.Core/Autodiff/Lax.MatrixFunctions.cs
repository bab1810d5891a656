using Ntk.Core.Autodiff.Primitives;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <content>Functions of matrices that need not be symmetric; written as their neighbours in Lax.LinearAlgebra.cs are.</content>
public static partial class Lax
{
    private static readonly Primitive s_generalEigenvalues = new MatrixFunction("general_eigenvalues", x => linalg.eig(x[0]).Item1, x => ComplexOf(Square("eig")(x)).With(x[0].Shape[..^1]));
    private static readonly Primitive s_generalEigenvectors = new MatrixFunction("general_eigenvectors", x => linalg.eig(x[0]).Item2, x => ComplexOf(Square("eig")(x)));
    private static readonly Primitive s_lower = new MatrixFunction("lu_lower", x => linalg.lu(x[0]).Item2, Square("lu"));
    private static readonly Primitive s_upper = new MatrixFunction("lu_upper", x => linalg.lu(x[0]).Item3, Square("lu"));
    private static readonly Primitive s_rowOrder = new MatrixFunction("lu_order", x => linalg.lu(x[0]).Item1.abs().argmax(-2), x => new(ScalarType.Int64, Square("lu")(x).Shape[..^1]));
    private static readonly Primitive s_squareRoot = new MatrixFunction("matrix_sqrt", x => SquareRootOf(x[0]), Square("sqrtm"));
    private static readonly Primitive s_exponential = new MatrixFunction("matrix_exp", x => matrix_exp(x[0]), Square("expm"));
    private static readonly Primitive s_sylvester = new MatrixFunction("sylvester", SylvesterInverse, ElementsByElements);
    private static readonly Primitive s_exponentialJacobian = new MatrixFunction("matrix_exp_jacobian", ExponentialJacobian, ElementsByElements);
    private static readonly Primitive s_logarithm = new MatrixFunction("matrix_log", x => LogarithmOf(x[0]), Square("logm"));

    /// <summary>Eigenvalues and eigenvectors (columns of length one), complex, of a matrix that need not be symmetric.</summary>
    public static (Value Values, Value Vectors) Eigen(Value x)
    {
        Value values = x.Trace.Apply(s_generalEigenvalues, x), vectors = x.Trace.Apply(s_generalEigenvectors, x);
        if (x.IsKnown())
        {
            return (values, vectors);
        }
        Value change = Cast(Change(x), vectors.DType), inner = MatMul(MatMul(x.Trace.Apply(s_inverse, vectors), change), vectors);
        Value gaps = ExpandDims(values, -2) - ExpandDims(values, -1);
        Value turned = MatMul(vectors, inner * DivideNoNan(ScalarLike(gaps, 1), gaps));
        // The length stays one.
        Value along = Cast(Real(Sum(Conjugate(vectors) * turned, [-2], keepDims: true)), vectors.DType);
        return (values + Diagonal(inner), vectors + turned - (vectors * along));
    }

    /// <summary>l and u in one matrix (the ones on l's diagonal left out) and the order of rows p, with l·u = x[p].</summary>
    public static (Value Factors, Value Order) LowerUpper(Value x)
    {
        Value lower = x.Trace.Apply(s_lower, x), upper = x.Trace.Apply(s_upper, x), order = x.Trace.Apply(s_rowOrder, x);
        if (!x.IsKnown())
        {
            Value change = Gather(Change(x), order, x.Rank - 2, x.Rank - 2);
            Value inner = MatMul(MatMul(x.Trace.Apply(s_inverse, lower), change), x.Trace.Apply(s_inverse, upper));
            Value strict = Triangle(inner, lower: true) - (inner * Identity(inner));
            (lower, upper) = (lower + MatMul(lower, strict), upper + MatMul(inner - strict, upper));
        }
        return (lower - Identity(lower) + upper, order);
    }

    /// <summary>The principal square root: y·y = x.</summary>
    public static Value SquareRoot(Value x)
    {
        // y·dy + dy·y = dx, solved for the elements of dy.
        Value root = x.Trace.Apply(s_squareRoot, x);
        return WithElements(root, x, _ => x.Trace.Apply(s_sylvester, root));
    }

    /// <summary>eˣ of a matrix.</summary>
    public static Value MatrixExponential(Value x) => WithElements(x.Trace.Apply(s_exponential, x), x, x => x.Trace.Apply(s_exponentialJacobian, x));

    /// <summary>The principal logarithm: the exponential of it is x.</summary>
    public static Value MatrixLogarithm(Value x)
    {
        Value logarithm = x.Trace.Apply(s_logarithm, x);
        return WithElements(logarithm, x, _ => x.Trace.Apply(s_inverse, x.Trace.Apply(s_exponentialJacobian, logarithm)));
    }

    // A function's value with its derivative, a matrix between elements in row-major order.
    private static Value WithElements(Value value, Value x, Func<Value, Value> jacobian)
    {
        long n = x.Shape[^1];
        return x.IsKnown() ? value : value + Reshape(MatMul(jacobian(x), Reshape(Change(x), [.. x.Shape[..^2], n * n, 1])), x.Shape);
    }

    private static TensorType ComplexOf(TensorType type) => type with { DType = type.DType is ScalarType.Float64 or ScalarType.ComplexFloat64 ? ScalarType.ComplexFloat64 : ScalarType.ComplexFloat32 };

    private static TensorType ElementsByElements(TensorType[] x) => x[0].With([.. x[0].Shape[..^2], x[0].Shape[^1] * x[0].Shape[^1], x[0].Shape[^1] * x[0].Shape[^1]]);

    // Newton's iteration in the form of Denman and Beavers, always in double precision.
    private static Tensor SquareRootOf(Tensor x)
    {
        const int MostSteps = 100;
        const double Enough = 1e-14;
        Tensor y = x.to(x.is_complex() ? ScalarType.ComplexFloat64 : ScalarType.Float64), z = eye(x.shape[^1], dtype: y.dtype).expand(x.shape);
        for (int step = 0; step < MostSteps; step++)
        {
            Tensor next = (y + linalg.inv(z)) * 0.5;
            z = (z + linalg.inv(y)) * 0.5;
            double moved = (next - y).abs().max().item<double>(), size = next.abs().max().item<double>();
            y = next;
            if (!(moved > Enough * size))
            {
                break;
            }
        }
        return y.to(x.dtype);
    }

    // Square roots until x is near one; there log x = 2 artanh((x − 1) / (x + 1)).
    private static Tensor LogarithmOf(Tensor x)
    {
        const int MostRoots = 60, Terms = 12;
        const double Near = 0.1;
        Tensor y = x.to(x.is_complex() ? ScalarType.ComplexFloat64 : ScalarType.Float64), one = eye(x.shape[^1], dtype: y.dtype);
        double factor = 2;
        for (int i = 0; i < MostRoots && (y - one).abs().max().item<double>() > Near; i++)
        {
            y = SquareRootOf(y);
            factor *= 2;
        }
        Tensor w = linalg.solve(y + one, y - one), square = w.matmul(w), power = w, sum = w;
        for (int k = 1; k < Terms; k++)
        {
            power = power.matmul(square);
            sum += power / ((2 * k) + 1);
        }
        return (sum * factor).to(x.dtype);
    }

    // Column (i, j): the upper right block of the exponential of ((x, e), (0, x)), where e is one at (i, j).
    private static Tensor ExponentialJacobian(Tensor[] operands)
    {
        Tensor x = operands[0];
        long n = x.shape[^1];
        Tensor basis = eye(n * n, dtype: x.dtype).reshape(n * n, n, n), wide = x.unsqueeze(-3).expand([.. x.shape[..^2], n * n, n, n]);
        Tensor block = cat([cat([wide, basis.expand_as(wide)], -1), cat([zeros_like(wide), wide], -1)], -2);
        return matrix_exp(block).narrow(-2, 0, n).narrow(-1, n, n).reshape([.. x.shape[..^2], n * n, n * n]).mT;
    }

    // The inverse of dy ↦ y·dy + dy·y on dy's elements in row-major order: y ⊗ 1 + 1 ⊗ yᵀ.
    private static Tensor SylvesterInverse(Tensor[] operands)
    {
        Tensor y = operands[0], one = eye(y.shape[^1], dtype: y.dtype);
        long n = y.shape[^1];
        long[] wide = [.. y.shape[..^2], n * n, n * n];
        Tensor left = (y.unsqueeze(-2).unsqueeze(-1) * one.unsqueeze(0).unsqueeze(2)).reshape(wide), right = (one.unsqueeze(1).unsqueeze(-1) * y.mT.unsqueeze(-3).unsqueeze(-2)).reshape(wide);
        return linalg.inv(left + right);
    }
}
