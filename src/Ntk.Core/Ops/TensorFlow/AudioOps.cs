using System.Numerics;
using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>The features that TensorFlow's speech models take from decoded sound.</summary>
internal static class AudioOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } = [new("AudioSpectrogram", Spectrogram), new("Mfcc", Mfcc)];

    // AudioSpectrogram(input (samples, channels); window_size, stride, magnitude_squared): (channels, frames, frequencies). Each frame is weighted by a
    // Hann window and padded with zeros to a power of two.
    private static OpResult Spectrogram(OpContext c)
    {
        long window = c.Int("window_size", 0), stride = c.Int("stride", 0), size = (long)BitOperations.RoundUpToPowerOf2((ulong)window);
        Value sound = Lax.ExpandDims(Lax.Transpose(c[0], 1, 0), 2);
        using Tensor times = arange(window, ScalarType.Float64), frequencies = arange((size / 2) + 1, ScalarType.Float64);
        using Tensor phases = outer(times, frequencies) * (2 * Math.PI / size), hann = (0.5 - (0.5 * (times * (2 * Math.PI / window)).cos())).unsqueeze(1);
        ConvolutionGeometry frames = Lax.Geometry(sound.Shape.AsSpan(1, 1), [window], [stride], [1], same: false);
        Value Part(Tensor wave) => Lax.Square(Lax.Convolution(sound, c.Trace.Constant((wave * hann).unsqueeze(1).to(sound.DType)), frames));
        Value power = Part(phases.cos()) + Part(phases.sin());
        return c.Bool("magnitude_squared") ? power : Lax.Sqrt(power);
    }

    // Mfcc(spectrogram (channels, frames, frequencies), sample_rate; limits and counts): magnitudes under triangles on the mel scale, their logarithms, and
    // of those the first cosine coefficients.
    private static OpResult Mfcc(OpContext c)
    {
        double upper = c.Float("upper_frequency_limit", 4000), lower = c.Float("lower_frequency_limit", 20);
        int bands = (int)c.Int("filterbank_channel_count", 40), coefficients = (int)c.Int("dct_coefficient_count", 13);
        Value magnitudes = Lax.Sqrt(c[0]);
        Value Times(Value x, double[,] matrix) => Lax.DotGeneral(x, c.Trace.Constant(tensor(matrix).to(x.DType)), [2], [0]);
        Value energy = Times(magnitudes, Triangles((int)c[0].Shape[2], c.Known(1)[0], lower, upper, bands));
        return Times(Lax.Log(Lax.Maximum(energy, Lax.ScalarLike(energy, 1e-12))), Cosines(bands, coefficients));
    }

    // (frequencies, bands): each frequency shares itself between the two bands whose centres it lies between.
    private static double[,] Triangles(int frequencies, double rate, double lower, double upper, int bands)
    {
        static double Mel(double hertz) => 1127 * Math.Log(1 + (hertz / 700));
        double low = Mel(lower), spacing = (Mel(upper) - low) / (bands + 1), step = 0.5 * rate / (frequencies - 1);
        int first = (int)(1.5 + (lower / step)), last = (int)(upper / step);
        if (last >= frequencies)
        {
            throw new ShapeException($"upper_frequency_limit {upper} lies beyond half the sample rate {rate}");
        }
        var weights = new double[frequencies, bands];
        for (int f = Math.Max(first, 0); f <= last; f++)
        {
            double place = (Mel(f * step) - low) / spacing;
            int below = Math.Clamp((int)Math.Ceiling(place) - 1, 0, bands);
            double share = below + 1 - place;
            if (below > 0)
            {
                weights[f, below - 1] = share;
            }
            if (below < bands)
            {
                weights[f, below] = 1 - share;
            }
        }
        return weights;
    }

    private static double[,] Cosines(int inputs, int outputs)
    {
        var cosines = new double[inputs, outputs];
        for (int i = 0; i < inputs; i++)
        {
            for (int k = 0; k < outputs; k++)
            {
                cosines[i, k] = Math.Sqrt(2.0 / inputs) * Math.Cos(k * Math.PI / inputs * (i + 0.5));
            }
        }
        return cosines;
    }
}
