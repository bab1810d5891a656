using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis;

/// <summary>What is added to a kernel's diagonal, and how the user calls it.</summary>
/// <param name="Strength">How much.</param>
/// <param name="Option">The parameter's name: <c>-Ridge</c>, <c>-DiagReg</c>.</param>
/// <param name="Absolute">In the kernel's own units; otherwise in units of the diagonal's mean.</param>
internal sealed record Regularization(double Strength, string Option, bool Absolute = false)
{
    /// <summary>What is added, for a kernel whose diagonal has the mean <paramref name="scale"/>.</summary>
    public double On(double scale) => Absolute ? Strength : Strength * scale;

    /// <exception cref="NtkException">The strength is no number from 0.</exception>
    public void Check()
    {
        if (!(Strength >= 0 && double.IsFinite(Strength)))
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"{Option} is {Strength}; it is a number from 0.") { Target = Option };
        }
    }
}

/// <summary>A training kernel with something added to its diagonal, factored once (Cholesky, float64) to be solved with.</summary>
internal sealed class RegularizedSystem
{
    // Relative errors of solutions are the condition number times 1e-16: above this, half of the digits are gone.
    private const double LargestCondition = 1e10;
    // Larger systems would pay more for their eigenvalues than for their solution.
    private const int MostForEigenvalues = 4096;

    private readonly Tensor _factor;

    private RegularizedSystem(Tensor factor, double shift) => (_factor, Shift) = (factor, shift);

    /// <summary>What was added to the kernel's diagonal.</summary>
    public double Shift { get; }

    /// <summary>Factors a kernel.</summary>
    /// <param name="kernel">The kernel, symmetric.</param>
    /// <param name="regularization">What to add.</param>
    /// <param name="argument">The kernel's parameter, for errors.</param>
    /// <param name="epsilon">The relative spacing of the numbers that the kernel was computed in.</param>
    /// <param name="warn">Told of an ill-conditioned system, with its condition number and what would help.</param>
    /// <param name="cancellation">Stops between attempts.</param>
    /// <exception cref="NtkException">The system is singular; the message says what would help.</exception>
    public static RegularizedSystem Factor(Tensor kernel, Regularization regularization, string argument, double epsilon, Action<string>? warn, CancellationToken cancellation)
    {
        regularization.Check();
        double scale = kernel.diagonal().mean().ToDouble();
        if (!(scale > 0))
        {
            throw new NtkException(NtkErrorId.SingularSystem, $"{argument} has a diagonal that is zero or negative on average: it is the kernel of no model, or of one whose output does not depend on its parameters.") { Target = argument };
        }
        Tensor matrix = Shifted(kernel, regularization.On(scale));
        if (TryFactor(matrix) is not { } factor)
        {
            throw Singular(kernel, regularization, argument, scale, cancellation);
        }
        if (warn is not null)
        {
            WarnWhenIllConditioned(matrix, factor, regularization, argument, scale, epsilon, warn);
        }
        return new RegularizedSystem(factor, regularization.On(scale));
    }

    /// <summary>The matrix's inverse times <paramref name="right"/>.</summary>
    public Tensor Solve(Tensor right) => cholesky_solve(right, _factor);

    /// <summary>The diagonal of the matrix's inverse.</summary>
    public Tensor InverseDiagonal() => cholesky_inverse(_factor).diagonal();

    /// <summary>The kernel with a number added to its diagonal.</summary>
    public static Tensor Shifted(Tensor kernel, double shift)
    {
        Tensor shifted = kernel.clone();
        shifted.diagonal().add_(shift);
        return shifted;
    }

    private static NtkException Singular(Tensor kernel, Regularization regularization, string argument, double scale, CancellationToken cancellation)
    {
        (string option, double given) = (regularization.Option, regularization.Strength);
        double unit = regularization.Absolute ? Math.Pow(10, Math.Floor(Math.Log10(scale))) : 1;
        // Tried, not estimated: each attempt costs a ninth of the eigenvalues that would tell.
        for (double helping = Math.Max(1e-12 * unit, PowerOfTenAbove(given)); helping <= 1.01 * unit; helping *= 10)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            if (TryFactor(Shifted(kernel, regularization.Absolute ? helping : helping * scale)) is not null)
            {
                return new NtkException(NtkErrorId.SingularSystem,
                    $"The kernel {argument} is singular with {option} {given:G3}: some examples are the same or nearly so, or rounding has made them so. {option} {helping:G1} would do.") { Target = argument };
            }
        }
        return new NtkException(NtkErrorId.SingularSystem,
            $"The kernel {argument} is not positive definite, and no {option} up to {unit:G1} makes it so: it is not the kernel of a set of examples with itself.") { Target = argument };
    }

    private static Tensor? TryFactor(Tensor matrix)
    {
        (Tensor factor, Tensor info) = linalg.cholesky_ex(matrix);
        // A pivot that is all rounding passes for positive half of the time.
        return info.ToInt32() == 0 && SmallestPivot(factor) > matrix.shape[0] * KernelMatrix.Epsilon(NtkDType.Float64) * matrix.diagonal().max().ToDouble() ? factor : null;
    }

    // No less than the smallest eigenvalue.
    private static double SmallestPivot(Tensor factor) => Math.Pow(factor.diagonal().min().ToDouble(), 2);

    private static void WarnWhenIllConditioned(Tensor matrix, Tensor factor, Regularization regularization, string argument, double scale, double epsilon, Action<string> warn)
    {
        // What rounding of the kernel's elements may do to its eigenvalues; in float64 the solution's own rounding comes first.
        double rounding = epsilon > KernelMatrix.Epsilon(NtkDType.Float64) ? Math.Sqrt(matrix.shape[0]) * epsilon * scale : 0;
        double trace = matrix.trace().ToDouble();
        double pivot = SmallestPivot(factor);
        if (pivot > 100 * Math.Max(trace / LargestCondition, rounding))
        {
            return;
        }
        double largest = trace, smallest = pivot;
        bool exact = matrix.shape[0] <= MostForEigenvalues;
        if (exact)
        {
            Tensor eigenvalues = linalg.eigvalsh(matrix);
            (smallest, largest) = (eigenvalues[0].ToDouble(), eigenvalues[-1].ToDouble());
        }
        double least = Math.Max(largest / LargestCondition, rounding);
        if (smallest >= least)
        {
            return;
        }
        string condition = smallest > 0 ? $"{largest / smallest:G3}" : "infinite";
        double helping = PowerOfTenAbove(10 * least / (regularization.Absolute ? 1 : scale));
        string why = rounding > largest / LargestCondition ? "eigenvalues below what rounding of the kernel's elements makes of them" : "solutions lose half of their digits";
        warn($"The kernel {argument} is ill-conditioned: condition number {(exact ? "" : "at least ")}{condition} with {regularization.Option} {regularization.Strength:G3}, {why}. {regularization.Option} {helping:G1} would help.");
    }

    private static double PowerOfTenAbove(double value) => value > 0 ? Math.Pow(10, Math.Floor(Math.Log10(value)) + 1) : 0;
}
