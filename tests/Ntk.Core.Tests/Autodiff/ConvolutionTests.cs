using Ntk.Core.Autodiff.Primitives;
using Ntk.Core.Tensors;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Autodiff;

/// <summary>Convolutions of every geometry in single precision, against the sum over the windows in double.</summary>
public sealed class ConvolutionTests
{
    public ConvolutionTests() => TorchRuntime.Initialize();

    [Theory]
    // Windows that stand at one place of an axis whose stride is larger: libtorch reads beyond the input there.
    [InlineData(new long[] { 8, 5 }, new long[] { 2, 3 }, new long[] { 1, 4 }, new long[] { 2, 1 }, 0)]
    [InlineData(new long[] { 5, 5 }, new long[] { 3, 2 }, new long[] { 1, 4 }, new long[] { 1, 1 }, 0)]
    [InlineData(new long[] { 4, 3 }, new long[] { 2, 3 }, new long[] { 1, 3 }, new long[] { 2, 1 }, 1)]
    [InlineData(new long[] { 4, 5, 4 }, new long[] { 2, 2, 3 }, new long[] { 2, 1, 3 }, new long[] { 1, 1, 1 }, 0)]
    [InlineData(new long[] { 7, 9, 5 }, new long[] { 1, 2, 4 }, new long[] { 1, 1, 3 }, new long[] { 1, 1, 1 }, 0)]
    [InlineData(new long[] { 9 }, new long[] { 6 }, new long[] { 4 }, new long[] { 1 }, 0)]
    public void OneWindowOfOneChannel(long[] size, long[] window, long[] strides, long[] dilations, long padding)
    {
        long[] pad = Array.ConvertAll(size, _ => padding);
        Check(size, window, new ConvolutionGeometry(strides, dilations, pad, pad, 1), 1, 2, 1);
    }

    [Fact]
    public void RandomGeometries()
    {
        var random = new Random(11);
        for (int i = 0; i < 300; i++)
        {
            int spatial = 1 + (i % 3);
            long[] Draw(int from, int to) => [.. Enumerable.Range(0, spatial).Select(_ => (long)random.Next(from, to))];
            long[] window = Draw(1, 5), dilations = Draw(1, 3), low = Draw(0, 3), high = Draw(0, 3), size = Draw(0, 9);
            for (int a = 0; a < spatial; a++)
            {
                size[a] += (dilations[a] * (window[a] - 1)) + 1;
            }
            long groups = random.Next(4) == 0 ? 2 : 1;
            Check(size, window, new ConvolutionGeometry(Draw(1, 5), dilations, low, high, groups), random.Next(1, 4), random.Next(1, 4), i);
        }
    }

    private static void Check(long[] size, long[] window, ConvolutionGeometry geometry, long channels, long outputs, int seed)
    {
        using DisposeScope scope = NewDisposeScope();
        var generator = new Generator((ulong)seed);
        Tensor x = randn([2, .. size, channels * geometry.Groups], ScalarType.Float32, generator: generator);
        Tensor kernel = randn([.. window, channels, outputs * geometry.Groups], ScalarType.Float32, generator: generator);

        Tensor actual = ConvolutionKernels.Forward(x, kernel, geometry);

        // (N, positions, groups, window) times the kernel of each group, in double.
        Tensor patches = ConvolutionKernels.Patches(x.to(ScalarType.Float64), kernel.shape, geometry);
        Tensor grouped = kernel.to(ScalarType.Float64).reshape(-1, geometry.Groups, outputs);
        Tensor expected = einsum("npgw,wgo->npgo", patches, grouped).reshape(actual.shape);
        double error = (actual.to(ScalarType.Float64) - expected).abs().max().item<double>();
        Assert.True(error < 1e-4, $"({string.Join(", ", size)}) with a window ({string.Join(", ", window)}) of {channels} channels, {geometry}: error {error:e1}");
    }
}
