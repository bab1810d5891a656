using Ntk.Core.Autodiff;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using Xunit;

namespace Ntk.Core.Tests.Kernels;

/// <summary>
/// Models wide enough for what only pays there: kernels' gradients side by side, long sums taken in pieces, both sides in one block or in several. Single precision against double.
/// </summary>
public sealed class WideModelTests
{
    private static Value Conv(Value x, Value kernel, long stride, long dilation, bool same) =>
        Lax.Convolution(x, kernel, Lax.Geometry(x.Shape.AsSpan(1), kernel.Shape, [stride, stride], [dilation, dilation], same));

    private static readonly Dictionary<string, LambdaModel> Models = new()
    {
        ["convolutions"] = KernelCases.Model([12, 12, 8], (p, x) => Lax.MatMul(Lax.Reshape(Lax.Relu(Conv(Lax.Relu(Conv(x, p[0], 1, 1, true) + p[1]), p[2], 1, 1, false)), x.Shape[0], -1), p[3]),
            ("k1", [3, 3, 8, 32]), ("b1", [32]), ("k2", [3, 3, 32, 32]), ("w", [3200, 10])),
        ["strided_dilated"] = KernelCases.Model([21, 15, 16], (p, x) => Lax.Mean(Lax.Tanh(Conv(Lax.Tanh(Conv(x, p[0], 1, 2, false)), p[1], 2, 1, true)), [1, 2]),
            ("k1", [3, 3, 16, 48]), ("k2", [3, 2, 48, 32])),
        ["grouped"] = KernelCases.Model([14, 14, 32], (p, x) => Lax.Mean(Lax.Tanh(KernelCases.Conv(x, p[0], 1, 2)), [1, 2]), ("k", [3, 3, 16, 24])),
        ["dense"] = KernelCases.Model([64], (p, x) => Lax.MatMul(Lax.Relu(Lax.MatMul(Lax.Relu(Lax.MatMul(x, p[0]) + p[1]), p[2])), p[3]),
            ("w1", [64, 256]), ("b1", [256]), ("w2", [256, 256]), ("w3", [256, 32])),
    };

    public static TheoryData<string> Names => new(Models.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void SinglePrecisionAgreesWithDouble(string name)
    {
        TorchRuntime.Initialize();
        LambdaModel source = Models[name];
        NtkModel model = NtkEngine.CreateModel(name, name, source);
        NtkTensor x1 = KernelTests.Input(source, 9, 1), x2 = KernelTests.Input(source, 70, 2);
        foreach (bool absent in new[] { false, true })
        {
            foreach (int[] trace in new int[][] { [-1], [] })
            {
                NtkTensor[] left = [absent ? x2 : x1];
                NtkTensor[]? right = absent ? null : [x2];
                NtkTensor exact = NtkEngine.EmpiricalNtk(model, left, right, new KernelOptions { TraceAxes = trace, Precision = NtkPrecision.Double })[0];
                double[] expected = (double[])exact.ToFlatArray();
                double scale = expected.Max(Math.Abs);
                foreach (KernelOptions way in new KernelOptions[]
                {
                    new(), new() { TileExamples = 8 }, new() { TileExamples = 8, BlockExamples = 64 }, new() { TileExamples = 7, BlockExamples = 23, KeptBlocks = 1 },
                    new() { Implementation = NtkImplementation.JacobianContraction, TileExamples = 16, BlockExamples = 64 }, new() { Implementation = NtkImplementation.StructuredDerivatives, TileExamples = 8 },
                })
                {
                    // Every position of every pair meets every other in a forced Gram form: left to the dense model, the others would take minutes.
                    if (way.Implementation == NtkImplementation.StructuredDerivatives && name != "dense")
                    {
                        continue;
                    }
                    NtkTensor kernel = NtkEngine.EmpiricalNtk(model, left, right, way with { TraceAxes = trace })[0];
                    Assert.Equal(exact.Shape, kernel.Shape);
                    float[] actual = (float[])kernel.ToFlatArray();
                    double error = expected.Zip(actual, (e, a) => Math.Abs(e - a)).Max() / scale;
                    Assert.True(error < 1e-5, $"{name}, x2 {(absent ? "absent" : "given")}, trace ({string.Join(",", trace)}), {way}: error {error:e1}");
                }
            }
        }
    }

    [Fact]
    public void PositionsThatAreTooManyMeetInPieces()
    {
        TorchRuntime.Initialize();
        LambdaModel source = KernelCases.Model([50, 48, 1], (p, x) => Lax.MatMul(Lax.Mean(Lax.Tanh(Conv(x, p[0], 1, 1, false)), [1, 2]), p[1]), ("k", [3, 3, 1, 2]), ("w", [2, 2]));
        NtkModel model = NtkEngine.CreateModel("positions", "positions", source);
        NtkTensor[] x = [KernelTests.Input(source, 2, 1)];
        double[] Kernel(NtkImplementation implementation) => (double[])NtkEngine.EmpiricalNtk(model, x, null,
            new KernelOptions { TraceAxes = [], Precision = NtkPrecision.Double, Implementation = implementation })[0].ToFlatArray();

        double[] written = Kernel(NtkImplementation.JacobianContraction), factored = Kernel(NtkImplementation.StructuredDerivatives);

        Assert.All(written.Zip(factored), pair => Assert.Equal(pair.First, pair.Second, 1e-11 * written.Max(Math.Abs)));
    }
}
