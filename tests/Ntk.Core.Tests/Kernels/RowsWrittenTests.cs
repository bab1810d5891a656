using Ntk.Core.Autodiff;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using Xunit;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Kernels;

/// <summary>Large Jacobians with small factors are written out a few rows at a time when blocks meet: the kernel is that of the whole Jacobians, the memory is not.</summary>
public sealed class RowsWrittenTests
{
    // The model, the parameter and how many examples make its Jacobians large.
    private static readonly Dictionary<string, (LambdaModel Model, string Parameter, int N1, int N2)> Models = new()
    {
        ["convolution"] = (KernelCases.Model([6, 6, 16], (p, x) => Head(Lax.Reshape(Lax.Tanh(KernelCases.Conv(x, p[0], 1, 1)), x.Shape[0], -1), p[1], p[2]), ("k", [3, 3, 16, 64]), ("w", [1024, 8]), ("v", [8, 10])), "k", 80, 61),
        ["grouped"] = (KernelCases.Model([6, 6, 16], (p, x) => Head(Lax.Reshape(Lax.Tanh(KernelCases.Conv(x, p[0], 1, 2)), x.Shape[0], -1), p[1], p[2]), ("k", [3, 3, 8, 128]), ("w", [2048, 8]), ("v", [8, 10])), "k", 80, 61),
        ["recurrent"] = (KernelCases.Model([16, 3], Recurrent, ("w", [3, 64]), ("u", [64, 64]), ("v", [64, 8]), ("o", [8, 10])), "u", 130, 131),
    };

    public static TheoryData<string> Names => new(Models.Keys);

    private static Value Head(Value x, Value first, Value last) => Lax.MatMul(Lax.Tanh(Lax.MatMul(x, first)), last);

    private static Value Recurrent(Value[] p, Value x)
    {
        Value state = x.Trace.Constant(zeros([x.Shape[0], 64], x.DType));
        foreach (Value step in Lax.Unstack(x, 1))
        {
            state = Lax.Tanh(Lax.MatMul(step, p[0]) + Lax.MatMul(state, p[1]));
        }
        return Head(state, p[2], p[3]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TheKernelIsThatOfTheWholeJacobians(string name)
    {
        TorchRuntime.Initialize();
        (LambdaModel source, string parameter, int n1, int n2) = Models[name];
        NtkModel model = NtkEngine.CreateModel(name, name, source);
        NtkTensor[] x1 = [KernelTests.Input(source, n1, 1)], x2 = [KernelTests.Input(source, n2, 2)];
        var options = new KernelOptions { Precision = NtkPrecision.Double };
        long whole = 10 * sizeof(double) * model.Parameters.Single(p => p.Name == parameter).Count;
        foreach (NtkTensor[]? right in new[] { x2, null })
        {
            NtkTensor[] left = right is null ? [KernelTests.Input(source, n1 + n2, 3)] : x1;
            NtkPlanStep step = NtkEngine.Plan(model, left, right, options)[0].Steps.Single(s => s.Parameter == parameter);
            Assert.Equal(NtkPlanMethod.JacobianContraction, step.Method);
            Assert.True(step.Bytes < whole / 2.0, $"{step.Bytes} of {whole}");
            double[] expected = (double[])NtkEngine.EmpiricalNtk(model, left, right, options with { Implementation = NtkImplementation.JacobianContraction })[0].ToFlatArray();
            foreach (KernelOptions way in new[] { options, options with { TileExamples = 8, BlockExamples = 24, KeptBlocks = 1 }, options with { TileExamples = 7, BlockExamples = 30, KeptBlocks = 9 } })
            {
                double[] kernel = (double[])NtkEngine.EmpiricalNtk(model, left, right, way)[0].ToFlatArray();
                double error = expected.Zip(kernel, (a, b) => Math.Abs(a - b)).Max() / expected.Max(Math.Abs);
                Assert.True(error < 1e-12, $"x2 {(right is null ? "absent" : "given")}, {way}: {error:e1}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void SharesOfParametersAddUp(string name)
    {
        TorchRuntime.Initialize();
        (LambdaModel source, _, int n1, int n2) = Models[name];
        NtkModel model = NtkEngine.CreateModel(name, name, source);
        NtkTensor[] x1 = [KernelTests.Input(source, n1, 1)], x2 = [KernelTests.Input(source, n2, 2)];
        var options = new KernelOptions { Precision = NtkPrecision.Double };
        double[] sum = (double[])NtkEngine.EmpiricalNtk(model, x1, x2, options)[0].ToFlatArray();
        NtkTensor[] shares = [.. NtkEngine.EmpiricalNtk(model, x1, x2, options with { Parts = KernelParts.Parameter })];
        Assert.Equal(model.Parameters.Count, shares.Length);
        double[] added = new double[sum.Length];
        foreach (NtkTensor share in shares)
        {
            double[] own = (double[])share.ToFlatArray();
            for (int i = 0; i < added.Length; i++)
            {
                added[i] += own[i];
            }
        }
        Assert.True(sum.Zip(added, (a, b) => Math.Abs(a - b)).Max() < 1e-12 * sum.Max(Math.Abs));
    }
}
