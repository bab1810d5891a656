using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Autodiff;

/// <summary>One way to use a primitive: operands drawn uniformly from an interval.</summary>
public sealed record PrimitiveCase(Func<Value[], Value> Build, double Low, double High, params long[][] Shapes)
{
    /// <summary>The same function of libtorch's, where recording the primitives' own evaluations would not say how libtorch differentiates it.</summary>
    public Func<Tensor[], Tensor>? Torch { get; init; }

    /// <summary>Whether finite differences give its derivative; they see through what is held fixed on purpose.</summary>
    public bool IsNumeric { get; init; } = true;

    /// <summary>The program, its operands as parameters.</summary>
    public Program Trace()
    {
        var trace = new Trace(ScalarType.Float64);
        return trace.Finish([Build(Array.ConvertAll(Shapes, s => trace.Parameter(new TensorType(ScalarType.Float64, s))))]);
    }

    /// <summary>Operands, the same in each call.</summary>
    public Tensor[] Draw()
    {
        var generator = new Generator(7);
        return Array.ConvertAll(Shapes, s => (rand(s, ScalarType.Float64, generator: generator) * (High - Low)) + Low);
    }

    /// <summary>The Jacobian (outputs, operand's elements) by each operand, all rows pulled back at once.</summary>
    public static Tensor[] ReverseJacobian(Program program, Tensor[] values) => ReverseJacobian(program, values, new Tensor?[program.Variables.Length]);

    /// <summary>The same, with the inputs among <paramref name="all"/> variables' values.</summary>
    public static Tensor[] ReverseJacobian(Program program, Tensor[] values, Tensor?[] all)
    {
        ForwardPass.Bind(program, program.Parameters, values, all);
        ForwardPass.Evaluate(program, all, _ => true, Enumerable.Repeat(-1, all.Length).ToArray(), default);
        TensorType type = program.Variables[program.Outputs[0]].Type;
        var cotangents = new Dictionary<int, Tensor> { [program.Outputs[0]] = eye(type.Count, type.Count, ScalarType.Float64).reshape([type.Count, .. type.Shape]) };
        ReversePass.Run(program, all, cotangents, _ => true);
        return values.Select((value, p) => cotangents.TryGetValue(program.Parameters[p], out Tensor? rows)
            ? rows.reshape(type.Count, value.numel()) : zeros([type.Count, value.numel()], ScalarType.Float64)).ToArray();
    }
}

