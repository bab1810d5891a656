using Ntk.Core.Autodiff;
using Ntk.Core.Tensors;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>Writes parts of a tensor as they are computed.</summary>
internal static class TensorBlock
{
    /// <summary>Writes a block of a tensor.</summary>
    /// <param name="target">The tensor.</param>
    /// <param name="block">The block, as many axes.</param>
    /// <param name="offset">Where in each axis the block begins.</param>
    public static unsafe void Write(NtkTensor target, Tensor block, ReadOnlySpan<long> offset)
    {
        long[] shape = block.shape;
        // Behind the last axis that the block has only a part of, its elements lie side by side.
        int last = shape.Length - 1;
        while (last >= 0 && shape[last] == target.Shape[last])
        {
            last--;
        }
        var strides = new long[shape.Length];
        long stride = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= target.Shape[i];
        }
        using Tensor contiguous = block.contiguous();
        long run = last < 0 ? Shapes.Count(shape) : Shapes.Count(shape.AsSpan(last)), runs = last < 0 ? 1 : Shapes.Count(shape.AsSpan(0, last));
        int size = target.DType.Size();
        using Tensor flat = contiguous.reshape(runs, run);
        var start = (nint)target.Pointer;
        if (last >= 0)
        {
            start += (nint)(offset[last] * strides[last] * size);
        }
        long[] starts = offset.ToArray();
        TorchTensors.CopyRowsTo(flat, r =>
        {
            long at = 0;
            for (int i = last - 1; i >= 0; i--)
            {
                at += ((r % shape[i]) + starts[i]) * strides[i];
                r /= shape[i];
            }
            return start + (nint)(at * size);
        });
        GC.KeepAlive(target);
    }
}
