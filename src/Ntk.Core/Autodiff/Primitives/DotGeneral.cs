using Ntk.Core.Tensors;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>
/// The general product of two tensors: sums over pairs of contracted axes, runs along pairs of batch axes. The output's axes are the batch axes,
/// the left operand's remaining ones, the right operand's remaining ones. Linear in each operand; what matrix products and einsum come down to.
/// </summary>
public sealed class DotGeneral : Primitive
{
    private readonly int[][] _batch;
    private readonly int[][] _contract;

    /// <summary>Makes the product that contracts <paramref name="leftContract"/> with <paramref name="rightContract"/>, pair by pair.</summary>
    public DotGeneral(int[] leftContract, int[] rightContract, int[] leftBatch, int[] rightBatch)
    {
        _contract = [leftContract, rightContract];
        _batch = [leftBatch, rightBatch];
    }

    /// <inheritdoc/>
    public override string Name => "dot";

    /// <inheritdoc/>
    protected override string Details =>
        $"{string.Join(",", _contract[0])}·{string.Join(",", _contract[1])}" + (_batch[0].Length > 0 ? $"; {string.Join(",", _batch[0])}={string.Join(",", _batch[1])}" : "");

    /// <summary>The contracted axes of an operand.</summary>
    internal int[] Contracted(int operand) => _contract[operand];

    /// <summary>The batch axes of an operand.</summary>
    internal int[] BatchAxes(int operand) => _batch[operand];

