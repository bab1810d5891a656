using Ntk.Core.Autodiff;
using Ntk.Core.Tensors;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Autodiff;

/// <summary>Every primitive's two derivatives against finite differences, and against each other, in float64.</summary>
public sealed class PrimitiveTests
{
    public static TheoryData<string> Names => new(PrimitiveCases.All.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void DerivativesAgreeWithFiniteDifferences(string name)
    {
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        PrimitiveCase test = PrimitiveCases.All[name];
        var trace = new Trace(ScalarType.Float64);
        Value[] parameters = Array.ConvertAll(test.Shapes, s => trace.Parameter(new TensorType(ScalarType.Float64, s)));
        Value output = test.Build(parameters);
        using Program program = trace.Finish([output]);
        var generator = new Generator(7);
        Tensor[] values = Array.ConvertAll(test.Shapes, s => (rand(s, ScalarType.Float64, generator: generator) * (test.High - test.Low)) + test.Low);

        Tensor value = ForwardPass.Run(program, values, [])[0];
        Assert.Equal(output.Shape, value.shape);
        Assert.Equal(output.DType, value.dtype);
        long outputs = value.numel();

        // Reverse: all rows at once.
        Tensor?[] all = new Tensor?[program.Variables.Length];
        ForwardPass.Bind(program, program.Parameters, values, all);
        ForwardPass.Evaluate(program, all, _ => true, Enumerable.Repeat(-1, all.Length).ToArray(), default);
        var cotangents = new Dictionary<int, Tensor> { [program.Outputs[0]] = eye(outputs, outputs, ScalarType.Float64).reshape([outputs, .. value.shape]) };
        ReversePass.Run(program, all, cotangents, _ => true);

        for (int p = 0; p < values.Length; p++)
        {
            long count = values[p].numel();
            Tensor reverse = cotangents.TryGetValue(program.Parameters[p], out Tensor? rows) ? rows.reshape(outputs, count) : zeros([outputs, count], ScalarType.Float64);
            Tensor basis = eye(count, count, ScalarType.Float64).reshape([count, .. test.Shapes[p]]);
            Tensor? pushed = TangentPass.Run(program, values, [], new Dictionary<int, Tensor> { [program.Parameters[p]] = basis })[0];
            Tensor forward = pushed is null ? zeros_like(reverse) : pushed.reshape(count, outputs).t();
            Tensor numeric = FiniteDifferences(program, values, p);
            double scale = Math.Max(1, numeric.abs().max().item<double>());
            Assert.True((reverse - forward).abs().max().item<double>() <= 1e-10 * scale, $"{name}: VJP and JVP differ in operand {p}\nVJP {reverse.str()}\nJVP {forward.str()}");
            Assert.True((reverse - numeric).abs().max().item<double>() <= 3e-6 * scale, $"{name}: VJP and differences disagree in operand {p}\nVJP {reverse.str()}\nnumeric {numeric.str()}");
        }
    }

    private static Tensor FiniteDifferences(Program program, Tensor[] values, int parameter)
    {
        const double Step = 1e-5;
        long count = values[parameter].numel();
        var columns = new Tensor[count];
        for (long i = 0; i < count; i++)
        {
            Tensor At(double step)
            {
                var moved = (Tensor[])values.Clone();
                moved[parameter] = values[parameter].clone();
                moved[parameter].reshape(-1)[i] += step;
                return ForwardPass.Run(program, moved, [])[0].reshape(-1);
            }
            columns[i] = (At(Step) - At(-Step)) / (2 * Step);
        }
        return stack(columns, 1);
    }
}
