using System.Text.Json;
using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.Keras;

/// <summary>Keras 3's short-time Fourier transforms as two convolutions, whose kernels are trained or, of the mel spectrogram, constant.</summary>
internal static class SpectrogramLayers
{
    // keras.config.epsilon(): what logarithms and roots are kept away from zero by.
    private const double Epsilon = 1e-7;

    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = new() { ["STFTSpectrogram"] = Build, ["MelSpectrogram"] = Mel };

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

    // (…, T) to (…, bands, frames): squared magnitudes under triangles that are evenly spaced on the mel scale, in decibels.
    private static void Mel(KerasLayer layer, LayerConfig c)
    {
        long size = c.Integer("fft_length", 2048), step = c.Integer("sequence_stride", 512), length = c.Integer("sequence_length", size), bands = c.Integer("num_mel_bins", 128);
        double rate = c.Number("sampling_rate", 16000), low = c.Number("min_freq", 20), high = c.Number("max_freq", rate / 2), exponent = c.Number("mag_exp", 2);
        bool decibels = c.Flag("power_to_db", true);
        double range = c.Number("top_db", 80), least = c.Number("min_power", 1e-10), reference = Math.Max(Math.Abs(c.Number("ref_power", 1)), least);
        double[] window = Window(c, length, size);
        layer.Map = (call, x) =>
        {
            x = call.Float(x);
            long[] lead = x.Shape[..^1], half = [.. Enumerable.Repeat(0L, lead.Length), size / 2];
            Value signal = Lax.MirrorPad(x, half, half, symmetric: false);
            signal = Lax.Reshape(signal, Shapes.Count(lead), signal.Shape[^1], 1);
            ConvolutionGeometry frames = Lax.Geometry(signal.Shape.AsSpan(1, 1), [size], [step], [1], same: false);
            Value Part(Func<Tensor, Tensor> wave) => Lax.Square(Lax.Convolution(signal, call.Trace.Constant(Waves(window, wave).to(x.DType)), frames));
            Value power = Part(cos) + Part(sin);
            power = exponent == 2 ? power : Lax.Power(power, Activations.Like(power, exponent / 2));
            Value y = Lax.DotGeneral(power, call.Trace.Constant(MelTriangles(size, bands, rate, low, high).to(x.DType)), [2], [0]);
            if (decibels)
            {
                y = (Lax.Log(Lax.Maximum(y, Activations.Like(y, least))) - Math.Log(reference)) * (10 / Math.Log(10));
                // Down from the loudest place of the whole batch.
                y = Lax.Maximum(y, Lax.Max(y, [0, 1, 2], keepDims: true) - range);
            }
            return Lax.Reshape(Lax.SwapAxes(y, 1, 2), [.. lead, bands, y.Shape[1]]);
        };
    }

    // The window, by name or as numbers, in the middle of a frame.
    private static double[] Window(LayerConfig c, long length, long size)
    {
        bool stated = c.Whole.TryGetProperty("window", out JsonElement given);
        var window = new double[size];
        double[] values = stated && given.ValueKind == JsonValueKind.Null ? Enumerable.Repeat(1.0, (int)length).ToArray()
            : stated && given.ValueKind != JsonValueKind.String ? c.Numbers("window")
            : c.Text("window", "hann") switch
            {
                "hann" => Cosine(length, 0.5),
                "hamming" => Cosine(length, 0.54),
                var other => throw new ShapeException($"window '{other}' is not supported"),
            };
        values.CopyTo(window, (size - length) / 2);
        return window;
    }

    private static double[] Cosine(long length, double mean) =>
        Enumerable.Range(0, (int)length).Select(n => mean - ((1 - mean) * Math.Cos(2 * Math.PI * n / length))).ToArray();

    // (size, 1, frequencies): the window times a wave of each frequency up to half the sampling rate.
    private static Tensor Waves(double[] window, Func<Tensor, Tensor> wave)
    {
        using Tensor times = arange(window.Length, ScalarType.Float64), frequencies = arange((window.Length / 2) + 1, ScalarType.Float64);
        using Tensor phases = outer(times, frequencies) * (2 * Math.PI / window.Length), waves = wave(phases), weights = tensor(window).unsqueeze(1);
        return (waves * weights).unsqueeze(1);
    }

    // (frequencies, bands); the constant frequency belongs to no band.
    private static Tensor MelTriangles(long size, long bands, double rate, double low, double high)
    {
        static double Mel(double hertz) => 1127 * Math.Log(1 + (hertz / 700));
        long frequencies = (size / 2) + 1;
        double first = Mel(low), width = (Mel(high) - first) / (bands + 1);
        var weights = new double[frequencies, bands];
        for (long f = 1; f < frequencies; f++)
        {
            double place = (Mel(rate / 2 * f / (frequencies - 1)) - first) / width;
            for (long b = 0; b < bands; b++)
            {
                weights[f, b] = Math.Max(0, Math.Min(place - b, b + 2 - place));
            }
        }
        return tensor(weights);
    }
}
