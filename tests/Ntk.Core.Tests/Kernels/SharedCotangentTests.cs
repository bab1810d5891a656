using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using Xunit;

namespace Ntk.Core.Tests.Kernels;

/// <summary>Parameters used at many positions whose cotangents all examples share, as behind a linear tail: the shared rows meet one side's activations, and no Jacobian is written.</summary>
public sealed class SharedCotangentTests
{
    // Models of few and of many positions beside rows times channels: shared rows meet activations directly, or one another first.
    private static readonly Dictionary<string, LambdaModel> Models = new()
    {
        ["convolution"] = KernelCases.Model([9, 8, 2], (p, x) => Head(Same(Lax.Tanh(Same(x, p[0], 1)), p[1], 1) + p[2], p[3]),
            ("k1", [3, 3, 2, 5]), ("k2", [3, 3, 5, 4]), ("b", [4]), ("w", [288, 3])),
        ["few_positions"] = KernelCases.Model([4, 3, 2], (p, x) => Head(KernelCases.Conv(Lax.Tanh(Same(x, p[0], 1)), p[1], 1, 1), p[2]), ("k1", [3, 3, 2, 6]), ("k2", [3, 2, 6, 16]), ("w", [64, 12])),
        ["grouped"] = KernelCases.Model([6, 6, 4], (p, x) => Head(Same(Lax.Tanh(Same(x, p[0], 2)), p[1], 4), p[2]), ("k1", [3, 3, 2, 8]), ("k2", [3, 3, 2, 8]), ("w", [288, 2])),
        ["depthwise_single_position"] = KernelCases.Model([3, 3, 4], (p, x) => Head(KernelCases.Conv(Lax.Tanh(x), p[0], 1, 4), p[1]), ("k", [3, 3, 1, 8]), ("w", [8, 2])),
        ["dense_over_time"] = KernelCases.Model([7, 5], (p, x) => Head(Lax.MatMul(Lax.Tanh(Lax.MatMul(x, p[0]) + p[1]), p[2]) + p[3], p[4]),
            ("w1", [5, 6]), ("b1", [6]), ("w2", [6, 4]), ("b2", [4]), ("v", [28, 3])),
        ["used_twice"] = KernelCases.Model([6, 6, 3], (p, x) => Head(Same(Same(Lax.Tanh(x), p[0], 1), p[0], 1), p[1]), ("k", [3, 3, 3, 3]), ("w", [108, 2])),
    };

    public static TheoryData<string> Names => new(Models.Keys);

    private static Value Head(Value x, Value weights) => Lax.MatMul(Lax.Reshape(x, x.Shape[0], -1), weights);

    private static Value Same(Value x, Value kernel, long groups) => Lax.Convolution(x, kernel, new ConvolutionGeometry([1, 1], [1, 1], [1, 1], [1, 1], groups));

    [Theory]
    [MemberData(nameof(Names))]
    public void TheKernelIsThatOfTheJacobians(string name)
    {
        TorchRuntime.Initialize();
        LambdaModel source = Models[name];
        NtkModel model = NtkEngine.CreateModel(name, name, source);
        foreach ((int n1, int? n2) in new (int, int?)[] { (4, 9), (9, 4), (6, null), (1, 5), (5, 1) })
        {
            NtkTensor[] x1 = [KernelTests.Input(source, n1, 1)];
            NtkTensor[]? x2 = n2 is { } count ? [KernelTests.Input(source, count, 2)] : null;
            foreach ((int[] trace, int[] diagonal) in new (int[], int[])[] { ([-1], []), ([], [-1]), ([], []), ([0, 1], []), ([-1], [0]) })
            {
                if (n2 is not null && (trace.Contains(0) || diagonal.Contains(0)))
                {
                    continue;
                }
                var options = new KernelOptions { TraceAxes = trace, DiagonalAxes = diagonal, Precision = NtkPrecision.Double };
                double[] expected = (double[])NtkEngine.EmpiricalNtk(model, x1, x2, options with { Implementation = NtkImplementation.JacobianContraction })[0].ToFlatArray();
                foreach (KernelOptions way in new[] { options, options with { Implementation = NtkImplementation.StructuredDerivatives },
                    options with { Implementation = NtkImplementation.StructuredDerivatives, TileExamples = 2, BlockExamples = 3, KeptBlocks = 1 } })
                {
                    double[] kernel = (double[])NtkEngine.EmpiricalNtk(model, x1, x2, way)[0].ToFlatArray();
                    double error = expected.Zip(kernel, (a, b) => Math.Abs(a - b)).Max() / expected.Max(Math.Abs);
                    Assert.True(error < 1e-12, $"{n1} x {n2}, trace ({string.Join(",", trace)}), diagonal ({string.Join(",", diagonal)}), {way}: {error:e1}");
                }
            }
        }
    }

    [Fact]
    public void OneSideMeetsTheSharedRowsAndTheJacobiansAreNotWritten()
    {
        // Behind the second convolution, S = 30² positions, I = 9·8 and 10 rows of J = 8 channels.
        LambdaModel source = KernelCases.Model([32, 32, 3], (p, x) => Head(KernelCases.Conv(Lax.Relu(Same(x, p[0], 1)), p[1], 1, 1), p[2]), ("k1", [3, 3, 3, 8]), ("k2", [3, 3, 8, 8]), ("w", [7200, 10]));
        NtkModel model = NtkEngine.CreateModel("model", "model", source);
        NtkPlanStep Step(int n1, int n2) => NtkEngine.Plan(model, [KernelTests.Input(source, n1, 1)], [KernelTests.Input(source, n2, 2)], new())[0].Steps.Single(s => s.Parameter == "k2");

        double met = 2.0 * 900 * 72 * 80, pair = 2.0 * 900 * 72;
        NtkPlanStep few = Step(3, 40);
        Assert.Equal(NtkPlanMethod.StructuredDerivatives, few.Method);
        Assert.InRange(few.Flops, (3 * 2 * met) + (120 * pair), 1.01 * ((3 * 2 * met) + (120 * pair)));
        Assert.Equal(few.Flops, Step(40, 3).Flops, 1.0);
        // Where both sides are alike, writing both Jacobians takes as long, and pairs of shorter ones less.
        Assert.Equal(NtkPlanMethod.JacobianContraction, Step(40, 40).Method);
    }
}
