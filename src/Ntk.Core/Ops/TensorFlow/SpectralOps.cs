using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Discrete Fourier transforms over the last one to three axes.</summary>
internal static class SpectralOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        Complex("FFT", 1, false), Complex("FFT2D", 2, false), Complex("FFT3D", 3, false), Complex("IFFT", 1, true), Complex("IFFT2D", 2, true), Complex("IFFT3D", 3, true),
        Complex("BatchFFT", 1, false), Complex("BatchFFT2D", 2, false), Complex("BatchFFT3D", 3, false), Complex("BatchIFFT", 1, true), Complex("BatchIFFT2D", 2, true), Complex("BatchIFFT3D", 3, true),
        new("RFFT", c => FromReal(c, c[0], 1)), new("RFFT2D", c => FromReal(c, c[0], 2)), new("RFFT3D", c => FromReal(c, c[0], 3)),
        new("FFTND", c => Along(c, x => Lax.Fourier(x, c.Known(2).Length, FourierKind.Forward, 0))), new("IFFTND", c => Along(c, x => Lax.Fourier(x, c.Known(2).Length, FourierKind.Inverse, 0))),
        new("RFFTND", c => Along(c, x => FromReal(c, x, c.Known(2).Length))), new("IRFFTND", c => Along(c, x => ToReal(c, x, c.Known(2).Length))),
        new("IRFFT", c => ToReal(c, c[0], 1)), new("IRFFT2D", c => ToReal(c, c[0], 2)), new("IRFFT3D", c => ToReal(c, c[0], 3)),
    ];

    private static OpDefinition Complex(string name, int axes, bool inverse) =>
        new(name, c => Lax.Fourier(c[0], axes, inverse ? FourierKind.Inverse : FourierKind.Forward, 0));

    // FFTND(input, fft_length, axes): over any axes, in their order; the complex ones are cut or padded to the lengths too.
    private static OpResult Along(OpContext c, Func<Value, Value> transform)
    {
        Value x = c[0];
        int[] axes = Array.ConvertAll(c.Known(2), a => Shapes.Axis(a, x.Rank)), order = [.. Enumerable.Range(0, x.Rank).Except(axes), .. axes], back = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            back[order[i]] = i;
        }
        Value moved = Lax.Transpose(x, order);
        _ = c.Type("Tcomplex", DataType.DtComplex64);
        _ = c.Type("Treal", DataType.DtFloat);
        return Lax.Transpose(transform(c.Node.Op.Contains("RFFT", StringComparison.Ordinal) ? moved : Lax.Fit(moved, c.Known(1))), back);
    }

    // RFFT(input, fft_length): the input is cut or padded with zeros to the lengths.
    private static Value FromReal(OpContext c, Value x, int axes)
    {
        _ = c.Type("Tcomplex", DataType.DtComplex64);
        long[] lengths = c.Known(1);
        return Lax.Fourier(Lax.Fit(x, lengths), axes, FourierKind.RealToComplex, lengths[^1]);
    }

    // IRFFT(input, fft_length): of the last axis half the spectrum is given.
    private static Value ToReal(OpContext c, Value x, int axes)
    {
        _ = c.Type("Treal", DataType.DtFloat);
        long[] lengths = c.Known(1);
        return Lax.Fourier(Lax.Fit(x, [.. lengths[..^1], (lengths[^1] / 2) + 1]), axes, FourierKind.ComplexToReal, lengths[^1]);
    }
}
