using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <summary>Kinds of element types.</summary>
public static class ScalarTypes
{
    /// <summary>Whether the type is a real floating-point type.</summary>
    public static bool IsFloatingPoint(this ScalarType type) => type is ScalarType.Float32 or ScalarType.Float64;

    /// <summary>Whether the type is complex.</summary>
    public static bool IsComplex(this ScalarType type) => type is ScalarType.ComplexFloat32 or ScalarType.ComplexFloat64;

    /// <summary>Whether a value of the type can have a derivative.</summary>
    public static bool IsDifferentiable(this ScalarType type) => type.IsFloatingPoint() || type.IsComplex();
}
