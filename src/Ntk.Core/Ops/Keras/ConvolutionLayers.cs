using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;

namespace Ntk.Core.Ops.Keras;

/// <summary>Convolutions over one to three spatial axes.</summary>
internal static class ConvolutionLayers
{
    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = new()
    {
        ["Conv1D"] = (l, c) => Convolution(l, c, 1),
        ["Conv2D"] = (l, c) => Convolution(l, c, 2),
        ["Conv3D"] = (l, c) => Convolution(l, c, 3),
        ["Convolution1D"] = (l, c) => Convolution(l, c, 1),
        ["Convolution2D"] = (l, c) => Convolution(l, c, 2),
        ["Convolution3D"] = (l, c) => Convolution(l, c, 3),
        ["AtrousConvolution1D"] = (l, c) => Convolution(l, c, 1),
        ["AtrousConvolution2D"] = (l, c) => Convolution(l, c, 2),
        ["Conv1DTranspose"] = (l, c) => Transposed(l, c, 1),
        ["Conv2DTranspose"] = (l, c) => Transposed(l, c, 2),
        ["Conv3DTranspose"] = (l, c) => Transposed(l, c, 3),
        ["Convolution2DTranspose"] = (l, c) => Transposed(l, c, 2),
        ["Deconvolution2D"] = (l, c) => Transposed(l, c, 2),
        ["DepthwiseConv1D"] = (l, c) => Depthwise(l, c, 1),
        ["DepthwiseConv2D"] = (l, c) => Depthwise(l, c, 2),
        ["SeparableConv1D"] = (l, c) => Separable(l, c, 1),
        ["SeparableConv2D"] = (l, c) => Separable(l, c, 2),
        ["SeparableConvolution1D"] = (l, c) => Separable(l, c, 1),
        ["SeparableConvolution2D"] = (l, c) => Separable(l, c, 2),
    };

    /// <summary>Strides, dilations, padding and order of the axes: what all of them share.</summary>
    internal sealed record Geometry(long[] Window, long[] Strides, long[] Dilations, string Padding, bool ChannelsFirst)
    {
        public static Geometry Read(LayerConfig c, int rank)
        {
            string padding = c.Text(c.FirstOf("padding", "border_mode"), "valid");
            long[] strides = c.Extents(c.FirstOf("strides", "subsample", "subsample_length"), rank, 1);
            long[] dilations = c.Extents(c.FirstOf("dilation_rate", "atrous_rate"), rank, 1);
            bool first = c.ChannelsFirst();
            c.Layer.KernelOrder = first ? KernelOrder.ChannelsFirst : KernelOrder.ChannelsLast;
            c.Ignore("nb_filter");
            return new Geometry(WindowOf(c, rank), strides, dilations, padding, first);
        }

        // Keras 1 has an option for each axis.
        private static long[] WindowOf(LayerConfig c, int rank) => c.Has("nb_row") ? [c.Integer("nb_row"), c.Integer("nb_col")]
            : c.Has("kernel_dim1") ? [c.Integer("kernel_dim1"), c.Integer("kernel_dim2"), c.Integer("kernel_dim3")]
            : c.Extents(c.FirstOf("kernel_size", "filter_length"), rank);

        /// <summary>Pads for a causal convolution, and gives the geometry of what remains to do.</summary>
        public (Value Padded, ConvolutionGeometry Geometry) Prepare(Value x, long groups)
        {
            if (Padding == "causal")
            {
                x = Lax.Pad(x, [0, Dilations[0] * (Window[0] - 1), 0], [0, 0, 0]);
            }
            return (x, Lax.Geometry(x.Shape.AsSpan(1, Window.Length), Window, Strides, Dilations, IsSame(Padding), groups));
        }
    }

    /// <summary>Whether a padding is TensorFlow's SAME.</summary>
    internal static bool IsSame(string padding) => padding.ToLowerInvariant() switch
    {
        "same" => true,
        "valid" or "causal" => false,
        _ => throw new ShapeException($"padding '{padding}' is not supported"),
    };

    /// <summary>A depthwise kernel (window, C, multiplier) as that of a grouped convolution (window, 1, C · multiplier).</summary>
    internal static Value GroupedKernel(Value kernel) =>
        Lax.Reshape(kernel, [.. kernel.Shape[..^2], 1, kernel.Shape[^1] * kernel.Shape[^2]]);

    private static void Convolution(KerasLayer layer, LayerConfig c, int rank)
    {
        Geometry geometry = Geometry.Read(c, rank);
        long groups = c.Integer("groups", 1);
        c.Ignore("filters");
        LayerVariable kernel = layer.Add("kernel");
        LayerVariable? bias = c.Flag(c.FirstOf("use_bias", "bias"), true) ? layer.Add("bias") : null;
        Func<LayerCall, Value, Value> activation = c.Activation("activation");
        layer.Map = (call, x) =>
        {
            (Value flat, long[] lead) = JoinBatch(ChannelOrder.ToLast(call.Float(x), geometry.ChannelsFirst), rank);
            (Value padded, ConvolutionGeometry shape) = geometry.Prepare(flat, groups);
            Value y = Lax.Convolution(padded, call[kernel], shape);
            y = SplitBatch(bias is null ? y : y + call[bias], lead);
            return activation(call, ChannelOrder.FromLast(y, geometry.ChannelsFirst));
        };
    }

