using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>
/// Convolution, its two transposes, and the patches view, on channels-last tensors. Torch takes channels first; a permuted view of a channels-last
/// tensor is its own channels_last layout, so nothing is copied.
/// </summary>
internal static class ConvolutionKernels
{
    /// <summary>x (N, spatial, Cin) * kernel → (N, spatial, Cout).</summary>
    public static Tensor Forward(Tensor x, Tensor kernel, ConvolutionGeometry g)
    {
        long[] sizes = g.OutputSizes(x.shape.AsSpan(1), kernel.shape);
        if (x.shape[0] == 0 || sizes.Contains(0))
        {
            return zeros([x.shape[0], .. sizes, kernel.shape[^1]], x.dtype);
        }
        using Tensor reached = WithoutIdleStrides(x, kernel, sizes, ref g);
        // Torch pads both ends alike, without a copy; what one end has more is padded before.
        long[] both = [.. g.Low.Zip(g.High, Math.Min)];
        using Tensor padded = PadSpatial(reached, [.. g.Low.Zip(both, (low, pad) => low - pad)], [.. g.High.Zip(both, (high, pad) => high - pad)]);
        using Tensor input = ChannelsFirst(padded), weight = KernelFirst(kernel);
        using Tensor output = Convolve(input, weight, both, g);
        return ChannelsLast(output);
    }

    /// <summary>The transpose in the input: cotangent (N, spatial, Cout) → <paramref name="shape"/> (N, spatial, Cin).</summary>
    public static Tensor InputAdjoint(Tensor cotangent, Tensor kernel, long[] shape, ConvolutionGeometry g)
    {
        int spatial = g.SpatialRank;
        long[] window = kernel.shape[..spatial];
        if (cotangent.numel() == 0)
        {
            return zeros(shape, cotangent.dtype);
        }
        if (g.Strides.All(s => s == 1) && g.Groups == 1)
        {
            // A convolution with the mirrored kernel, its channels exchanged, runs faster than torch's transposed one.
            var low = new long[spatial];
            var high = new long[spatial];
            for (int i = 0; i < spatial; i++)
            {
                long reach = g.Dilations[i] * (window[i] - 1);
                low[i] = reach - g.Low[i];
                high[i] = shape[i + 1] - cotangent.shape[i + 1] + reach - low[i];
            }
            if (low.All(p => p >= 0) && high.All(p => p >= 0))
            {
                using Tensor mirrored = kernel.flip(Enumerable.Range(0, spatial).Select(i => (long)i).ToArray());
                using Tensor exchanged = mirrored.transpose(-1, -2);
                return Forward(cotangent, exchanged, new ConvolutionGeometry(g.Strides, g.Dilations, low, high, 1));
            }
        }
        // The transposed convolution without padding, cut to the input's size: rows that no window reached are zero.
        using Tensor input = ChannelsFirst(cotangent), weight = KernelFirst(kernel);
        using Tensor full = spatial switch
        {
            1 => functional.conv_transpose1d(input, weight, null, g.Strides[0], 0L, 0L, g.Dilations[0], g.Groups),
            2 => functional.conv_transpose2d(input, weight, null, g.Strides, [0, 0], [0, 0], g.Dilations, g.Groups),
            _ => functional.conv_transpose3d(input, weight, null, g.Strides, [0, 0, 0], [0, 0, 0], g.Dilations, g.Groups),
        };
        using Tensor last = ChannelsLast(full);
        Tensor result = last;
        for (int i = 0; i < spatial; i++)
        {
            long have = result.shape[i + 1], need = g.Low[i] + shape[i + 1];
            if (have < need)
            {
                var pads = new long[2 * (spatial + 1 - i)];
                pads[^1] = need - have;
                result = functional.pad(result, pads);
            }
            result = result.narrow(i + 1, g.Low[i], shape[i + 1]);
        }
        return result.alias();
    }

    /// <summary>The transpose in the kernel, summed over the batch: cotangents (K, N, spatial, Cout) → (K, kernel's shape).</summary>
    public static Tensor KernelAdjoint(Tensor x, Tensor cotangent, long[] kernelShape, ConvolutionGeometry g)
    {
        long rows = cotangent.shape[0], groups = g.Groups, columns = kernelShape[^1] / groups;
        using Tensor patches = Patches(x, kernelShape, g);                                     // (N, positions, G, window · Cin / G)
        using Tensor left = patches.reshape([-1, groups, patches.shape[3]]).permute(1, 2, 0);   // (G, window · Cin / G, N · positions)
        using Tensor right = cotangent.reshape([rows, -1, groups, columns]).permute(2, 1, 0, 3).reshape([groups, -1, rows * columns]);
        using Tensor product = left.bmm(right);
        return product.reshape([groups, -1, rows, columns]).permute(2, 1, 0, 3).reshape(Shapes.Prepend(rows, kernelShape));
    }

    /// <summary>x with each of several kernels (R, window, Cin / groups, Cout) → (R, N, spatial, Cout).</summary>
    public static Tensor ForwardManyKernels(Tensor x, Tensor kernels, ConvolutionGeometry g)
    {
        long[] shape = kernels.shape;
        int spatial = g.SpatialRank;
        long rows = shape[0], groups = g.Groups, columns = shape[^1] / groups;
        // (window, Cin / G, G, R, Cout / G): the rows become more channels of each group.
        Tensor split = kernels.reshape([.. shape[..^1], groups, columns]);
        long[] order = [.. Enumerable.Range(1, spatial + 1).Select(i => (long)i), spatial + 2, 0, spatial + 3];
        using Tensor joined = split.permute(order).reshape([.. shape[1..^1], rows * shape[^1]]);
        using Tensor output = Forward(x, joined, g);
        long[] outer = output.shape[..^1];
        return output.reshape([.. outer, groups, rows, columns]).MoveAxis(outer.Length + 1, 0).reshape([rows, .. outer, shape[^1]]);
    }

