using System.Globalization;

namespace Ntk;

/// <summary>How a parameter's part of the kernel is computed.</summary>
public enum NtkPlanMethod
{
    /// <summary>The Jacobian is written out and contracted ("Fast Finite Width Neural Tangent Kernel", arXiv 2206.08720, section 3.2).</summary>
    JacobianContraction,

    /// <summary>Rows of one side's Jacobian are pushed forward through the other side (section 3.3).</summary>
    NtkVectorProducts,

    /// <summary>The factors of the Jacobian meet as Gram matrices; the Jacobian is never written out (section 3.4).</summary>
    StructuredDerivatives,

    /// <summary>A bias that is contracted together with the weights of its layer, at no cost of its own.</summary>
    WithItsWeights,
}

/// <summary>What one parameter costs: mostly one; those that reach data only together are counted together.</summary>
/// <param name="Parameter">Its name; several are joined by commas.</param>
/// <param name="Count">Its number of scalars.</param>
/// <param name="Method">How its part is computed.</param>
/// <param name="Flops">Counted floating-point operations of making its terms and contracting them.</param>
/// <param name="Bytes">Bytes of its terms for one example.</param>
/// <param name="Share">Its part of all counted operations, 0 … 1.</param>
public sealed record NtkPlanStep(string Parameter, long Count, NtkPlanMethod Method, double Flops, double Bytes, double Share)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Parameter}: {Method}, {NtkPlan.Operations(Flops)} ({100 * Share:0.#} %)");
}

/// <summary>What a kernel costs and how it will be computed, before it is.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Output">The output's name.</param>
/// <param name="Shape">The kernel's shape.</param>
/// <param name="Steps">The parameters' costs, in the model's order.</param>
/// <param name="PassFlops">Counted operations of evaluating the model and pulling the output's rows back through it.</param>
/// <param name="Flops">All counted operations.</param>
/// <param name="IsBatched">Whether the examples are proven independent; else the whole batch is one Jacobian.</param>
/// <param name="TileExamples">Examples of one pass through the model.</param>
/// <param name="BlockExamples">Examples whose terms are contracted together.</param>
/// <param name="Bytes">Expected peak memory beside the model and the kernel.</param>
/// <param name="KernelBytes">Bytes of the kernel.</param>
public sealed record NtkPlan(string Model, string Output, IReadOnlyList<int> Shape, IReadOnlyList<NtkPlanStep> Steps, double PassFlops, double Flops,
    bool IsBatched, long TileExamples, long BlockExamples, double Bytes, double KernelBytes)
{
    /// <summary>The total in one line.</summary>
    public override string ToString()
    {
        string examples = IsBatched ? $"tiles of {TileExamples} examples, contracted in blocks of {BlockExamples}" : "the whole batch as one";
        return string.Create(CultureInfo.InvariantCulture,
            $"{Model}, output {Output}, ({string.Join(", ", Shape)}): {Operations(Flops)} ({Operations(PassFlops)} in passes), {examples}, {Bytes / (1 << 20):0.#} MB beside the kernel's {KernelBytes / (1 << 20):0.#} MB");
    }

    /// <summary>A number of operations in the unit that suits it: <c>14.6 GFLOP</c>.</summary>
    internal static string Operations(double flops)
    {
        (double scale, string unit) = flops switch { < 1e9 => (1e6, "MFLOP"), < 1e12 => (1e9, "GFLOP"), _ => (1e12, "TFLOP") };
        return string.Create(CultureInfo.InvariantCulture, $"{flops / scale:0.##} {unit}");
    }
}
