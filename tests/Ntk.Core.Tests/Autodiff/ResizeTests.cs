using Ntk.Core.Autodiff;
using Ntk.Core.Tensors;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Autodiff;

/// <summary>The linear resize that rounds to float32 against the exact one: value and both derivatives are the same but for that, and are float32 numbers.</summary>
public sealed class ResizeTests
{
    [Theory]
    [InlineData(6, 6, false, true)]
    [InlineData(3, 10, false, true)]
    [InlineData(7, 5, true, false)]
    [InlineData(1, 4, true, false)]
    [InlineData(9, 2, false, false)]
    public void RoundedResizeIsTheExactOneRounded(long height, long width, bool corners, bool centers)
    {
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        var generator = new Generator(5);
        Tensor x = randn([2, 4, 5, 3], ScalarType.Float64, generator: generator), tangent = randn([3, 2, 4, 5, 3], ScalarType.Float64, generator: generator);
        Tensor cotangent = randn([3, 2, height, width, 3], ScalarType.Float64, generator: generator);
        (Tensor Value, Tensor Pushed, Tensor Pulled) Run(Func<Value, Value> resize)
        {
            var trace = new Trace(ScalarType.Float64);
            Program program = trace.Finish([resize(trace.Parameter(new TensorType(ScalarType.Float64, x.shape)))]);
            var values = new Tensor?[program.Variables.Length];
            ForwardPass.Bind(program, program.Parameters, [x], values);
            ForwardPass.Evaluate(program, values, _ => true, Enumerable.Repeat(-1, values.Length).ToArray(), default);
            var cotangents = new Dictionary<int, Tensor> { [program.Outputs[0]] = cotangent.alias() };
            ReversePass.Run(program, values, cotangents, _ => true);
            return (ForwardPass.Run(program, [x], [])[0], TangentPass.Run(program, [x], [], new Dictionary<int, Tensor> { [program.Parameters[0]] = tangent.alias() })[0]!, cotangents[program.Parameters[0]]);
        }
        var rounded = Run(v => Lax.ResizeRounded(v, height, width, corners, centers));
        var exact = Run(v => Lax.Resize(Lax.Resize(v, 1, height, Interpolation.Linear, corners, centers), 2, width, Interpolation.Linear, corners, centers));

        foreach ((Tensor actual, Tensor expected) in new[] { (rounded.Value, exact.Value), (rounded.Pushed, exact.Pushed), (rounded.Pulled, exact.Pulled) })
        {
            Assert.Equal(expected.shape, actual.shape);
            Assert.True((actual - expected).abs().max().item<double>() < 2e-6);
        }
        foreach (Tensor narrow in new[] { rounded.Value, rounded.Pushed })
        {
            Assert.Equal(0, (narrow - narrow.to(ScalarType.Float32).to(ScalarType.Float64)).abs().max().item<double>());
        }
    }
}
