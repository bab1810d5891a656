using Ntk.Core.Autodiff;
using Ntk.Core.Kernels;
using Xunit;

namespace Ntk.Core.Tests.Kernels;

/// <summary>What plans count, and how it grows with examples, width, outputs and depth: counted, so that no clock is asked.</summary>
public sealed class PlanTests
{
    /// <summary>A dense network without biases, from <c>widths[0]</c> to <c>widths[^1]</c>.</summary>
    private static LambdaModel Dense(params int[] widths) => KernelCases.Model([widths[0]], (p, x) => p.Skip(1).Aggregate(Lax.MatMul(x, p[0]), (h, w) => Lax.MatMul(Lax.Relu(h), w)),
        [.. Enumerable.Range(0, widths.Length - 1).Select(i => ($"w{i}", new[] { widths[i], widths[i + 1] }))]);

    private static NtkPlan Plan(LambdaModel source, int n1, int? n2, KernelOptions? options = null)
    {
        NtkModel model = NtkEngine.CreateModel("model", "model", source);
        NtkTensor x1 = KernelTests.Input(source, n1, 1);
        return Assert.Single(NtkEngine.Plan(model, [x1], n2 is { } count ? [KernelTests.Input(source, count, 2)] : null, options ?? new()));
    }

    [Fact]
    public void CountsAProductOnceForEachSide()
    {
        NtkPlan plan = Plan(Dense(100, 40, 10), 3, 5);

        // Forward: 2·(100·40 + 40·10) an example. Backwards only the last product's cotangent is pulled back: with a trace its seed is the identity, the same for all examples.
        double forward = 2.0 * ((100 * 40) + (40 * 10)) * 8, pulled = 2.0 * 40 * 10 * 10;
        Assert.InRange(plan.PassFlops, forward + pulled, 1.05 * (forward + pulled));
    }

    [Fact]
    public void CountsTheGramsOfADenseLayer()
    {
        NtkPlan plan = Plan(Dense(100, 40, 10), 30, 50);

        // The last layer's cotangents are the identity for all: its activations' Gram, 2·N1·N2·40. The first layer's differ by masks alone: its inputs' Gram and one of the masked width, without the outputs.
        Assert.Equal(["w0", "w1"], plan.Steps.Select(s => s.Parameter));
        Assert.All(plan.Steps, s => Assert.Equal(NtkPlanMethod.StructuredDerivatives, s.Method));
        Assert.InRange(plan.Steps[1].Flops, 2.0 * 30 * 50 * 40, 1.3 * 2 * 30 * 50 * 40);
        Assert.InRange(plan.Steps[0].Flops, 2.0 * 30 * 50 * (100 + 40), 1.2 * 2 * 30 * 50 * (100 + 40));
    }

    [Fact]
    public void SharesAndTotalsAddUp()
    {
        NtkPlan plan = Plan(Dense(64, 64, 64, 10), 20, 20);
        Assert.Equal(plan.Flops, plan.PassFlops + plan.Steps.Sum(s => s.Flops), plan.Flops * 1e-9);
        Assert.All(plan.Steps, s => Assert.Equal(s.Flops / plan.Flops, s.Share, 1e-9));
    }

    [Theory]
    [InlineData(NtkImplementation.Auto)]
    [InlineData(NtkImplementation.JacobianContraction)]
    [InlineData(NtkImplementation.StructuredDerivatives)]
    public void ContractionGrowsWithPairsAndPassesWithExamples(NtkImplementation implementation)
    {
        var options = new KernelOptions { Implementation = implementation };
        NtkPlan small = Plan(Dense(64, 128, 128, 10), 200, 200, options), large = Plan(Dense(64, 128, 128, 10), 400, 400, options);
        Assert.InRange(large.PassFlops / small.PassFlops, 1.8, 2.01);
        Assert.InRange((large.Flops - (2 * small.Flops)) / small.Flops, 0, 2.0);
        Assert.InRange(large.Steps.Sum(s => s.Flops) / small.Steps.Sum(s => s.Flops), 2.5, 4.001);
    }

    [Fact]
    public void GrowsWithTheSquareOfTheWidth()
    {
        NtkPlan narrow = Plan(Dense(64, 512, 512, 8), 16, 16), wide = Plan(Dense(64, 1024, 1024, 8), 16, 16);
        Assert.InRange(Math.Log2(wide.PassFlops / narrow.PassFlops), 1.8, 2.05);
        // In a Gram form the contraction grows with the width, not with the parameters.
        Assert.InRange(Math.Log2(wide.Steps.Sum(s => s.Flops) / narrow.Steps.Sum(s => s.Flops)), 0.5, 1.05);
    }

    [Fact]
    public void GrowsWithDepthInALine()
    {
        double[] flops = [.. new[] { 2, 4, 8 }.Select(depth => Plan(Dense([64, .. Enumerable.Repeat(256, depth), 8]), 32, 32).Flops)];
        double step = (flops[1] - flops[0]) / 2;
        Assert.InRange((flops[2] - flops[1]) / 4, 0.9 * step, 1.1 * step);
    }

    [Fact]
    public void ChosenElementsCostWhatTheyAre()
    {
        LambdaModel source = Dense(64, 256, 256, 1000);
        NtkPlan whole = Plan(source, 8, 8, new() { TraceAxes = [] }), two = Plan(source, 8, 8, new() { TraceAxes = [], OutputIndex = [[3], [700]] });
        Assert.Equal([8, 8, 2, 2], two.Shape);
        Assert.True(two.Flops < whole.Flops / 20, $"{two.Flops} of {whole.Flops}");
    }

    [Fact]
    public void HalfThePairsWhereX2IsAbsent()
    {
        LambdaModel source = KernelCases.Model([12, 12, 4], (p, x) => Lax.Mean(KernelCases.Conv(Lax.Tanh(KernelCases.Conv(x, p[0], 1, 1)), p[1], 1, 1), [1, 2]), ("k1", [3, 3, 4, 16]), ("k2", [3, 3, 16, 8]));
        var options = new KernelOptions { Implementation = NtkImplementation.JacobianContraction };
        NtkPlan same = Plan(source, 300, null, options), two = Plan(source, 300, 300, options);
        Assert.InRange(same.PassFlops / two.PassFlops, 0.49, 0.51);
        Assert.InRange(same.Flops / two.Flops, 0.4, 1.0);
    }

    [Fact]
    public void StaysWithinTheMemoryLimitWhereTilesCan()
    {
        LambdaModel source = Dense(512, 1024, 1024, 64);
        long limit = 64L << 20;
        NtkPlan free = Plan(source, 2000, 2000, new() { TraceAxes = [-1] }), held = Plan(source, 2000, 2000, new() { TraceAxes = [-1], MemoryLimit = limit });
        Assert.True(held.Bytes <= limit, $"{held}");
        Assert.True(held.TileExamples < free.TileExamples, $"{held}\n{free}");
    }

    [Fact]
    public void ExpectsNoMoreMemoryThanItsBlocksTake()
    {
        // Two blocks of x1's terms and what one meets: some 7,400 numbers an example.
        NtkPlan plan = Plan(Dense(784, 512, 512, 10), 800, null, new() { MemoryLimit = 8L << 30 });
        Assert.InRange(plan.Bytes, 16 << 20, 256 << 20);
    }
}
