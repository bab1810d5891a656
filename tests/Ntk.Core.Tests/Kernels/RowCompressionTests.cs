using Ntk.Core.Autodiff;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using Xunit;

namespace Ntk.Core.Tests.Kernels;

/// <summary>More traced outputs than units before them: fewer rows are pulled back, and the kernel is the same as of all rows' Jacobians.</summary>
public sealed class RowCompressionTests
{
    // Model, and whether its rows can be fewer.
    private static readonly Dictionary<string, (bool Compresses, LambdaModel Model)> Models = new()
    {
        ["head"] = (true, KernelCases.Model([40], (p, x) => Lax.MatMul(Lax.Relu(Lax.MatMul(Lax.Relu(Lax.MatMul(x, p[0]) + p[1]), p[2]) + p[3]), p[4]) + p[5],
            ("w1", [40, 64]), ("b1", [64]), ("w2", [64, 24]), ("b2", [24]), ("w3", [24, 300]), ("b3", [300]))),
        ["dependent"] = (true, KernelCases.Model([20], (p, x) => Lax.MatMul(Lax.Tanh(Lax.MatMul(Lax.Tanh(Lax.MatMul(x, p[0])), p[1])), Lax.Concat([p[2], p[2]], 0)),
            ("w1", [20, 32]), ("w2", [32, 24]), ("w3", [12, 200]))),
        ["linear_tail"] = (true, KernelCases.Model([30], (p, x) => Lax.MatMul(Lax.MatMul(Lax.Relu(Lax.MatMul(Lax.Relu(Lax.MatMul(x, p[0])), p[1])), p[2]), p[3]),
            ("w1", [30, 48]), ("w2", [48, 32]), ("w3", [32, 6]), ("w4", [6, 150]))),
        ["convolution"] = (true, KernelCases.Model([9, 9, 3], (p, x) => Lax.MatMul(Lax.Mean(Lax.Relu(KernelCases.Conv(Lax.Relu(KernelCases.Conv(x, p[0], 1, 1)), p[1], 1, 1)), [1, 2]), p[2]),
            ("k1", [3, 3, 3, 8]), ("k2", [3, 3, 8, 16]), ("w", [16, 160]))),
        ["residual"] = (true, KernelCases.Model([16], (p, x) =>
        {
            Value h = Lax.MatMul(x, p[0]);
            return Lax.MatMul(h + Lax.MatMul(Lax.Tanh(Lax.MatMul(Lax.Tanh(h), p[1])), p[2]), p[3]);
        }, ("w1", [16, 16]), ("w2", [16, 64]), ("w3", [64, 16]), ("w4", [16, 180]))),
        ["tied"] = (false, KernelCases.Model([200], (p, x) => Lax.MatMul(Lax.Tanh(Lax.MatMul(Lax.Tanh(Lax.MatMul(x, p[0])), p[1])), Lax.Transpose(p[0], [1, 0])), ("w", [200, 16]), ("v", [16, 16]))),
        ["own_cotangents"] = (false, KernelCases.Model([16], (p, x) => Lax.Tanh(Lax.MatMul(Lax.Tanh(Lax.MatMul(x, p[0])), p[1])), ("w1", [16, 16]), ("w2", [16, 100]))),
    };

    public static TheoryData<string> Names => new(Models.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void TheKernelIsThatOfAllRows(string name)
    {
        TorchRuntime.Initialize();
        LambdaModel source = Models[name].Model;
        NtkModel model = NtkEngine.CreateModel(name, name, source);
        NtkTensor[] x1 = [KernelTests.Input(source, 6, 1)], x2 = [KernelTests.Input(source, 9, 2)];
        foreach ((NtkTensor[]? right, int[] trace, int[] diagonal) in new (NtkTensor[]?, int[], int[])[] { (x2, [-1], []), (null, [-1], []), (null, [-1], [0]), (null, [0, 1], []), (x2, [], [-1]) })
        {
            var options = new KernelOptions { TraceAxes = trace, DiagonalAxes = diagonal, Precision = NtkPrecision.Double };
            NtkTensor expected = NtkEngine.EmpiricalNtk(model, x1, right, options with { Implementation = NtkImplementation.JacobianContraction })[0];
            double[] all = (double[])expected.ToFlatArray();
            foreach (KernelOptions way in new[] { options, options with { TileExamples = 2 }, options with { TileExamples = 2, BlockExamples = 4, KeptBlocks = 1 } })
            {
                NtkTensor kernel = NtkEngine.EmpiricalNtk(model, x1, right, way)[0];
                Assert.Equal(expected.Shape, kernel.Shape);
                double error = all.Zip((double[])kernel.ToFlatArray(), (a, b) => Math.Abs(a - b)).Max() / all.Max(Math.Abs);
                Assert.True(error < 1e-12, $"trace ({string.Join(",", trace)}), diagonal ({string.Join(",", diagonal)}), x2 {(right is null ? "absent" : "given")}, {way}: {error:e1}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void SinglePrecisionAgreesWithDouble(string name)
    {
        TorchRuntime.Initialize();
        LambdaModel source = Models[name].Model;
        NtkModel model = NtkEngine.CreateModel(name, name, source);
        NtkTensor[] x1 = [KernelTests.Input(source, 6, 1)], x2 = [KernelTests.Input(source, 9, 2)];
        var options = new KernelOptions { TraceAxes = [-1] };
        double[] exact = (double[])NtkEngine.EmpiricalNtk(model, x1, x2, options with { Precision = NtkPrecision.Double })[0].ToFlatArray();
        float[] single = (float[])NtkEngine.EmpiricalNtk(model, x1, x2, options)[0].ToFlatArray();
        double error = exact.Zip(single, (a, b) => Math.Abs(a - b)).Max() / exact.Max(Math.Abs);
        Assert.True(error < 2e-6, $"{error:e1}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void FewerRowsArePulledBackWhereTheyMay(string name)
    {
        (bool compresses, LambdaModel source) = Models[name];
        NtkModel model = NtkEngine.CreateModel(name, name, source);
        NtkTensor[] x = [KernelTests.Input(source, 64, 1)];
        NtkPlan Plan(NtkImplementation implementation, params int[] trace) => NtkEngine.Plan(model, x, null, new() { TraceAxes = trace, Implementation = implementation })[0];
        double chosen = Plan(NtkImplementation.Auto, -1).PassFlops, all = Plan(NtkImplementation.JacobianContraction, -1).PassFlops;
        Assert.True(compresses ? chosen < all / 2 : chosen == all, $"{chosen} of {all}");
        // Rows that the kernel shows one by one are not mixed.
        Assert.Equal(Plan(NtkImplementation.JacobianContraction).PassFlops, Plan(NtkImplementation.Auto).PassFlops);
    }
}
