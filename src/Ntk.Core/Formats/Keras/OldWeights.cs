using Ntk.Core.Ops.Keras;
using Ntk.Core.Tensors;
using static TorchSharp.torch;

namespace Ntk.Core.Formats.Keras;

/// <summary>Weights of Keras 1 in the layout of Keras 2: gates in one matrix, kernels with channels last.</summary>
internal static class OldWeights
{
    /// <summary>A layer's weights in today's layout.</summary>
    public static NtkTensor[] Convert(KerasLayer layer, NtkTensor[] weights, int version)
    {
        if (version > 1 || weights.Length == 0)
        {
            return weights;
        }
        switch (layer.ClassName)
        {
            case "TimeDistributed":
                return Convert(layer.Children[0].Layer, weights, version);
            case "Bidirectional":
                int half = weights.Length / 2;
                return [.. Convert(layer.Children[0].Layer, weights[..half], version), .. Convert(layer.Children[1].Layer, weights[half..], version)];
            case "Conv1D" or "Convolution1D" or "AtrousConvolution1D" when weights[0].Rank == 4:
                // (length, 1, in, out), or before 1.1 (out, in, length, 1)
                using (Tensor kernel = TorchTensors.ToTorch(weights[0]))
                using (Tensor turned = weights[0].Shape[1] == 1 ? kernel.alias() : kernel.permute(2, 3, 1, 0))
                using (Tensor flat = turned.squeeze(1))
                {
                    return [TorchTensors.FromTorch(flat), .. weights[1..]];
                }
            // Rows and columns behind the channels: Theano's order.
            case "Conv2D" or "Convolution2D" or "AtrousConvolution2D" when layer.KernelOrder is KernelOrder.ChannelsFirst:
                return [Permuted(weights[0], 2, 3, 1, 0), .. weights[1..]];
            case "Conv3D" or "Convolution3D" when layer.KernelOrder is KernelOrder.ChannelsFirst:
                return [Permuted(weights[0], 2, 3, 4, 1, 0), .. weights[1..]];
            case "Deconvolution2D" or "Conv2DTranspose":
                return [layer.KernelOrder is KernelOrder.ChannelsFirst ? Permuted(weights[0], 2, 3, 0, 1) : Permuted(weights[0], 0, 1, 3, 2), .. weights[1..]];
            case "ConvLSTM2D" when weights.Length == 12:
                // i, c, f, o becomes i, f, c, o
                return [Joined(weights, 0, 6, 3, 9), Joined(weights, 1, 7, 4, 10), Joined(weights, 2, 8, 5, 11)];
            case "GRU" when weights.Length == 9:
                return [Joined(weights, 0, 3, 6), Joined(weights, 1, 4, 7), Joined(weights, 2, 5, 8)];
            case "LSTM" when weights.Length == 12:
                // i, c, f, o becomes i, f, c, o
                return [Joined(weights, 0, 6, 3, 9), Joined(weights, 1, 7, 4, 10), Joined(weights, 2, 8, 5, 11)];
            default:
                return layer.Graph is null ? weights : ConvertEach(layer, weights, version);
        }
    }

    // A model inside a model lists its layers' variables together, the trainable ones first.
    private static NtkTensor[] ConvertEach(KerasLayer model, NtkTensor[] weights, int version)
    {
        List<LayerVariable> variables = LayerWeights.Ordered(model);
        if (variables.Count != weights.Length)
        {
            return weights;
        }
        var converted = (NtkTensor[])weights.Clone();
        foreach (KerasLayer layer in model.Children.Select(c => c.Layer).Distinct())
        {
            int[] places = LayerWeights.Ordered(layer).Select(v => variables.IndexOf(v)).ToArray();
            NtkTensor[] own = Convert(layer, Array.ConvertAll(places, i => weights[i]), version);
            for (int i = 0; i < places.Length; i++)
            {
                converted[places[i]] = own[i];
            }
        }
        return converted;
    }

    private static NtkTensor Permuted(NtkTensor kernel, params long[] order)
    {
        using Tensor tensor = TorchTensors.ToTorch(kernel), turned = tensor.permute(order);
        return TorchTensors.FromTorch(turned);
    }

    private static NtkTensor Joined(NtkTensor[] weights, params int[] parts)
    {
        Tensor[] tensors = Array.ConvertAll(parts, p => TorchTensors.ToTorch(weights[p]));
        using Tensor joined = cat(tensors, -1);
        Array.ForEach(tensors, t => t.Dispose());
        return TorchTensors.FromTorch(joined);
    }
}
