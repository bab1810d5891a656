using Ntk.Core.Autodiff;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using Xunit;

namespace Ntk.Core.Tests.Kernels;

/// <summary>Rows that meet themselves are computed in the upper triangle and mirrored: the kernel is that of the same examples given twice.</summary>
public sealed class OwnRowsTests
{
    private static readonly LambdaModel Dense = KernelCases.Model([6], (p, x) => Lax.MatMul(Lax.Tanh(Lax.MatMul(Lax.Tanh(Lax.MatMul(x, p[0])), p[1])), p[2]), ("w1", [6, 256]), ("w2", [256, 24]), ("w3", [24, 10]));
    private static readonly LambdaModel Convolution = KernelCases.Model([7, 7, 2],
        (p, x) => Lax.MatMul(Lax.Reshape(Lax.Tanh(KernelCases.Conv(Lax.Tanh(x), p[0], 1, 1)), x.Shape[0], -1), p[1]), ("k", [3, 3, 2, 24]), ("w", [600, 5]));

    [Theory]
    [InlineData("dense", 300, -1, NtkImplementation.Auto)]
    [InlineData("dense", 300, -1, NtkImplementation.JacobianContraction)]
    [InlineData("dense", 257, -1, NtkImplementation.StructuredDerivatives)]
    [InlineData("dense", 700, -1, NtkImplementation.Auto)]
    [InlineData("dense", 40, null, NtkImplementation.JacobianContraction)]
    [InlineData("convolution", 290, -1, NtkImplementation.Auto)]
    [InlineData("convolution", 64, null, NtkImplementation.Auto)]
    public void AreMirrored(string name, int examples, int? trace, NtkImplementation implementation)
    {
        TorchRuntime.Initialize();
        LambdaModel source = name == "dense" ? Dense : Convolution;
        NtkModel model = NtkEngine.CreateModel(name, name, source);
        NtkTensor[] x = [KernelTests.Input(source, examples, 1)], again = [KernelTests.Input(source, examples, 1)];
        var options = new KernelOptions { TraceAxes = trace is { } axis ? [axis] : [], Precision = NtkPrecision.Double, Implementation = implementation };
        NtkTensor alone = NtkEngine.EmpiricalNtk(model, x, null, options)[0], both = NtkEngine.EmpiricalNtk(model, x, again, options)[0];
        Assert.Equal(both.Shape, alone.Shape);
        double[] expected = (double[])both.ToFlatArray(), kernel = (double[])alone.ToFlatArray();
        double error = expected.Zip(kernel, (a, b) => Math.Abs(a - b)).Max() / expected.Max(Math.Abs);
        Assert.True(error < 1e-13, $"{error:e1}");
    }

    [Theory]
    [InlineData("dense", 45, true)]
    [InlineData("dense", 300, true)]
    [InlineData("convolution", 33, true)]
    [InlineData("convolution", 33, false)]
    public void MakeASymmetricKernelToTheLastBit(string name, int examples, bool traced)
    {
        TorchRuntime.Initialize();
        LambdaModel source = name == "dense" ? Dense : Convolution;
        NtkModel model = NtkEngine.CreateModel(name, name, source);
        NtkTensor kernel = NtkEngine.EmpiricalNtk(model, [KernelTests.Input(source, examples, 1)], null, new KernelOptions { TraceAxes = traced ? [-1] : [] })[0];
        using TorchSharp.torch.Tensor k = TorchTensors.ToTorch(kernel), turned = traced ? k.transpose(0, 1) : k.permute(1, 0, 3, 2);
        Assert.Equal(0, (k - turned).abs().max().item<float>());
    }

    [Theory]
    [InlineData(100, 1.0)]
    [InlineData(512, 0.625)]
    public void AreCountedOnce(int examples, double share)
    {
        NtkModel model = NtkEngine.CreateModel("dense", "dense", Dense);
        NtkTensor[] x = [KernelTests.Input(Dense, examples, 1)], again = [KernelTests.Input(Dense, examples, 1)];
        double Contracted(NtkTensor[]? right) => NtkEngine.Plan(model, x, right, new() { MemoryLimit = 4L << 30, Implementation = NtkImplementation.StructuredDerivatives })[0].Steps.Sum(s => s.Flops);
        Assert.Equal(share, Contracted(null) / Contracted(again), 0.01);
    }
}
