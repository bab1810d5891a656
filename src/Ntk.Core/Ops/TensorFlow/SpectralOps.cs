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
        new("RFFT", c => FromReal(c, 1)), new("RFFT2D", c => FromReal(c, 2)), new("RFFT3D", c => FromReal(c, 3)),
        new("IRFFT", c => ToReal(c, 1)), new("IRFFT2D", c => ToReal(c, 2)), new("IRFFT3D", c => ToReal(c, 3)),
    ];

    private static OpDefinition Complex(string name, int axes, bool inverse) =>
        new(name, c => Lax.Fourier(c[0], axes, inverse ? FourierKind.Inverse : FourierKind.Forward, 0));

    // RFFT(input, fft_length): the input is cut or padded with zeros to the lengths.
    private static OpResult FromReal(OpContext c, int axes)
    {
        _ = c.Type("Tcomplex", DataType.DtComplex64);
        long[] lengths = c.Known(1);
        return Lax.Fourier(Lax.Fit(c[0], lengths), axes, FourierKind.RealToComplex, lengths[^1]);
    }

    // IRFFT(input, fft_length): of the last axis half the spectrum is given.
    private static OpResult ToReal(OpContext c, int axes)
    {
        _ = c.Type("Treal", DataType.DtFloat);
        long[] lengths = c.Known(1);
        return Lax.Fourier(Lax.Fit(c[0], [.. lengths[..^1], (lengths[^1] / 2) + 1]), axes, FourierKind.ComplexToReal, lengths[^1]);
    }
}