    /// <summary>The remaining axes of an operand, ascending.</summary>
    internal int[] Free(int operand, int rank) =>
        Enumerable.Range(0, rank).Where(a => !_contract[operand].Contains(a) && !_batch[operand].Contains(a)).ToArray();

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands)
    {
        TensorType x = operands[0], y = operands[1];
        if (x.DType != y.DType)
        {
            throw Mismatch($"operands of types {x.DType} and {y.DType}");
        }
        foreach ((int[] left, int[] right) in new[] { (_contract[0], _contract[1]), (_batch[0], _batch[1]) })
        {
            for (int i = 0; i < left.Length; i++)
            {
                if (x.Shape[left[i]] != y.Shape[right[i]])
                {
                    throw Mismatch($"axis {left[i]} of {x} against axis {right[i]} of {y}");
                }
            }
        }
        return x.With([.. _batch[0].Select(a => x.Shape[a]), .. Free(0, x.Rank).Select(a => x.Shape[a]), .. Free(1, y.Rank).Select(a => y.Shape[a])]);
    }

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands) => Multiply(operands[0], 0, operands[1], 0);

    /// <inheritdoc/>
    public override bool IsLinear(int operand) => true;

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point) => operand == 0 ? Multiply(tangent, 1, point[1], 0) : Multiply(point[0], 0, tangent, 1);

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point)
    {
        // cotangent (K, batch, left free, right free) times the other operand, contracted over that one's free axes.
        int other = 1 - operand, batch = _batch[0].Length;
        int[] ownFree = Free(operand, point.OperandTypes[operand].Rank), otherFree = Free(other, point.OperandTypes[other].Rank);
        int ownStart = 1 + batch + (operand == 0 ? 0 : otherFree.Length), otherStart = 1 + batch + (operand == 0 ? ownFree.Length : 0);
        Tensor factor = point[other].is_complex() ? point[other].conj() : point[other];
        using Tensor product = Contract(
            cotangent, Range(1, batch), [0, .. Range(ownStart, ownFree.Length)], Range(otherStart, otherFree.Length),
            factor, _batch[other], _contract[other], otherFree);
        // product: (batch, K, own free, contracted in the other's order)
        int rank = point.OperandTypes[operand].Rank;
        var order = new long[rank + 1];
        order[0] = batch;
        for (int i = 0; i < batch; i++)
        {
            order[_batch[operand][i] + 1] = i;
        }
        for (int i = 0; i < ownFree.Length; i++)
        {
            order[ownFree[i] + 1] = batch + 1 + i;
        }
        for (int i = 0; i < _contract[operand].Length; i++)
        {
            order[_contract[operand][i] + 1] = batch + 1 + ownFree.Length + i;
        }
        return product.permute(order);
    }

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site)
    {
        int batch = _batch[0].Length;
        for (int operand = 0; operand < 2; operand++)
        {
            if (site.Axes[operand] is not { } axis)
            {
                continue;
            }
            int pair = Array.IndexOf(_batch[operand], axis.Axis);
            if (pair >= 0)
            {
                return site.Has(1 - operand, axis.On(_batch[1 - operand][pair])) ? axis.On(pair) : null;
            }
            int free = Array.IndexOf(Free(operand, site.Operands[operand].Rank), axis.Axis);
            if (free < 0 || site.Axes[1 - operand] is not null)
            {
                return null;
            }
            return axis.On(batch + free + (operand == 0 ? 0 : Free(0, site.Operands[0].Rank).Length));
        }
        return null;
    }

    /// <inheritdoc/>
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output)
    {
        double flops = 2.0 * output.Count;
        foreach (int axis in _contract[0])
        {
            flops *= operands[0].Shape[axis];
        }
        return flops;
    }

    // Either operand may carry one leading axis of rows, which comes first in the result.
    private Tensor Multiply(Tensor x, int xRows, Tensor y, int yRows)
    {
        int[] Shift(int[] axes, int by) => by == 0 ? axes : Array.ConvertAll(axes, a => a + by);
        int[] xFree = Shift(Free(0, (int)x.dim() - xRows), xRows), yFree = Shift(Free(1, (int)y.dim() - yRows), yRows);
        if (xRows == 1)
        {
            xFree = [0, .. xFree];
        }
        if (yRows == 1)
        {
            yFree = [0, .. yFree];
        }
        Tensor product = Contract(x, Shift(_batch[0], xRows), xFree, Shift(_contract[0], xRows), y, Shift(_batch[1], yRows), yFree, Shift(_contract[1], yRows));
        // (batch, x free, y free) with the rows at the head of their operand's free axes
        int place = xRows == 1 ? _batch[0].Length : yRows == 1 ? _batch[0].Length + xFree.Length : 0;
        return place == 0 ? product : product.MoveAxis(place, 0);
    }

    /// <summary>The product with axes (batch, x free, y free), each in the order given.</summary>
    internal static Tensor Contract(Tensor x, int[] xBatch, int[] xFree, int[] xContract, Tensor y, int[] yBatch, int[] yFree, int[] yContract)
    {
        long[] xs = x.shape, ys = y.shape;
        long m = Size(xs, xFree), k = Size(xs, xContract), n = Size(ys, yFree);
        long[] batch = Array.ConvertAll(xBatch, a => xs[a]);
        long[] result = [.. batch, .. xFree.Select(a => xs[a]), .. yFree.Select(a => ys[a])];
        if (batch.Length == 0)
        {
            using Tensor left2 = Matrix(x, xFree, xContract, [m, k]), right2 = Matrix(y, yContract, yFree, [k, n]);
            return left2.mm(right2).reshape(result);
        }
        long b = Shapes.Count(batch);
        using Tensor left = Matrix(x, [.. xBatch, .. xFree], xContract, [b, m, k]), right = Matrix(y, [.. yBatch, .. yContract], yFree, [b, k, n]);
        return left.bmm(right).reshape(result);
    }

    // A transposed matrix stays a view: BLAS takes it as it is.
    private static Tensor Matrix(Tensor x, int[] first, int[] second, long[] shape)
    {
        long[] order = [.. first.Select(a => (long)a), .. second.Select(a => (long)a)];
        using Tensor permuted = x.permute(order);
        return permuted.reshape(shape);
    }

    private static long Size(long[] shape, int[] axes)
    {
        long size = 1;
        foreach (int axis in axes)
        {
            size *= shape[axis];
        }
        return size;
    }

    private static int[] Range(int start, int count) => Enumerable.Range(start, count).ToArray();
}