    /// <summary>What the window covers at each position: (N, positions, groups, window · Cin / groups), contiguous.</summary>
    public static Tensor Patches(Tensor x, ReadOnlySpan<long> kernelShape, ConvolutionGeometry g)
    {
        int spatial = g.SpatialRank;
        using Tensor padded = PadSpatial(x, g.Low, g.High).contiguous();
        long[] shape = padded.shape;
        long channels = shape[^1], examples = shape[0], perGroup = channels / g.Groups;
        long[] sizes = g.OutputSizes(shape.AsSpan(1), kernelShape[..spatial], padded: true);
        var steps = new long[spatial];
        long step = channels;
        for (int i = spatial - 1; i >= 0; i--)
        {
            steps[i] = step;
            step *= shape[i + 1];
        }
        var size = new List<long> { examples };
        var stride = new List<long> { step };
        for (int i = 0; i < spatial; i++)
        {
            size.Add(sizes[i]);
            stride.Add(steps[i] * g.Strides[i]);
        }
        size.Add(g.Groups);
        stride.Add(perGroup);
        for (int i = 0; i < spatial; i++)
        {
            size.Add(kernelShape[i]);
            stride.Add(steps[i] * g.Dilations[i]);
        }
        size.Add(perGroup);
        stride.Add(1);
        long window = Shapes.Count(kernelShape[..spatial]) * perGroup;
        using Tensor view = padded.as_strided(size.ToArray(), stride.ToArray(), padded.storage_offset());
        return view.reshape([examples, Shapes.Count(sizes), g.Groups, window]);
    }

    /// <summary>Folds leading rows into the batch, applies, and unfolds.</summary>
    public static Tensor FoldRows(Tensor rows, Func<Tensor, Tensor> function)
    {
        long[] shape = rows.shape;
        using Tensor folded = rows.reshape([shape[0] * shape[1], .. shape[2..]]);
        using Tensor result = function(folded);
        return result.reshape([shape[0], shape[1], .. result.shape[1..]]);
    }

    private static long[] OutputSizes(this ConvolutionGeometry g, ReadOnlySpan<long> input, ReadOnlySpan<long> window, bool padded)
    {
        var none = new long[g.SpatialRank];
        return (padded ? g with { Low = none, High = none } : g).OutputSizes(input, window);
    }

    // A window that stands at one place only makes no step: what it does not reach is cut off, and the stride is 1. libtorch 2.10's single-precision convolution of one
    // channel reads beyond its input where such a stride is larger.
    private static Tensor WithoutIdleStrides(Tensor x, Tensor kernel, long[] sizes, ref ConvolutionGeometry g)
    {
        long[] window = kernel.shape[..g.SpatialRank], strides = [.. g.Strides], high = [.. g.High];
        Tensor reached = x.alias();
        for (int i = 0; i < window.Length; i++)
        {
            long reach = (g.Dilations[i] * (window[i] - 1)) + 1 - g.Low[i];
            if (sizes[i] != 1 || strides[i] == 1 || reach < 1)
            {
                continue;
            }
            long taken = Math.Min(x.shape[i + 1], reach);
            using Tensor whole = reached;
            reached = whole.narrow(i + 1, 0, taken);
            (strides[i], high[i]) = (1, reach - taken);
        }
        g = g with { Strides = strides, High = high };
        return reached;
    }

    private static Tensor PadSpatial(Tensor x, long[] low, long[] high)
    {
        if (low.All(p => p == 0) && high.All(p => p == 0))
        {
            return x.alias();
        }
        int spatial = low.Length;
        var pads = new long[2 * (spatial + 1)];
        for (int i = 0; i < spatial; i++)
        {
            pads[2 * (spatial - i)] = low[i];
            pads[(2 * (spatial - i)) + 1] = high[i];
        }
        return functional.pad(x, pads);
    }

    private static Tensor Convolve(Tensor input, Tensor weight, long[] padding, ConvolutionGeometry g)
    {
        switch (g.SpatialRank)
        {
            case 1:
                // One spatial axis runs through the two-dimensional path, which keeps channels last.
                using (Tensor wide = input.unsqueeze(2), tall = weight.unsqueeze(2))
                {
                    return functional.conv2d(wide, tall, null, [1, g.Strides[0]], [0, padding[0]], [1, g.Dilations[0]], g.Groups).squeeze(2);
                }
            case 2:
                return functional.conv2d(input, weight, null, g.Strides, padding, g.Dilations, g.Groups);
            default:
                return functional.conv3d(input, weight, null, g.Strides, padding, g.Dilations, g.Groups);
        }
    }

    private static Tensor ChannelsFirst(Tensor x) => x.MoveAxis(-1, 1);

    private static Tensor ChannelsLast(Tensor x) => x.MoveAxis(1, -1);

    // (window, Cin / groups, Cout) → (Cout, Cin / groups, window)
    private static Tensor KernelFirst(Tensor kernel)
    {
        int spatial = (int)kernel.dim() - 2;
        return kernel.permute([spatial + 1, spatial, .. Enumerable.Range(0, spatial).Select(i => (long)i)]);
    }
}