/// <summary>A row for each primitive, and for each of its options that changes a derivative.</summary>
public static class PrimitiveCases
{
    public static IReadOnlyDictionary<string, PrimitiveCase> All { get; } = new Dictionary<string, PrimitiveCase>
    {
        ["neg"] = Unary(Lax.Negate),
        ["abs"] = Unary(Lax.Abs, 0.2, 2),
        ["exp"] = Unary(Lax.Exp),
        ["expm1"] = Unary(Lax.Expm1),
        ["log"] = Unary(Lax.Log, 0.2, 2),
        ["log1p"] = Unary(Lax.Log1p, -0.5, 2),
        ["sqrt"] = Unary(Lax.Sqrt, 0.2, 2),
        ["rsqrt"] = Unary(Lax.Rsqrt, 0.2, 2),
        ["square"] = Unary(Lax.Square),
        ["reciprocal"] = Unary(Lax.Reciprocal, 0.3, 2),
        ["sin"] = Unary(Lax.Sin),
        ["cos"] = Unary(Lax.Cos),
        ["tan"] = Unary(Lax.Tan, -1, 1),
        ["asin"] = Unary(Lax.Asin, -0.8, 0.8),
        ["acos"] = Unary(Lax.Acos, -0.8, 0.8),
        ["atan"] = Unary(Lax.Atan),
        ["sinh"] = Unary(Lax.Sinh),
        ["cosh"] = Unary(Lax.Cosh),
        ["tanh"] = Unary(Lax.Tanh),
        ["asinh"] = Unary(Lax.Asinh),
        ["acosh"] = Unary(Lax.Acosh, 1.2, 3),
        ["atanh"] = Unary(Lax.Atanh, -0.8, 0.8),
        ["erf"] = Unary(Lax.Erf),
        ["erfc"] = Unary(Lax.Erfc),
        ["sigmoid"] = Unary(Lax.Sigmoid, -4, 4),
        ["softplus"] = Unary(Lax.Softplus, -4, 4),
        ["relu"] = Unary(Lax.Relu),
        ["leaky_relu"] = Unary(x => Lax.LeakyRelu(x, 0.3)),
        ["elu"] = Unary(x => Lax.Elu(x, 0.7)),
        ["selu"] = Unary(Lax.Selu),
        ["silu"] = Unary(x => Lax.Silu(x, 1.5)),
        ["gelu"] = Unary(x => Lax.Gelu(x)),
        ["gelu_tanh"] = Unary(x => Lax.Gelu(x, approximate: true)),
        ["softsign"] = Unary(Lax.Softsign),
        ["clip"] = Unary(x => Lax.Clip(x, -0.5, 0.7)),
        ["floor"] = Unary(x => Lax.Floor(x * 10.0)),
        ["sign"] = Unary(Lax.Sign),
        ["scale"] = Unary(x => x * 2.0),
        ["stop_gradient"] = Unary(x => Lax.StopGradient(x) * x) with { Torch = v => v[0].detach() * v[0], IsNumeric = false },
        ["cast"] = Unary(x => Lax.Cast(Lax.Cast(x, ScalarType.ComplexFloat64), ScalarType.Float64)),
        ["add"] = Binary(Lax.Add),
        ["sub"] = Binary(Lax.Subtract),
        ["mul"] = Binary(Lax.Multiply),
        ["mul_same"] = Unary(x => x * x),
        ["div"] = Binary(Lax.Divide, 0.3, 2),
        ["div_no_nan"] = Binary(Lax.DivideNoNan, 0.3, 2),
        ["pow"] = Binary(Lax.Power, 0.3, 2),
        ["max"] = Binary(Lax.Maximum),
        ["min"] = Binary(Lax.Minimum),
        ["atan2"] = Binary(Lax.Atan2, 0.2, 2),
        ["squared_difference"] = Binary(Lax.SquaredDifference),
        ["floor_mod"] = Binary(Lax.FloorMod, 0.3, 2),
        ["trunc_mod"] = Binary(Lax.TruncateMod, 0.3, 2),
        ["xlogy"] = Binary(Lax.Xlogy, 0.3, 2),
        ["select"] = new(v => Lax.Select(Lax.Greater(v[0], v[1]), v[0] * 2.0, v[1]), -1, 1, [2, 3], [3]),
        ["reshape"] = Unary(x => Lax.Reshape(x, 3, 2)),
        ["transpose"] = new(v => Lax.Transpose(v[0], 2, 0, 1), -1, 1, [2, 3, 2]),
        ["broadcast"] = new(v => Lax.BroadcastTo(v[0], 2, 3, 4), -1, 1, [3, 1]),
        ["tile"] = new(v => Lax.Tile(v[0], 2, 3), -1, 1, [2, 2]),
        ["repeat"] = new(v => Lax.Repeat(v[0], 0, 3), -1, 1, [2, 2]),
        ["slice"] = new(v => Lax.Slice(v[0], [1, 0], [2, 2]), -1, 1, [4, 3]),
        ["slice_strided"] = new(v => Lax.Slice(v[0], [0, 1], [2, 2], [2, 1]), -1, 1, [4, 3]),
        ["pad"] = new(v => Lax.Pad(v[0], [1, 0], [0, 2], 3), -1, 1, [2, 2]),
        ["mirror_pad"] = new(v => Lax.MirrorPad(v[0], [2, 0], [1, 1], symmetric: false), -1, 1, [3, 2]),
        ["mirror_pad_symmetric"] = new(v => Lax.MirrorPad(v[0], [2, 0], [1, 2], symmetric: true), -1, 1, [3, 2]),
        ["reverse"] = new(v => Lax.Reverse(v[0], 0, 1), -1, 1, [3, 2]),
        ["roll"] = new(v => Lax.Roll(v[0], 1, -2), -1, 1, [2, 5]),
        ["concat"] = new(v => Lax.Concat([v[0], v[1], v[0]], 1), -1, 1, [2, 2], [2, 3]),
        ["stack"] = new(v => Lax.Stack([v[0], v[1]], 1), -1, 1, [2, 2], [2, 2]),
        ["gather"] = new(v => Lax.Gather(v[0], v[0].Trace.Constant(tensor(new long[,] { { 0, 2 }, { 2, -1 } })), 1), -1, 1, [2, 3]),
        ["gather_batch"] = new(v => Lax.Gather(v[0], v[0].Trace.Constant(tensor(new long[,] { { 0, 2 }, { 2, 1 } })), 2, 1), -1, 1, [2, 2, 3, 2]),
        ["gather_nd"] = new(v => Lax.GatherNd(v[0], v[0].Trace.Constant(tensor(new long[,] { { 0, 2 }, { 1, 1 } }))), -1, 1, [2, 3, 2]),
        ["scatter_nd"] = new(v => Lax.ScatterNd(v[0].Trace.Constant(tensor(new long[,] { { 2 }, { 0 }, { 2 } })), v[0], 4, 2), -1, 1, [3, 2]),
        ["segment_sum"] = new(v => Lax.SegmentSum(v[0], v[0].Trace.Constant(tensor(new long[] { 1, -1, 1 })), 3), -1, 1, [3, 2]),
        ["sum"] = new(v => Lax.Sum(v[0], [0, 2]), -1, 1, [2, 3, 2]),
        ["mean_keep"] = new(v => Lax.Mean(v[0], [-1], keepDims: true), -1, 1, [2, 3]),
        ["variance"] = new(v => Lax.Variance(v[0], [1]), -1, 1, [2, 3]),
        ["reduce_max"] = new(v => Lax.Max(v[0], [1]), -1, 1, [2, 3, 2]),
        ["reduce_min"] = new(v => Lax.Min(v[0]), -1, 1, [2, 3]),
        ["reduce_prod"] = new(v => Lax.Product(v[0], [0, 2]), 0.3, 1.5, [2, 3, 2]),
        ["logsumexp"] = new(v => Lax.LogSumExp(v[0], [0]), -1, 1, [3, 2]),
        ["cumsum"] = new(v => Lax.CumulativeSum(v[0], 1), -1, 1, [2, 3]),
        ["cumsum_exclusive_reverse"] = new(v => Lax.CumulativeSum(v[0], 0, exclusive: true, reverse: true), -1, 1, [3, 2]),
        ["cumprod"] = new(v => Lax.CumulativeProduct(v[0], 1, exclusive: true), 0.3, 1.5, [2, 4]),
        ["cumulative_logsumexp"] = new(v => Lax.CumulativeLogSumExp(v[0], 0), -1, 1, [3, 2]),
        ["softmax"] = new(v => Lax.Softmax(v[0]), -1, 1, [2, 3]),
        ["softmax_axis"] = new(v => Lax.Softmax(v[0], 0), -1, 1, [3, 2]),
        ["log_softmax"] = new(v => Lax.LogSoftmax(v[0]), -1, 1, [2, 3]),
        ["dot"] = new(v => Lax.DotGeneral(v[0], v[1], [1], [0]), -1, 1, [2, 3], [3, 2]),
        ["dot_batch"] = new(v => Lax.DotGeneral(v[0], v[1], [0, 3], [2, 1], [1], [0]), -1, 1, [2, 2, 3, 2], [2, 2, 2, 3]),
        ["dot_outer"] = new(v => Lax.DotGeneral(v[0], v[1], [], []), -1, 1, [2], [3]),
        ["matmul_transposed"] = new(v => Lax.MatMul(v[0], v[1], transposeX: true, transposeY: true), -1, 1, [2, 3, 2], [2, 2, 3]),
        ["matmul_left_matrix"] = new(v => Lax.MatMul(v[0], v[1]), -1, 1, [2, 3], [2, 3, 2]),
        ["conv1d"] = Conv([1], [1], [1], [1], 1, [1, 5, 2], [3, 2, 2]),
        ["conv2d"] = Conv([1, 1], [1, 1], [1, 1], [1, 1], 1, [2, 4, 3, 2], [3, 3, 2, 2]),
        ["conv2d_strided"] = Conv([2, 1], [1, 1], [0, 0], [1, 0], 1, [1, 5, 3, 2], [2, 2, 2, 3]),
        ["conv2d_dilated"] = Conv([1, 1], [2, 1], [2, 0], [2, 0], 1, [1, 4, 3, 1], [3, 2, 1, 2]),
        ["conv2d_grouped"] = Conv([1, 2], [1, 1], [0, 0], [0, 1], 2, [1, 3, 4, 4], [2, 2, 2, 4]),
        ["conv2d_depthwise"] = Conv([1, 1], [1, 1], [0, 1], [1, 0], 3, [1, 3, 3, 3], [2, 2, 1, 6]),
        ["conv3d"] = Conv([1, 2, 1], [1, 1, 1], [0, 1, 0], [0, 0, 1], 1, [1, 2, 3, 2, 2], [2, 2, 2, 2, 1]),
        ["conv_transpose"] = new(v => Lax.TransposedConvolution(v[0], v[1], new ConvolutionGeometry([2, 1], [1, 1], [0, 1], [1, 1], 1), [5, 3]), -1, 1, [1, 3, 3, 2], [2, 3, 1, 2]),
        ["conv_transpose_gap"] = new(v => Lax.TransposedConvolution(v[0], v[1], new ConvolutionGeometry([3], [1], [0], [0], 1), [6]), -1, 1, [1, 2, 2], [2, 2, 2]),
        ["average_pool_tiles"] = new(v => Lax.AveragePool(v[0], [2, 2], [2, 2], same: false), -1, 1, [1, 5, 4, 2]),
        ["average_pool_same"] = new(v => Lax.AveragePool(v[0], [3, 2], [2, 1], same: true), -1, 1, [1, 4, 3, 2]),
        ["max_pool"] = new(v => Lax.MaxPool(v[0], [2, 2], [1, 2], same: true), -1, 1, [2, 3, 3, 2]),
        ["max_pool_1d"] = new(v => Lax.MaxPool(v[0], [2], [2], same: false), -1, 1, [2, 5, 2]),
        ["max_pool_3d"] = new(v => Lax.MaxPool(v[0], [2, 1, 2], [1, 1, 2], same: false), -1, 1, [1, 3, 2, 4, 1]),
        ["real"] = Unary(x => Lax.Real(Lax.Square(Lax.Cast(x, ScalarType.ComplexFloat64)))),
        ["imag"] = Unary(x => Lax.Imaginary(Lax.Exp(Lax.Cast(x, ScalarType.ComplexFloat64) * x.Trace.Constant(tensor(new System.Numerics.Complex(0.3, 0.8)))))),
        ["conj"] = Unary(x => Lax.Imaginary(Lax.Conjugate(Lax.Square(Lax.Cast(x, ScalarType.ComplexFloat64) * x.Trace.Constant(tensor(new System.Numerics.Complex(0.3, 0.8))))))),
        ["complex_abs"] = Unary(x => Lax.Abs(Lax.Cast(x, ScalarType.ComplexFloat64) * x.Trace.Constant(tensor(new System.Numerics.Complex(0.3, 0.8)))), 0.3, 2),
        ["lgamma"] = Unary(Lax.LogGamma, 0.4, 3),
        ["digamma"] = Unary(Lax.Digamma, 0.4, 3),
        ["polygamma"] = Unary(x => Lax.Polygamma(2, x), 0.6, 3),
        ["erfinv"] = Unary(Lax.InverseErf, -0.8, 0.8),
        ["i0e"] = Unary(Lax.BesselI0Scaled, 0.2, 2),
        ["i1e"] = Unary(Lax.BesselI1Scaled, 0.2, 2),
        ["igamma"] = Unary(x => Lax.IncompleteGamma(Lax.ScalarLike(x, 1.7), x, upper: false), 0.2, 3),
        ["igammac"] = Unary(x => Lax.IncompleteGamma(Lax.ScalarLike(x, 1.7), x, upper: true), 0.2, 3),
        ["sort"] = new(v => Lax.Sort(v[0], descending: true, first: 3).Values, -1, 1, [2, 4]),
        ["fourier"] = new(v => Lax.Real(Phase(Lax.Fourier(Phase(Lax.Cast(v[0], ScalarType.ComplexFloat64)), 2, FourierKind.Forward, 3))), -1, 1, [2, 2, 3]),
        ["fourier_inverse"] = new(v => Lax.Real(Phase(Lax.Fourier(Phase(Lax.Cast(v[0], ScalarType.ComplexFloat64)), 1, FourierKind.Inverse, 3))), -1, 1, [2, 3]),
        ["fourier_real"] = new(v => Lax.Real(Phase(Lax.Fourier(v[0], 1, FourierKind.RealToComplex, 5))), -1, 1, [2, 5]),
        ["fourier_to_real"] = new(v => Lax.Fourier(Phase(Lax.Cast(v[0], ScalarType.ComplexFloat64)), 1, FourierKind.ComplexToReal, 4), -1, 1, [2, 3]),
        ["cholesky"] = Matrix(x => Lax.Cholesky(Definite(x)), x => linalg.cholesky(Definite(x))),
        ["inverse"] = Matrix(Lax.Inverse, linalg.inv),
        ["solve"] = new(v => Lax.Solve(v[0], v[1]), 0.2, 1, [2, 3, 3], [2, 3, 2]) { Torch = v => linalg.solve(v[0], v[1]) },
        ["det"] = Matrix(Lax.Determinant, linalg.det),
        ["log_det"] = Matrix(x => Lax.LogDeterminant(x).Logarithm, x => linalg.slogdet(x).Item2),
        ["eigenvalues"] = Matrix(x => Lax.SelfAdjointEigen(Definite(x)).Values, x => linalg.eigh(Definite(x)).Item1),
        ["eigenvectors"] = Matrix(x => Lax.SelfAdjointEigen(Definite(x)).Vectors, x => linalg.eigh(Definite(x)).Item2),
        ["singular_values"] = Matrix(x => Lax.SingularValues(x).Values, x => linalg.svd(x, fullMatrices: false).S),
        ["left_vectors"] = Matrix(x => Lax.Square(Lax.SingularValues(x).Left), x => linalg.svd(x, fullMatrices: false).U.square()),
        ["right_vectors"] = Matrix(x => Lax.Square(Lax.SingularValues(x).Right), x => linalg.svd(x, fullMatrices: false).Vh.mT.square()),
        ["qr_q"] = Matrix(x => Lax.Qr(x).Q, x => linalg.qr(x).Q),
        ["qr_r"] = Matrix(x => Lax.Qr(x).R, x => linalg.qr(x).R),
    };

