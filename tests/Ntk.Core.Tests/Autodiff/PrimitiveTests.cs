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
        using Program program = test.Trace();
        Tensor[] values = test.Draw();

        Tensor value = ForwardPass.Run(program, values, [])[0];
        TensorType type = program.Variables[program.Outputs[0]].Type;
        Assert.Equal(type.Shape, value.shape);
        Assert.Equal(type.DType, value.dtype);
        long outputs = value.numel();
        Tensor[] jacobians = PrimitiveCase.ReverseJacobian(program, values);

        for (int p = 0; p < values.Length; p++)
        {
            long count = values[p].numel();
            Tensor reverse = jacobians[p];
            Tensor basis = eye(count, count, ScalarType.Float64).reshape([count, .. test.Shapes[p]]);
            Tensor? pushed = TangentPass.Run(program, values, [], new Dictionary<int, Tensor> { [program.Parameters[p]] = basis })[0];
            Tensor forward = pushed is null ? zeros_like(reverse) : pushed.reshape(count, outputs).t();
            Tensor numeric = test.IsNumeric ? FiniteDifferences(program, values, p) : forward;
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
