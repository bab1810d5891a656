using Ntk.Core.Autodiff;
using Ntk.Core.Formats;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Keras;

/// <summary>Models that Keras 2.15 and 3.15 saved (and files in Keras 1's layout), against the outputs that Keras gave.</summary>
public sealed class KerasModelTests
{
    public static TheoryData<string> Files => new(KerasFixture.Names);

    [Theory]
    [MemberData(nameof(Files))]
    public void GivesWhatKerasGave(string name)
    {
        TorchRuntime.Initialize();
        using var fixture = new KerasFixture(name);
        foreach (NtkPrecision precision in Enum.GetValues<NtkPrecision>())
        {
            IReadOnlyList<NtkTensor> actual = NtkEngine.Run(fixture.Model, fixture.Inputs, new RunOptions { Precision = precision });
            Assert.Equal(fixture.Outputs.Count, actual.Count);
            for (int i = 0; i < actual.Count; i++)
            {
                Assert.Equal(fixture.Outputs[i].Shape, actual[i].Shape);
                // Keras gave float32; where a mask lowers scores by 1e9 that rounds more than the result.
                Assert.InRange(Error(actual[i], fixture.Outputs[i]), 0, precision == NtkPrecision.Single ? 1e-5 : 1e-4);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void SaysTheShapesOfItsOutputs(string name)
    {
        using var fixture = new KerasFixture(name);
        for (int i = 0; i < fixture.Outputs.Count; i++)
        {
            int[] actual = fixture.Outputs[i].Shape, stated = fixture.Model.Outputs[i].Shape!;
            Assert.Equal(-1, stated[0]);
            Assert.Equal(actual, stated.Zip(actual, (s, a) => s < 0 ? a : s));
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void NamesItsVariablesAsKerasDoes(string name)
    {
        using var fixture = new KerasFixture(name);
        IReadOnlyList<(string Name, string Shape)> expected = fixture.Variables;
        // An .h5 file does not say which layers are shared between models.
        if (expected.Count == 0 || name == "keras3/g_shared_across/model.h5" || name == "keras2/g_shared_across/model.h5")
        {
            return;
        }
        NtkParameter[] actual = fixture.Model.Parameters.Where(p => p.DType.IsFloat()).ToArray();
        Assert.Equal(expected.Count, actual.Length);
        Assert.All(actual, p => Assert.Contains(expected, e =>
            e.Shape == string.Join(",", p.Shape!) && (e.Name == p.Name || e.Name.EndsWith($"/{p.Name}", StringComparison.Ordinal) || p.Name.EndsWith($"/{e.Name}", StringComparison.Ordinal))));
        Assert.Distinct(actual.Select(p => p.Name));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void KeepsExamplesApart(string name)
    {
        TorchRuntime.Initialize();
        using var fixture = new KerasFixture(name);
        using DisposeScope scope = NewDisposeScope();
        ModelSource source = fixture.Source;
        var trace = new Trace(ScalarType.Float32);
        Value[] parameters = source.Parameters.Select(p => trace.Parameter(new TensorType(trace.TypeOf(p.DType), Array.ConvertAll(p.Shape!, d => (long)d)))).ToArray();
        Value[] inputs = source.Inputs.Zip(fixture.Inputs, (s, x) => trace.Input(new TensorType(trace.TypeOf(s.DType), [5, .. x.Shape.Skip(1).Select(d => (long)d)]))).ToArray();
        Program program = trace.Finish(source.Apply(trace, parameters, inputs));
        // A softmax over all elements is the one that does not.
        Assert.True(BatchAnalysis.Prove(program, 5, 0, 0, out string? obstacle) is not null == !name.Contains("softmax_all", StringComparison.Ordinal), obstacle);
    }

    [Theory]
    [InlineData("keras2/g_frozen/model.keras", "dense_3")]
    [InlineData("keras2/g_frozen/model.h5", "dense_3")]
    [InlineData("keras2/g_frozen2/model.keras", "sequential/batch_normalization,sequential/dense_1")]
    [InlineData("keras2/g_frozen2/model.h5", "sequential/batch_normalization,sequential/dense_1")]
    public void FreezesLayersWithAllInsideThem(string name, string trained)
    {
        using var fixture = new KerasFixture(name);
        string[] layers = fixture.Model.Parameters.Where(p => p.Trainable).Select(p => p.Name[..p.Name.LastIndexOf('/')]).Distinct().Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(trained.Split(','), layers);
        Assert.All(fixture.Model.Parameters.Where(p => p.Name.Contains("moving_", StringComparison.Ordinal)), p => Assert.False(p.Trainable));
    }

    private static double Error(NtkTensor actual, NtkTensor expected)
    {
        using Tensor a = TorchTensors.ToTorch(actual).to(ScalarType.Float64), b = TorchTensors.ToTorch(expected).to(ScalarType.Float64);
        if (a.numel() == 0)
        {
            return 0;
        }
        using Tensor worst = (a - b).abs().max(), scale = b.abs().max();
        return worst.item<double>() / Math.Max(scale.item<double>(), 1e-30);
    }
}