    private static void Transposed(KerasLayer layer, LayerConfig c, int rank)
    {
        Geometry geometry = Geometry.Read(c, rank);
        bool same = IsSame(geometry.Padding);
        long[]? extra = c.Has("output_padding") ? c.Integers("output_padding", rank) : null;
        c.Ignore("filters", "output_shape", "groups");
        LayerVariable kernel = layer.Add("kernel");
        LayerVariable? bias = c.Flag(c.FirstOf("use_bias", "bias"), true) ? layer.Add("bias") : null;
        Func<LayerCall, Value, Value> activation = c.Activation("activation");
        layer.Map = (call, x) =>
        {
            x = ChannelOrder.ToLast(call.Float(x), geometry.ChannelsFirst);
            var sizes = new long[rank];
            for (int i = 0; i < rank; i++)
            {
                long reach = ((geometry.Window[i] - 1) * geometry.Dilations[i]) + 1, stride = geometry.Strides[i], input = x.Shape[i + 1];
                sizes[i] = (extra, same) switch
                {
                    (null, true) => input * stride,
                    (null, false) => (input * stride) + Math.Max(reach - stride, 0),
                    ({ } by, true) => ((input - 1) * stride) + (reach % 2) + by[i],
                    ({ } by, false) => ((input - 1) * stride) + reach + by[i],
                };
            }
            ConvolutionGeometry forward = Lax.Geometry(sizes, geometry.Window, geometry.Strides, geometry.Dilations, same);
            Value y = Lax.TransposedConvolution(x, call[kernel], forward, sizes);
            return activation(call, ChannelOrder.FromLast(bias is null ? y : y + call[bias], geometry.ChannelsFirst));
        };
    }

    private static void Depthwise(KerasLayer layer, LayerConfig c, int rank)
    {
        Geometry geometry = Geometry.Read(c, rank);
        c.Ignore("depth_multiplier", "filters", "groups", "kernel_initializer");
        LayerVariable kernel = layer.Add(c.Version >= 3 ? "kernel" : "depthwise_kernel");
        LayerVariable? bias = c.Flag("use_bias", true) ? layer.Add("bias") : null;
        Func<LayerCall, Value, Value> activation = c.Activation("activation");
        layer.Map = (call, x) =>
        {
            Value y = Grouped(ChannelOrder.ToLast(call.Float(x), geometry.ChannelsFirst), call[kernel], geometry);
            return activation(call, ChannelOrder.FromLast(bias is null ? y : y + call[bias], geometry.ChannelsFirst));
        };
    }

    private static void Separable(KerasLayer layer, LayerConfig c, int rank)
    {
        Geometry geometry = Geometry.Read(c, rank);
        c.Ignore("depth_multiplier", "filters", "groups");
        LayerVariable depthwise = layer.Add("depthwise_kernel"), pointwise = layer.Add("pointwise_kernel");
        LayerVariable? bias = c.Flag(c.FirstOf("use_bias", "bias"), true) ? layer.Add("bias") : null;
        Func<LayerCall, Value, Value> activation = c.Activation("activation");
        layer.Map = (call, x) =>
        {
            Value y = Grouped(ChannelOrder.ToLast(call.Float(x), geometry.ChannelsFirst), call[depthwise], geometry);
            long[] ones = Enumerable.Repeat(1L, rank).ToArray();
            y = Lax.Convolution(y, call[pointwise], Lax.Geometry(y.Shape.AsSpan(1, rank), ones, ones, ones, same: false));
            return activation(call, ChannelOrder.FromLast(bias is null ? y : y + call[bias], geometry.ChannelsFirst));
        };
    }

    private static Value Grouped(Value x, Value kernel, Geometry geometry)
    {
        // The stride of a depthwise convolution is one number in TensorFlow; Keras 2 gives one a spatial axis all the same.
        (Value padded, ConvolutionGeometry shape) = geometry.Prepare(x, x.Shape[^1]);
        return Lax.Convolution(padded, GroupedKernel(kernel), shape);
    }

    // Keras 2 takes inputs with more than one batch axis.
    private static (Value Flat, long[] Lead) JoinBatch(Value x, int rank)
    {
        int lead = x.Rank - rank - 1;
        return lead <= 1 ? (x, [x.Shape[0]]) : (Lax.Reshape(x, [Shapes.Count(x.Shape.AsSpan(0, lead)), .. x.Shape[lead..]]), x.Shape[..lead]);
    }

    private static Value SplitBatch(Value y, long[] lead) => lead.Length == 1 ? y : Lax.Reshape(y, [.. lead, .. y.Shape[1..]]);
}
