using Ntk.Core.Autodiff;
using Layout = Ntk.Core.Ops.TensorFlow.ConvolutionOps.Layout;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Products with what follows them in one node, as graph optimisers and TensorFlow.js's converter write them.</summary>
internal static class FusedOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("_FusedMatMul", c => Finish(c, Lax.MatMul(c[0], c[1], c.Bool("transpose_a"), c.Bool("transpose_b")))),
        new("_FusedConv2D", c => Windowed(c, ConvolutionOps.Convolution)), new("_FusedConv3D", c => Windowed(c, ConvolutionOps.Convolution)),
        new("_FusedDepthwiseConv2dNative", c => Windowed(c, ConvolutionOps.DepthwiseConvolution)),
        new("FusedDepthwiseConv2dNative", c => Windowed(c, ConvolutionOps.DepthwiseConvolution)),
        new("FusedPadConv2D", c => Padded(c, c[0], 1)), new("FusedResizeAndPadConv2D", c => Padded(c, Resized(c), 2)),
    ];

    /// <summary>An activation by the name of its op; those of parameters take <paramref name="parameter"/>.</summary>
    public static Value Activate(string name, Value x, OpContext c, Value? parameter) => name switch
    {
        "Identity" or "" => x,
        "Relu" => Lax.Relu(x),
        "Relu6" => Lax.Relu6(x),
        "Elu" => Lax.Elu(x),
        "Sigmoid" => Lax.Sigmoid(x),
        "Tanh" => Lax.Tanh(x),
        "LeakyRelu" => Lax.LeakyRelu(x, c.Float("leakyrelu_alpha", 0.2f)),
        "GeluApproximate" => Lax.Gelu(x, approximate: true),
        "GeluExact" => Lax.Gelu(x),
        "_MklSwish" => Lax.Silu(x),
        "Prelu" when parameter is not null => ActivationOps.Prelu(x, parameter),
        _ => throw OpContext.Unsupported($"the fused op '{name}'"),
    };

    private static OpResult Windowed(OpContext c, Func<OpContext, Layout, Value, Value, Value> convolve)
    {
        Layout layout = Layout.Of(c, c[0].Rank - 2);
        _ = c.Text("filter_format", "HWIO");
        return layout.FromLast(Finish(c, convolve(c, layout, layout.ToLast(c[0]), c[1])));
    }

    // FusedPadConv2D(input, paddings, filter; mode, strides, padding)
    private static OpResult Padded(OpContext c, Value x, int paddings)
    {
        (long[] low, long[] high) = ArrayOps.Paddings(c, paddings);
        Value padded = Lax.MirrorPad(x, low, high, c.Choice("mode", "", "REFLECT", "SYMMETRIC") == "SYMMETRIC");
        return ConvolutionOps.Convolution(c, new Layout(false, 2), padded, c[paddings + 1]);
    }

    // FusedResizeAndPadConv2D(input, size, paddings, filter; resize_align_corners, …)
    private static Value Resized(OpContext c)
    {
        long[] size = c.Known(1);
        bool corners = c.Bool("resize_align_corners");
        return Lax.Resize(c[0], size[0], size[1], Interpolation.Linear, corners);
    }

    // The ops in fused_ops, one after the other; each takes its operands from the inputs behind the second. Channels are last.
    private static Value Finish(OpContext c, Value x)
    {
        _ = c.Int("num_args", 0);
        _ = c.Int("num_host_args", 0);
        double epsilon = c.Float("epsilon", 1e-4f);
        int next = 2;
        foreach (string op in c.Texts("fused_ops"))
        {
            switch (op)
            {
                case "BiasAdd":
                    x += c[next++];
                    break;
                case "FusedBatchNorm":
                    x = NormalizationOps.Normalize(x, c[next], c[next + 1], c[next + 2], c[next + 3], epsilon);
                    next += 4;
                    break;
                case "Add":
                    x += c[next++];
                    break;
                default:
                    x = Activate(op, x, c, op == "Prelu" ? c[next++] : null);
                    break;
            }
        }
        _ = c.Float("leakyrelu_alpha", 0.2f);
        return x;
    }
}
