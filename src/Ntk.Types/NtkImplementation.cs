namespace Ntk;

/// <summary>How a kernel's parameters are differentiated and contracted; the numbers are neural_tangents' <c>NtkImplementation</c>.</summary>
public enum NtkImplementation
{
    /// <summary>Whatever costs the fewest counted operations, parameter by parameter.</summary>
    Auto = 0,
    /// <summary>Explicit Jacobians, contracted.</summary>
    JacobianContraction = 1,
    /// <summary>A JVP of each VJP row.</summary>
    NtkVectorProducts = 2,
    /// <summary>The structure rules of the primitives.</summary>
    StructuredDerivatives = 3,
}

/// <summary>The floating-point type of the computation.</summary>
public enum NtkPrecision
{
    /// <summary>float32.</summary>
    Single,
    /// <summary>float64.</summary>
    Double,
}
