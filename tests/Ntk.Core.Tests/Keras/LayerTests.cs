using Ntk.Core.Autodiff;
using Ntk.Core.Ops.Keras;
using Ntk.Core.Tensors;
using Xunit;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Keras;

/// <summary>Parts of the layers that stand alone.</summary>
public sealed class LayerTests
{
    [Theory]
    [InlineData("Conv2D", "conv2d")]
    [InlineData("SeparableConv2D", "separable_conv2d")]
    [InlineData("LSTM", "lstm")]
    [InlineData("GlobalAveragePooling1D", "global_average_pooling1d")]
    [InlineData("StackedRNNCells", "stacked_rnn_cells")]
    [InlineData("ReLU", "re_lu")]
    public void ClassNamesBecomePathsAsInKeras(string className, string path) => Assert.Equal(path, LayerBuilder.ClassPath(className));

    [Theory]
    [InlineData("abc,cd->abd", new long[] { 2, 3, 4 }, new long[] { 4, 5 })]
    [InlineData("abc,cde->abde", new long[] { 2, 3, 4 }, new long[] { 4, 5, 2 })]
    [InlineData("abc,bd->adc", new long[] { 2, 3, 4 }, new long[] { 3, 5 })]
    [InlineData("abc,abd->acd", new long[] { 2, 3, 4 }, new long[] { 2, 3, 5 })]
    [InlineData("...x,xy->...y", new long[] { 2, 3, 4 }, new long[] { 4, 5 })]
    [InlineData("abc,de->abd", new long[] { 2, 3, 4 }, new long[] { 5, 2 })]
    public void EinsumIsTorchs(string equation, long[] left, long[] right)
    {
        TorchRuntime.Initialize();
        using var scope = NewDisposeScope();
        Tensor x = randn(left, ScalarType.Float64), y = randn(right, ScalarType.Float64);
        var trace = new Trace(ScalarType.Float64);
        Value product = EinsumProduct.Apply(equation, trace.Constant(x.clone()), trace.Constant(y.clone()));
        Assert.True(product.Constant!.allclose(einsum(equation, x, y)));
    }

    [Fact]
    public void NumbersThatJsonLacksAreRead()
    {
        System.Text.Json.JsonElement parsed = JsonTree.Parse("""{"a": NaN, "b": [-Infinity, Infinity, 1.5], "c": "NaN \" Infinity"}""");
        Assert.True(double.IsNaN(JsonTree.Number(parsed.GetProperty("a"))));
        Assert.Equal([double.NegativeInfinity, double.PositiveInfinity, 1.5], JsonTree.Numbers(parsed.GetProperty("b")));
        Assert.Equal("NaN \" Infinity", parsed.GetProperty("c").GetString());
    }

    [Theory]
    [InlineData("nearest")]
    [InlineData("bilinear")]
    [InlineData("bicubic")]
    [InlineData("area")]
    [InlineData("lanczos3")]
    [InlineData("mitchellcubic")]
    public void ResizingKeepsAConstantImage(string method)
    {
        TorchRuntime.Initialize();
        using var scope = NewDisposeScope();
        var trace = new Trace(ScalarType.Float64);
        Value image = trace.Constant(ones([1, 5, 7, 2], ScalarType.Float64) * 3);
        foreach ((long height, long width) in (ReadOnlySpan<(long, long)>)[(3, 11), (10, 7), (1, 1)])
        {
            Value resized = ImageResizing.Resize(image, height, width, method);
            Assert.Equal([1, height, width, 2], resized.Shape);
            Assert.True(resized.Constant!.allclose(full([], 3.0, ScalarType.Float64)));
        }
    }

    [Fact]
    public void RecurrentLayerProjectsAllStepsAtOnce()
    {
        using var fixture = new KerasFixture("keras3/g_freeseq/model.keras");
        using var scope = NewDisposeScope();
        var trace = new Trace(ScalarType.Float32);
        Value[] parameters = fixture.Source.Parameters.Select(p => trace.Parameter(new TensorType(ScalarType.Float32, Array.ConvertAll(p.Shape!, d => (long)d)))).ToArray();
        Program program = trace.Finish(fixture.Source.Apply(trace, parameters, [trace.Input(new TensorType(ScalarType.Float32, [2, 30, 3]))]));
        // One product for the input at all 30 steps, and one for the state at each step but the first, where the state is zero.
        Assert.Equal(30, program.Equations.Count(e => e.Primitive.Name == "dot"));
    }
}
