using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>Which discrete Fourier transform.</summary>
public enum FourierKind
{
    /// <summary>Complex to complex.</summary>
    Forward,
    /// <summary>Complex to complex, divided by the number of elements.</summary>
    Inverse,
    /// <summary>Real to the half of the spectrum that determines it.</summary>
    RealToComplex,
    /// <summary>Half a spectrum to the real signal.</summary>
    ComplexToReal,
}

/// <summary>A discrete Fourier transform over the last axes; linear over the reals.</summary>
/// <param name="kind">Which.</param>
/// <param name="axes">Over how many axes.</param>
/// <param name="length">The last axis's size on the real side.</param>
public sealed class Fourier(FourierKind kind, int axes, long length) : Primitive
{
    private readonly long[] _dims = Enumerable.Range(-axes, axes).Select(a => (long)a).ToArray();

    /// <inheritdoc/>
    public override string Name => "fourier";

    /// <inheritdoc/>
    protected override string Details => $"{kind}, {axes}";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands)
    {
        TensorType x = operands[0];
        if (x.Rank < axes || x.DType.IsComplex() == (kind == FourierKind.RealToComplex))
        {
            throw Mismatch($"{x} is not what it takes");
        }
        bool wide = x.DType is ScalarType.Float64 or ScalarType.ComplexFloat64;
        return kind switch
        {
            FourierKind.RealToComplex => new(wide ? ScalarType.ComplexFloat64 : ScalarType.ComplexFloat32, [.. x.Shape[..^1], (length / 2) + 1]),
            FourierKind.ComplexToReal => new(wide ? ScalarType.Float64 : ScalarType.Float32, [.. x.Shape[..^1], length]),
            _ => x,
        };
    }

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands) => Transform(operands[0]);

    /// <inheritdoc/>
    public override bool IsLinear(int operand) => true;

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point) => Transform(tangent);

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point)
    {
        long[] shape = kind == FourierKind.ComplexToReal ? point.OutputType.Shape : point.OperandTypes[0].Shape;
        double count = Shapes.Count(shape.AsSpan(shape.Length - axes));
        switch (kind)
        {
            case FourierKind.Forward:
                return fft.ifftn(cotangent, dim: _dims) * count;
            case FourierKind.Inverse:
                return fft.fftn(cotangent, dim: _dims) / count;
            case FourierKind.RealToComplex:
                using (Tensor whole = cat([cotangent, zeros([.. cotangent.shape[..^1], length - cotangent.shape[^1]], cotangent.dtype)], -1))
                {
                    return fft.ifftn(whole, dim: _dims).real * count;
                }
            default:
                // Every frequency but the first, and the middle one of an even length, stands for its mirror image as well.
                using (Tensor weights = full([(length / 2) + 1], 2.0 / count, cotangent.dtype))
                {
                    weights[0] = tensor(1.0 / count, cotangent.dtype);
                    if (length % 2 == 0)
                    {
                        weights[length / 2] = tensor(1.0 / count, cotangent.dtype);
                    }
                    return fft.rfftn(cotangent, dim: _dims) * weights;
                }
        }
    }

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site) => site.Axes[0]!.Value.Axis < site.Operands[0].Rank - axes ? site.Axes[0] : null;

    /// <inheritdoc/>
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output) => 5.0 * output.Count * Math.Log2(Math.Max(2, output.Count));

    private Tensor Transform(Tensor x) => kind switch
    {
        FourierKind.Forward => fft.fftn(x, dim: _dims),
        FourierKind.Inverse => fft.ifftn(x, dim: _dims),
        FourierKind.RealToComplex => fft.rfftn(x, dim: _dims),
        _ => fft.irfftn(x, s: [.. x.shape[^axes..^1], length], dim: _dims),
    };
}
