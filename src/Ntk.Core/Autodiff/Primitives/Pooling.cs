using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>The sum of the elements under a sliding window, channels last, no padding: x (N, spatial, C) → (N, spatial, C).</summary>
public sealed class SumPool(long[] window, long[] strides) : Movement
{
    /// <inheritdoc/>
    public override string Name => "sum_pool";

    /// <inheritdoc/>
    protected override string Details => $"{string.Join("x", window)}, stride {string.Join("x", strides)}";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands) => operands[0].With(PoolShape(operands[0].Shape, window, strides));

    /// <inheritdoc/>
    protected override Tensor Move(Tensor x, TensorType operand, TensorType output, int rows)
    {
        Tensor? sum = null;
        foreach (Tensor piece in Pieces(x, output.Shape, rows))
        {
            if (sum is null)
            {
                sum = piece.clone();
            }
            else
            {
                sum.add_(piece);
            }
            piece.Dispose();
        }
        return sum!;
    }

    /// <inheritdoc/>
    protected override Tensor MoveBack(Tensor cotangent, TensorType operand, TensorType output)
    {
        Tensor result = zeros(Shapes.Prepend(cotangent.shape[0], operand.Shape), cotangent.dtype);
        foreach (Tensor piece in Pieces(result, output.Shape, 1))
        {
            piece.add_(cotangent);
            piece.Dispose();
        }
        return result;
    }

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site) => site.Axes[0]!.Value.Axis is var axis && (axis == 0 || axis == window.Length + 1) ? site.Axes[0] : null;

    /// <inheritdoc/>
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output) => (double)output.Count * Shapes.Count(window);

    /// <summary>(N, spatial, C) under a window.</summary>
    internal static long[] PoolShape(long[] shape, long[] window, long[] strides)
    {
        var result = (long[])shape.Clone();
        for (int i = 0; i < window.Length; i++)
        {
            result[i + 1] = shape[i + 1] < window[i] ? 0 : ((shape[i + 1] - window[i]) / strides[i]) + 1;
        }
        return result;
    }

    // For each place in the window the elements that it meets at all positions, as a view.
    private IEnumerable<Tensor> Pieces(Tensor x, long[] output, int rows)
    {
        long places = Shapes.Count(window);
        for (long place = 0; place < places; place++)
        {
            Tensor view = x.alias();
            long rest = place;
            for (int i = window.Length - 1; i >= 0; i--)
            {
                long offset = rest % window[i];
                rest /= window[i];
                Tensor next = view.slice(i + 1 + rows, offset, offset + ((output[i + 1] - 1) * strides[i]) + 1, strides[i]);
                view.Dispose();
                view = next;
            }
            yield return view;
        }
    }
}

/// <summary>
/// The position of the largest element under a sliding window, channels last, no padding: x (N, spatial, C) → (N, spatial, C) of positions in the
/// flattened spatial axes; the first of equal ones.
/// </summary>
public sealed class ArgMaxPool(long[] window, long[] strides) : Primitive
{
    /// <inheritdoc/>
    public override string Name => "argmax_pool";

    /// <inheritdoc/>
    protected override string Details => $"{string.Join("x", window)}, stride {string.Join("x", strides)}";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands) => new(ScalarType.Int64, SumPool.PoolShape(operands[0].Shape, window, strides));

    /// <inheritdoc/>
    public override bool IsDifferentiable(int operand) => false;

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands)
    {
        using Tensor first = operands[0].MoveAxis(-1, 1).contiguous();
        using Tensor indices = window.Length switch
        {
            1 => functional.max_pool1d_with_indices(first, window[0], strides[0]).indices,
            2 => functional.max_pool2d_with_indices(first, window, strides).indices,
            _ => functional.max_pool3d_with_indices(first, window, strides).indices,
        };
        return indices.MoveAxis(1, -1).contiguous();
    }

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point) => throw new NotSupportedException(Name);

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point) => throw new NotSupportedException(Name);

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site) => site.Axes[0]!.Value.Axis is var axis && (axis == 0 || axis == window.Length + 1) ? site.Axes[0] : null;
}
