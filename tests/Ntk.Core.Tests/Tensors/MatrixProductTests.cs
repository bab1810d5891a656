using Ntk.Core.Autodiff.Primitives;
using Ntk.Core.Tensors;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Tensors;

public sealed class MatrixProductTests
{
    public static TheoryData<long, long, long, bool, bool> Shapes
    {
        get
        {
            var data = new TheoryData<long, long, long, bool, bool>();
            foreach ((long m, long k, long n) in new[] { (1L, 1L, 1L), (64, 64, 64), (3, 500, 200), (200, 500, 3), (129, 70, 65), (512, 33, 100), (256, 2048, 256), (30, 1000, 400) })
            {
                foreach (bool left in new[] { false, true })
                {
                    data.Add(m, k, n, left, false);
                    data.Add(m, k, n, left, true);
                }
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void BothRoadsGiveTheProduct(long m, long k, long n, bool leftTransposed, bool rightTransposed)
    {
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        var generator = new Generator(3);
        Tensor left = leftTransposed ? randn([k, m], ScalarType.Float32, generator: generator).t() : randn([m, k], ScalarType.Float32, generator: generator);
        Tensor right = rightTransposed ? randn([n, k], ScalarType.Float32, generator: generator).t() : randn([k, n], ScalarType.Float32, generator: generator);
        Tensor exact = left.to(ScalarType.Float64).mm(right.to(ScalarType.Float64));
        double bound = 1e-6 * Math.Sqrt(k) * 10;
        Assert.True((MatrixProduct.Multiply(left, right) - exact).abs().max().item<double>() < bound);
        Assert.True((MatrixProduct.ThroughConvolution(left, right) - exact).abs().max().item<double>() < bound);
        Tensor twice = MatrixProduct.MultiplyBatch(stack([left, left * 2]), stack([right, right]));
        Assert.True((twice - stack([exact, exact * 2])).abs().max().item<double>() < 2 * bound);
    }

    [Theory]
    [InlineData(1, 1, 0, 1)]
    [InlineData(2, 1, 1, 1)]
    [InlineData(1, 2, 2, 1)]
    [InlineData(1, 1, 1, 4)]
    [InlineData(2, 1, 0, 2)]
    public void KernelsJacobianIsTheProductOfPatches(long stride, long dilation, long pad, long groups)
    {
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        var geometry = new ConvolutionGeometry([stride, stride], [dilation, 1], [pad, 0], [0, pad], groups);
        const long Rows = 3, Examples = 5;
        long[] kernel = [3, 2, 4, 8];
        Tensor x = randn([Examples, 11, 9, 4 * groups], ScalarType.Float32, generator: new Generator(1));
        long[] spatial = geometry.OutputSizes([11, 9], [3, 2]);
        Tensor cotangent = randn([Rows, Examples, .. spatial, 8], ScalarType.Float32, generator: new Generator(2));
        // (N, groups, K, Cout / groups · window · Cin / groups) → (K, N, window, Cin / groups, Cout)
        Tensor actual = ConvolutionKernels.KernelJacobian(x, cotangent, kernel, geometry).reshape(Examples, groups, Rows, 8 / groups, 3, 2, 4).permute(2, 0, 4, 5, 6, 1, 3).reshape([Rows, Examples, .. kernel]);
        Tensor[] each = Enumerable.Range(0, (int)Examples).Select(n => ConvolutionKernels.KernelAdjoint(x.narrow(0, n, 1), cotangent.narrow(1, n, 1), kernel, geometry)).ToArray();
        Assert.True((actual - stack(each, 1)).abs().max().item<float>() < 1e-4);
    }
}
