using Ntk.Core.Autodiff.Primitives;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <content>Between real and complex values. A complex cotangent is the one of the real pair: real part for the real part, imaginary for the imaginary.</content>
public static partial class Lax
{
    /// <summary>The real part.</summary>
    public static Value Real(Value x) => !x.DType.IsComplex() ? x
        : x.Trace.Apply(new Unary("real", t => t.real.clone(), Reads.None, (rows, _, _) => rows.is_complex() ? rows.real.clone() : complex(rows, zeros_like(rows)), RealType), x);

    /// <summary>The imaginary part.</summary>
    public static Value Imaginary(Value x) => !x.DType.IsComplex() ? x * 0.0 : Real(x * x.Trace.Constant(tensor(new System.Numerics.Complex(0, -1)).to(x.DType)));

    /// <summary>The complex conjugate.</summary>
    public static Value Conjugate(Value x) => !x.DType.IsComplex() ? x
        : x.Trace.Apply(new Unary("conj", t => t.conj().resolve_conj(), Reads.None, (rows, _, _) => rows.conj().resolve_conj()), x);

    private static ScalarType RealType(ScalarType type) => type == ScalarType.ComplexFloat64 ? ScalarType.Float64 : ScalarType.Float32;
}
