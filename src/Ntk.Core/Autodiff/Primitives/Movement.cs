using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>A primitive of one operand that moves elements without computing: linear, and it needs no values to be differentiated.</summary>
public abstract class Movement : Primitive
{
    /// <summary>The value (rows = 0), or the value of each row: axes count from <paramref name="rows"/> on.</summary>
    protected abstract Tensor Move(Tensor x, TensorType operand, TensorType output, int rows);

    /// <summary>The transpose, for rows.</summary>
    protected abstract Tensor MoveBack(Tensor cotangent, TensorType operand, TensorType output);

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands)
    {
        var type = new TensorType(operands[0].dtype, operands[0].shape);
        return Move(operands[0], type, Infer([type]), 0);
    }

    /// <inheritdoc/>
    public override bool IsLinear(int operand) => true;

    /// <inheritdoc/>
    public override bool VjpReads(int differentiated, int operand) => false;

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point) => Move(tangent, point.OperandTypes[0], point.OutputType, 1);

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point) => MoveBack(cotangent, point.OperandTypes[0], point.OutputType);

    /// <inheritdoc/>
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output) => 0;

    /// <summary>Axes moved behind the rows' axes.</summary>
    protected static long[] Behind(IEnumerable<int> axes, int rows) => axes.Select(a => (long)(a + rows)).ToArray();
}

/// <summary>The same elements in row-major order under another shape.</summary>
public sealed class Reshape(long[] shape) : Movement
{
    /// <inheritdoc/>
    public override string Name => "reshape";

    /// <inheritdoc/>
    protected override string Details => Shapes.Format(shape);

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands) => Shapes.Count(shape) == operands[0].Count
        ? operands[0].With(shape)
        : throw Mismatch($"{Shapes.Format(operands[0].Shape)} has {operands[0].Count} elements, {Shapes.Format(shape)} has {Shapes.Count(shape)}");

    /// <inheritdoc/>
    protected override Tensor Move(Tensor x, TensorType operand, TensorType output, int rows) =>
        x.reshape(rows == 0 ? shape : Shapes.Prepend(x.shape[0], shape));

    /// <inheritdoc/>
    protected override Tensor MoveBack(Tensor cotangent, TensorType operand, TensorType output) =>
        cotangent.reshape(Shapes.Prepend(cotangent.shape[0], operand.Shape));

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site)
    {
        BatchAxis axis = site.Axes[0]!.Value;
        long[] from = site.Operands[0].Shape;
        long outer = Shapes.Count(from.AsSpan(0, axis.Axis)) * axis.Outer, inner = Shapes.Count(from.AsSpan(axis.Axis + 1)) * axis.Inner;
        return Locate(shape, site.Size, outer, inner);
    }

    /// <summary>The axis of <paramref name="shape"/> that holds a block of <paramref name="size"/> examples with so many elements before and behind it.</summary>
    internal static BatchAxis? Locate(long[] shape, long size, long outer, long inner)
    {
        long before = 1;
        BatchAxis? found = null;
        for (int i = 0; i < shape.Length; i++)
        {
            long after = Shapes.Count(shape.AsSpan(i + 1));
            if (before > 0 && after > 0 && outer % before == 0 && inner % after == 0 && shape[i] == outer / before * size * (inner / after))
            {
                var candidate = new BatchAxis(i, outer / before, inner / after);
                // With one example an axis of size one before or behind fits as well; the one that holds nothing else is meant.
                if (found is null || (!found.Value.IsPlain && candidate.IsPlain))
                {
                    found = candidate;
                }
            }
            before *= shape[i];
        }
        return found;
    }
}

/// <summary>Axes in another order: output axis i is operand axis order[i].</summary>
public sealed class Transpose(int[] order) : Movement
{
    /// <inheritdoc/>
    public override string Name => "transpose";

