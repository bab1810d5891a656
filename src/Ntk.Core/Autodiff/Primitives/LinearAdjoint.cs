using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>
/// The transpose of a linear map that is itself a program: the first operand is a cotangent of the map's result, the others are what the map reads beside
/// its argument and count as constants. What TensorFlow's own gradient ops (AvgPoolGrad, StridedSliceGrad, …) compute where a graph holds them.
/// </summary>
/// <param name="name">What is transposed.</param>
/// <param name="map">The map: its argument is the only parameter, its inputs are what it reads.</param>
public sealed class LinearAdjoint(string name, Program map) : Primitive
{
    /// <inheritdoc/>
    public override string Name => $"{name}_transpose";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands)
    {
        TensorType result = map.Variables[map.Outputs[0]].Type;
        return result.Same(operands[0]) ? map.Variables[map.Parameters[0]].Type : throw Mismatch($"a cotangent {operands[0]} of a result {result}");
    }

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands)
    {
        using Tensor row = operands[0].unsqueeze(0), pulled = Pull(row, operands[1..].ToArray());
        return pulled.squeeze(0);
    }

    /// <inheritdoc/>
    public override bool IsDifferentiable(int operand) => operand == 0;

    /// <inheritdoc/>
    public override bool IsLinear(int operand) => operand == 0;

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point) => Pull(tangent, Read(point));

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point)
    {
        TensorType type = map.Variables[map.Parameters[0]].Type;
        using Tensor zero = zeros(type.Shape, type.DType);
        return TangentPass.Run(map, [zero], Read(point), new Dictionary<int, Tensor> { [map.Parameters[0]] = cotangent })[0]
            ?? zeros(Shapes.Prepend(cotangent.shape[0], point.OperandTypes[0].Shape), cotangent.dtype);
    }

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site) => null;

    /// <inheritdoc/>
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output) => map.Flops;

    private static Tensor[] Read(in Point point) => point.Operands[1..].Select(o => o!).ToArray();

    private Tensor Pull(Tensor rows, Tensor[] read)
    {
        TensorType type = map.Variables[map.Parameters[0]].Type;
        var values = new Tensor?[map.Variables.Length];
        values[map.Parameters[0]] = zeros(type.Shape, type.DType);
        for (int i = 0; i < read.Length; i++)
        {
            values[map.Inputs[i]] = read[i];
        }
        int[] never = Enumerable.Repeat(-1, values.Length).ToArray();
        ForwardPass.Evaluate(map, values, _ => true, never, default);
        var cotangents = new Dictionary<int, Tensor> { [map.Outputs[0]] = rows.alias() };
        ReversePass.Run(map, values, cotangents, _ => true);
        return cotangents.TryGetValue(map.Parameters[0], out Tensor? pulled) ? pulled : zeros(Shapes.Prepend(rows.shape[0], type.Shape), type.DType);
    }
}
