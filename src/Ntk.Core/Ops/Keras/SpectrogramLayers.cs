using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;

namespace Ntk.Core.Ops.Keras;

/// <summary>Keras 3's short-time Fourier transform as two convolutions, whose kernels are trained.</summary>
internal static class SpectrogramLayers
{
    // keras.config.epsilon(): what logarithms and roots are kept away from zero by.
    private const double Epsilon = 1e-7;

    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = new() { ["STFTSpectrogram"] = Build };

    private static void Build(KerasLayer layer, LayerConfig c)
    {
        string mode = c.Text("mode", "log");
        long length = c.Integer("frame_length", 256), step = c.Has("frame_step") ? c.Integer("frame_step") : length / 2;
        bool same = ConvolutionLayers.IsSame(c.Text("padding", "valid")), first = c.ChannelsFirst(), expand = c.Flag("expand_dims", false);
        // What only shapes the kernels' first values.
        c.Ignore("fft_length", "window", "periodic", "scaling");
        LayerVariable? real = mode == "imag" ? null : layer.Add("real_kernel"), imaginary = mode == "real" ? null : layer.Add("imag_kernel");
        layer.Map = (call, x) =>
        {
            x = call.Float(x);
            // (N, C, T), each channel transformed on its own: (N, C, F, frames).
            Value signal = first ? x : Lax.Transpose(x, 0, 2, 1);
            Value Transform(LayerVariable kernel)
            {
                Value rows = Lax.Reshape(signal, signal.Shape[0] * signal.Shape[1], signal.Shape[2], 1);
                Value y = Lax.Convolution(rows, call[kernel], Lax.Geometry(rows.Shape.AsSpan(1, 1), [length], [step], [1], same));
                return Lax.Reshape(Lax.Transpose(y, 0, 2, 1), signal.Shape[0], signal.Shape[1], y.Shape[2], y.Shape[1]);
            }
            return Arrange(Combine(mode, real is null ? null : Transform(real), imaginary is null ? null : Transform(imaginary)), first, expand);
        };
    }

    private static Value Combine(string mode, Value? real, Value? imaginary)
    {
        switch (mode)
        {
            case "real":
                return real!;
            case "imag":
                return imaginary!;
            case "angle":
                return Lax.Atan2(imaginary!, real!);
            case "stft":
                return Lax.Concat([real!, imaginary!], 2);
        }
        Value power = Lax.Square(real!) + Lax.Square(imaginary!);
        if (mode == "psd")
        {
            // All but the first and the last frequency stand for their negative as well.
            return power + Lax.Pad(Lax.SliceAxis(power, 2, 1, power.Shape[2] - 2), [0, 0, 1, 0], [0, 0, 1, 0]);
        }
        Value magnitude = Lax.Sqrt(Lax.Maximum(power, Activations.Like(power, Epsilon)));
        return mode switch
        {
            "magnitude" => magnitude,
            "log" => Lax.Log(Lax.Maximum(magnitude, Activations.Like(magnitude, Epsilon))),
            _ => throw new ShapeException($"mode '{mode}' is not supported"),
        };
    }

    private static Value Arrange(Value y, bool first, bool expand)
    {
        if (expand)
        {
            return first ? Lax.Transpose(y, 0, 1, 3, 2) : Lax.Transpose(y, 0, 3, 2, 1);
        }
        Value flat = Lax.Reshape(y, y.Shape[0], y.Shape[1] * y.Shape[2], y.Shape[3]);
        return first ? flat : Lax.Transpose(flat, 0, 2, 1);
    }
}