    private static PrimitiveCase Matrix(Func<Value, Value> function, Func<Tensor, Tensor> torch) => new(v => function(v[0]), 0.2, 1, [2, 3, 3]) { Torch = v => torch(v[0]) };

    private static Value Definite(Value x) => Lax.MatMul(x, x, transposeY: true) + x.Trace.Constant(eye(3, dtype: ScalarType.Float64));

    private static Tensor Definite(Tensor x) => x.matmul(x.mT) + eye(3, dtype: ScalarType.Float64);

    private static Value Phase(Value x) => x * x.Trace.Constant(tensor(new System.Numerics.Complex(0.3, 0.8)));

    private static PrimitiveCase Unary(Func<Value, Value> function, double low = -2, double high = 2) => new(v => function(v[0]), low, high, [2, 3]);

    private static PrimitiveCase Binary(Func<Value, Value, Value> function, double low = -2, double high = 2) =>
        new(v => function(v[0], v[1]), low, high, [2, 1, 3], [2, 1]);

    private static PrimitiveCase Conv(long[] strides, long[] dilations, long[] low, long[] high, long groups, long[] x, long[] kernel) =>
        new(v => Lax.Convolution(v[0], v[1], new ConvolutionGeometry(strides, dilations, low, high, groups)), -1, 1, x, kernel);
}
