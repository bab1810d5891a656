using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>Operands one behind the other along an axis.</summary>
public sealed class Concatenate(int axis) : Primitive
{
    /// <inheritdoc/>
    public override string Name => "concat";

    /// <inheritdoc/>
    protected override string Details => $"{axis}";

    /// <summary>The axis.</summary>
    internal int Axis => axis;

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands)
    {
        var shape = (long[])operands[0].Shape.Clone();
        for (int i = 1; i < operands.Length; i++)
        {
            if (operands[i].Rank != shape.Length || operands[i].DType != operands[0].DType)
            {
                throw Mismatch($"{operands[i]} beside {operands[0]}");
            }
            for (int a = 0; a < shape.Length; a++)
            {
                if (a == axis)
                {
                    shape[a] += operands[i].Shape[a];
                }
                else if (shape[a] != operands[i].Shape[a])
                {
                    throw Mismatch($"{operands[i]} beside {operands[0]} along axis {axis}");
                }
            }
        }
        return operands[0].With(shape);
    }

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands) => cat(operands.ToArray(), axis);

    /// <inheritdoc/>
    public override bool IsLinear(int operand) => true;

    /// <inheritdoc/>
    public override bool VjpReads(int differentiated, int operand) => false;

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point)
    {
        long before = Offset(operand, point.OperandTypes), own = point.OperandTypes[operand].Shape[axis];
        var pads = new long[2 * (point.OutputType.Rank - axis)];
        pads[^2] = before;
        pads[^1] = point.OutputType.Shape[axis] - before - own;
        return nn.functional.pad(tangent, pads);
    }

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point) =>
        cotangent.narrow(axis + 1, Offset(operand, point.OperandTypes), point.OperandTypes[operand].Shape[axis]);

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site)
    {
        BatchAxis? found = null;
        foreach (BatchAxis? own in site.Axes)
        {
            found ??= own;
        }
        BatchAxis place = found!.Value;
        if (place.Axis == axis)
        {
            return null;
        }
        for (int i = 0; i < site.Axes.Length; i++)
        {
            if (!site.Has(i, place))
            {
                return null;
            }
        }
        return place;
    }

    /// <inheritdoc/>
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output) => 0;

    private long Offset(int operand, TensorType[] types)
    {
        long offset = 0;
        for (int i = 0; i < operand; i++)
        {
            offset += types[i].Shape[axis];
        }
        return offset;
    }
}
