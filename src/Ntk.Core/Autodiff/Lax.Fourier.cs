using Ntk.Core.Autodiff.Primitives;

namespace Ntk.Core.Autodiff;

/// <content>Fourier transforms.</content>
public static partial class Lax
{
    /// <summary>The discrete Fourier transform over the last axes; <paramref name="length"/> is the last axis's size on the real side, if there is one.</summary>
    public static Value Fourier(Value x, int axes, FourierKind kind, long length) => x.Trace.Apply(new Fourier(kind, axes, length), x);

    /// <summary>The last axes cut, or padded with zeros at the end, to the given sizes.</summary>
    public static Value Fit(Value x, long[] sizes)
    {
        for (int i = 0; i < sizes.Length; i++)
        {
            int axis = x.Rank - sizes.Length + i;
            long missing = sizes[i] - x.Shape[axis];
            if (missing < 0)
            {
                x = SliceAxis(x, axis, 0, sizes[i]);
            }
            else if (missing > 0)
            {
                var high = new long[x.Rank];
                high[axis] = missing;
                x = x.DType.IsComplex()
                    ? Concat([x, x.Trace.Constant(TorchSharp.torch.zeros(x.Shape.Select((d, a) => a == axis ? missing : d).ToArray(), x.DType))], axis)
                    : Pad(x, new long[x.Rank], high);
            }
        }
        return x;
    }
}