    /// <inheritdoc/>
    protected override string Details => string.Join(",", order);

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands)
    {
        long[] shape = operands[0].Shape;
        return order.Length == shape.Length && order.Distinct().Count() == order.Length && order.All(a => a >= 0 && a < shape.Length)
            ? operands[0].With(Array.ConvertAll(order, a => shape[a]))
            : throw Mismatch($"order ({string.Join(", ", order)}) is no permutation of the axes of {Shapes.Format(shape)}");
    }

    /// <inheritdoc/>
    protected override Tensor Move(Tensor x, TensorType operand, TensorType output, int rows) =>
        x.permute(rows == 0 ? Behind(order, 0) : Behind(order, 1).Prepend(0L).ToArray());

    /// <inheritdoc/>
    protected override Tensor MoveBack(Tensor cotangent, TensorType operand, TensorType output)
    {
        var inverse = new long[order.Length + 1];
        for (int i = 0; i < order.Length; i++)
        {
            inverse[order[i] + 1] = i + 1;
        }
        return cotangent.permute(inverse);
    }

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site) => site.Axes[0]!.Value.On(Array.IndexOf(order, site.Axes[0]!.Value.Axis));

    /// <summary>The order of the axes.</summary>
    internal ReadOnlySpan<int> Order => order;
}

/// <summary>Repeats along new leading axes and along axes of size one (tf.broadcast_to).</summary>
public sealed class Broadcast(long[] shape) : Movement
{
    /// <inheritdoc/>
    public override string Name => "broadcast";

    /// <inheritdoc/>
    protected override string Details => Shapes.Format(shape);

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands) =>
        operands[0].Rank <= shape.Length && Shapes.Broadcast(operands[0].Shape, shape).AsSpan().SequenceEqual(shape)
            ? operands[0].With(shape)
            : throw Mismatch($"{Shapes.Format(operands[0].Shape)} does not broadcast to {Shapes.Format(shape)}");

    /// <inheritdoc/>
    protected override Tensor Move(Tensor x, TensorType operand, TensorType output, int rows) => rows == 0
        ? x.expand(shape)
        : Elementwise.AlignRows(x, operand.Rank, shape.Length).expand(Shapes.Prepend(x.shape[0], shape));

    /// <inheritdoc/>
    protected override Tensor MoveBack(Tensor cotangent, TensorType operand, TensorType output) =>
        Elementwise.Unbroadcast(cotangent, operand.Shape).alias();

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site)
    {
        BatchAxis axis = site.Axes[0]!.Value;
        int moved = axis.Axis + shape.Length - site.Operands[0].Rank;
        return shape[moved] == site.Operands[0].Shape[axis.Axis] ? axis.On(moved) : null;
    }
}

/// <summary>A strided piece: begin, size and (positive) stride along each axis.</summary>
public sealed class Slice(long[] begin, long[] size, long[] stride) : Movement
{
    /// <inheritdoc/>
    public override string Name => "slice";

    /// <inheritdoc/>
    protected override string Details => string.Join(",", begin.Select((b, i) => stride[i] == 1 ? $"{b}:{b + size[i]}" : $"{b}:{b + (size[i] * stride[i])}:{stride[i]}"));

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands)
    {
        long[] shape = operands[0].Shape;
        for (int i = 0; i < shape.Length; i++)
        {
            if (begin[i] < 0 || size[i] < 0 || (size[i] > 0 && begin[i] + ((size[i] - 1) * stride[i]) >= shape[i]))
            {
                throw Mismatch($"{Details} lies outside {Shapes.Format(shape)}");
            }
        }
        return operands[0].With(size);
    }

    /// <inheritdoc/>
    protected override Tensor Move(Tensor x, TensorType operand, TensorType output, int rows)
    {
        Tensor result = x;
        for (int i = 0; i < size.Length; i++)
        {
            if (size[i] != operand.Shape[i])
            {
                result = result.slice(i + rows, begin[i], size[i] == 0 ? begin[i] : begin[i] + ((size[i] - 1) * stride[i]) + 1, stride[i]);
            }
        }
        return ReferenceEquals(result, x) ? x.alias() : result;
    }

    /// <inheritdoc/>
    protected override Tensor MoveBack(Tensor cotangent, TensorType operand, TensorType output)
    {
        Tensor result = zeros(Shapes.Prepend(cotangent.shape[0], operand.Shape), cotangent.dtype);
        using Tensor view = Move(result, operand, output, 1);
        view.copy_(cotangent);
        return result;
    }

    /// <inheritdoc/>
    public override Tensor? AccumulateVjp(int operand, Tensor? sum, Tensor cotangent, in Point point)
    {
        if (sum is null)
        {
            return MoveBack(cotangent, point.OperandTypes[0], point.OutputType);
        }
        using Tensor view = Move(sum, point.OperandTypes[0], point.OutputType, 1);
        view.add_(cotangent);
        return sum;
    }

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site)
    {
        BatchAxis axis = site.Axes[0]!.Value;
        return size[axis.Axis] == site.Operands[0].Shape[axis.Axis] ? axis : null;
    }

    /// <summary>Where the piece begins.</summary>
    internal ReadOnlySpan<long> Begin => begin;

    /// <summary>The strides.</summary>
    internal ReadOnlySpan<long> Stride => stride;
}

