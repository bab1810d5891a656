using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Kernels;

/// <summary>Jacobians, kernel-vector products, linearized models and the NNGP kernel against the dense Jacobian of the whole batch and against the outputs.</summary>
public sealed class DerivativeTests
{
    private const int N1 = 3, N2 = 5;

    private static readonly KernelOptions s_double = new() { Precision = NtkPrecision.Double, IncludeNonTrainable = true };

    public static TheoryData<string> Names => KernelTests.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void TheJacobianIsTheDenseOne(string name)
    {
        (NtkModel model, LambdaModel source, NtkTensor x, _) = Case(name);
        using Tensor expected = KernelTests.Jacobian(source, x);
        foreach (KernelOptions options in new[] { s_double, s_double with { TileExamples = 2 }, s_double with { VmapAxes = VmapAxes.None } })
        {
            IReadOnlyList<NtkTensor> jacobian = NtkEngine.Jacobian(model, [x], options);
            Assert.Equal(model.Parameters.Select(p => p.Name), jacobian.Select(j => j.Name));
            long[] output = expected.shape[..^1];
            Assert.All(jacobian.Zip(model.Parameters), pair => Assert.Equal([.. output.Select(d => (int)d), .. pair.Second.Shape!], pair.First.Shape));
            using Tensor actual = cat(jacobian.Select(j => TorchTensors.ToTorch(j).reshape([.. output, -1])).ToArray(), -1);
            Near(expected, actual, $"{name} {options}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AKernelVectorProductIsTheKernelTimesTheVector(string name)
    {
        (NtkModel model, _, NtkTensor x1, NtkTensor x2) = Case(name);
        foreach ((int[] trace, int[] diagonal) in new (int[], int[])[] { ([-1], []), ([], []), ([], [-1]) })
        {
            foreach (KernelOptions way in new[] { s_double, s_double with { TileExamples = 2 }, s_double with { TileExamples = 2, BlockExamples = 4 }, s_double with { JRules = false }, s_double with { SRules = false }, s_double with { VmapAxes = VmapAxes.None } })
            {
                KernelOptions options = way with { TraceAxes = trace, DiagonalAxes = diagonal };
                using KernelOperator kernel = NtkEngine.Operator(model, [x1], [x2], options);
                using Tensor whole = TorchTensors.ToTorch(NtkEngine.EmpiricalNtk(model, [x1], [x2], options)[0]);
                string what = $"{name} trace ({string.Join(",", trace)}) diagonal ({string.Join(",", diagonal)}) {way}";
                // More vectors than an output has rows meet the terms of tiles, fewer are carried through the model.
                foreach (int count in new[] { 2, 25 })
                {
                    using Tensor vectors = randn([.. kernel.VectorShape, count], ScalarType.Float64, generator: new Generator(7));
                    using Tensor several = TorchTensors.ToTorch(kernel.Multiply(TorchTensors.FromTorch(vectors)));
                    using Tensor one = TorchTensors.ToTorch(kernel.Multiply(TorchTensors.FromTorch(vectors.select(-1, 0))));
                    using Tensor expected = Multiply(whole, vectors, diagonal.Length > 0);
                    Near(expected, several, what);
                    Near(expected.select(-1, 0), one, what);
                }
            }
        }
    }

    [Fact]
    public void AVectorOfAnotherShapeIsRefused()
    {
        (NtkModel model, _, NtkTensor x1, NtkTensor x2) = Case("dense");
        using KernelOperator kernel = NtkEngine.Operator(model, [x1], [x2], s_double);
        NtkException error = Assert.Throws<NtkException>(() => kernel.Multiply(NtkTensor.FromArray(new double[N1])));
        Assert.Equal(NtkErrorId.ShapeMismatch, error.ErrorId);
        Assert.Contains("(5,)", error.Message, StringComparison.Ordinal);
        Assert.Equal(NtkErrorId.InvalidAxis, Assert.Throws<NtkException>(() => NtkEngine.Operator(model, [x1], null, s_double with { DiagonalAxes = [0] })).ErrorId);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TheLinearizedModelIsTheFirstTaylorTerm(string name)
    {
        (NtkModel model, LambdaModel source, NtkTensor x, _) = Case(name);
        using Tensor jacobian = KernelTests.Jacobian(source, x);
        var generator = new Generator(11);
        // One parameter is left as it is.
        Tensor[] steps = source.Parameters.Select((p, i) => i == 1 ? zeros(Sizes(p), ScalarType.Float64) : randn(Sizes(p), ScalarType.Float64, generator: generator)).ToArray();
        var others = source.Parameters.Select((p, i) => (p.Name, i)).Where(p => p.i != 1)
            .ToDictionary(p => p.Name, p => TorchTensors.FromTorch(TorchTensors.ToTorch(source.Parameters[p.i].Value!).to(ScalarType.Float64) + steps[p.i]));
        NtkLinearization linear = Assert.Single(NtkEngine.Linearize(model, [x], new RunOptions { Precision = NtkPrecision.Double, Parameters = others }));
        using Tensor value = TorchTensors.ToTorch(NtkEngine.Run(model, [x], new RunOptions { Precision = NtkPrecision.Double })[0]);
        using Tensor step = cat(steps.Select(s => s.reshape(-1)).ToArray(), 0);
        Near(value, TorchTensors.ToTorch(linear.Value), name);
        Near(value + jacobian.matmul(step), TorchTensors.ToTorch(linear.Linearized), name);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TheNngpKernelIsTheOutputsSecondMoment(string name)
    {
        (NtkModel model, _, NtkTensor x1, NtkTensor x2) = Case(name);
        Tensor Output(NtkTensor x) => TorchTensors.ToTorch(NtkEngine.Run(model, [x], new RunOptions { Precision = NtkPrecision.Double })[0]).unsqueeze(-1);
        using Tensor y1 = Output(x1), y2 = Output(x2);
        foreach ((int[] trace, int[] diagonal, bool absent) in new (int[], int[], bool)[] { ([-1], [], false), ([], [], false), ([], [-1], false), ([-1], [0], true), ([0], [], true), ([0], [-1], true) })
        {
            NtkTensor kernel = NtkEngine.EmpiricalNngp(model, [x1], absent ? null : [x2], s_double with { TraceAxes = trace, DiagonalAxes = diagonal })[0];
            using Tensor expected = KernelTests.Contract(y1, absent ? y1 : y2, trace, diagonal);
            Near(expected, TorchTensors.ToTorch(kernel), $"{name} trace ({string.Join(",", trace)}) diagonal ({string.Join(",", diagonal)})");
        }
    }

    private static (NtkModel Model, LambdaModel Source, NtkTensor X1, NtkTensor X2) Case(string name)
    {
        TorchRuntime.Initialize();
        LambdaModel source = KernelCases.All[name].Model;
        return (NtkEngine.CreateModel(name, name, source), source, KernelTests.Input(source, N1, 1), KernelTests.Input(source, N2, 2));
    }

    // A kernel with axes in pairs (a1, a2, b1, b2, …), the last once if it is diagonal, times vectors (a2, b2, …, V).
    private static Tensor Multiply(Tensor kernel, Tensor vectors, bool lastIsDiagonal)
    {
        int axes = (int)vectors.dim() - 1;
        string left = "", right = "", result = "";
        for (int a = 0; a < axes; a++)
        {
            (char one, char two) = ((char)('a' + a), lastIsDiagonal && a == axes - 1 ? (char)('a' + a) : (char)('A' + a));
            left += one == two ? $"{one}" : $"{one}{two}";
            right += two;
            result += one;
        }
        return einsum($"{left},{right}z->{result}z", kernel, vectors);
    }

    private static long[] Sizes(NtkParameter parameter) => Array.ConvertAll(parameter.Shape!, d => (long)d);

    private static void Near(Tensor expected, Tensor actual, string what)
    {
        Assert.True(expected.shape.AsSpan().SequenceEqual(actual.shape), $"{what}: shape ({string.Join(", ", actual.shape)}), expected ({string.Join(", ", expected.shape)})");
        double error = (actual - expected).abs().max().item<double>() / Math.Max(1e-12, expected.abs().max().item<double>());
        Assert.True(error < 1e-10, $"{what}: error {error:e1}");
    }
}