/// <summary>Adds elements of one value before and behind along each axis.</summary>
public sealed class Pad(long[] low, long[] high, double value) : Movement
{
    /// <inheritdoc/>
    public override string Name => "pad";

    /// <inheritdoc/>
    protected override string Details => string.Join(",", low.Select((l, i) => $"{l}+{high[i]}")) + (value == 0 ? "" : $" with {value}");

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands) => low.Length == operands[0].Rank && low.All(p => p >= 0) && high.All(p => p >= 0)
        ? operands[0].With(operands[0].Shape.Select((d, i) => low[i] + d + high[i]).ToArray())
        : throw Mismatch($"paddings {Details} do not fit {Shapes.Format(operands[0].Shape)}");

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands) => PadRows(operands[0], value);

    /// <inheritdoc/>
    protected override Tensor Move(Tensor x, TensorType operand, TensorType output, int rows) => PadRows(x, 0);

    /// <inheritdoc/>
    protected override Tensor MoveBack(Tensor cotangent, TensorType operand, TensorType output)
    {
        Tensor result = cotangent;
        for (int i = 0; i < low.Length; i++)
        {
            if (low[i] != 0 || high[i] != 0)
            {
                result = result.narrow(i + 1, low[i], operand.Shape[i]);
            }
        }
        return ReferenceEquals(result, cotangent) ? cotangent.alias() : result;
    }

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site)
    {
        BatchAxis axis = site.Axes[0]!.Value;
        return low[axis.Axis] == 0 && high[axis.Axis] == 0 ? axis : null;
    }

    private Tensor PadRows(Tensor x, double fill)
    {
        var pads = new long[2 * low.Length];
        for (int i = 0; i < low.Length; i++)
        {
            pads[2 * (low.Length - 1 - i)] = low[i];
            pads[(2 * (low.Length - 1 - i)) + 1] = high[i];
        }
        if (x.dtype != ScalarType.Bool)
        {
            return nn.functional.pad(x, pads, TorchSharp.PaddingModes.Constant, fill);
        }
        using Tensor bytes = x.to(ScalarType.Byte);
        return nn.functional.pad(bytes, pads, TorchSharp.PaddingModes.Constant, fill).to(ScalarType.Bool);
    }
}

/// <summary>The elements along some axes in reverse order.</summary>
public sealed class Reverse(int[] axes) : Movement
{
    /// <inheritdoc/>
    public override string Name => "reverse";

    /// <inheritdoc/>
    protected override string Details => string.Join(",", axes);

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands) => operands[0];

    /// <inheritdoc/>
    protected override Tensor Move(Tensor x, TensorType operand, TensorType output, int rows) => x.flip(Behind(axes, rows));

    /// <inheritdoc/>
    protected override Tensor MoveBack(Tensor cotangent, TensorType operand, TensorType output) => cotangent.flip(Behind(axes, 1));

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site) => axes.Contains(site.Axes[0]!.Value.Axis) ? null : site.Axes[0];
}
