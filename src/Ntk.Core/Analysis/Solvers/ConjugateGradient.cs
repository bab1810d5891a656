using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis.Solvers;

/// <summary>How a system is solved by iteration.</summary>
public sealed record ConjugateGradientOptions
{
    /// <summary>
    /// The residual at which to stop, as a share of the right side, for each of its columns; null for what products in the kernel's precision allow, 1e-4 in
    /// float32 and 1e-8 in float64.
    /// </summary>
    public double? Tolerance { get; init; }

    /// <summary>Products with the kernel after which to give up.</summary>
    public int MostIterations { get; init; } = 500;

    /// <summary>The number of the kernel's columns that the preconditioner is made of, 0 for none; null for a tenth of them, at most 1,000.</summary>
    public int? PreconditionerRank { get; init; }

    /// <summary>Fixes which columns.</summary>
    public int Seed { get; init; }
}

/// <summary>What an iteration came to.</summary>
/// <param name="Solution">(N, V).</param>
/// <param name="Iterations">Products with the kernel.</param>
/// <param name="Residual">The largest of the columns' true residuals, as a share of the right side.</param>
internal sealed record ConjugateGradientResult(Tensor Solution, int Iterations, double Residual);

/// <summary>
/// Preconditioned conjugate gradients for several right sides at once, which share each product with the matrix; columns that are done drop out. When all are
/// done the true residual is taken, and where rounding has parted it from the iterated one the rest is solved for again.
/// </summary>
internal static class ConjugateGradient
{
    /// <summary>Solves (K + λ) x = b.</summary>
    /// <param name="multiply">K times vectors (N, V).</param>
    /// <param name="shift">λ.</param>
    /// <param name="right">b, (N, V).</param>
    /// <param name="precondition">An approximate inverse times vectors; symmetric and positive definite.</param>
    /// <param name="tolerance">The residual at which to stop, as a share of the right side.</param>
    /// <param name="mostIterations">Products after which to give up.</param>
    /// <param name="report">Told the number of iterations and the largest residual after each.</param>
    /// <param name="cancellation">Stops between iterations.</param>
    /// <exception cref="NtkException">The matrix is not positive definite.</exception>
    public static ConjugateGradientResult Solve(Func<Tensor, Tensor> multiply, double shift, Tensor right, Func<Tensor, Tensor> precondition, double tolerance, int mostIterations,
        Action<int, double>? report, CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor sizes = Norms(right).clamp_min(double.Epsilon), solution = zeros_like(right), rest = right;
        int iterations = 0;
        double residual = (Norms(rest) / sizes).max().ToDouble();
        while (residual > tolerance && iterations < mostIterations)
        {
            Tensor step = Run(multiply, shift, rest, sizes * tolerance, precondition, mostIterations, ref iterations, report, sizes, cancellation);
            solution = solution + step;
            rest = right - multiply(solution) - (solution * shift);
            iterations++;
            double now = (Norms(rest) / sizes).max().ToDouble();
            bool gained = now < residual / 2;
            residual = now;
            if (!gained)
            {
                break;
            }
        }
        return new ConjugateGradientResult(solution.MoveToOuterDisposeScope(), iterations, residual);
    }

    private static Tensor Run(Func<Tensor, Tensor> multiply, double shift, Tensor right, Tensor wanted, Func<Tensor, Tensor> precondition, int most, ref int iterations,
        Action<int, double>? report, Tensor sizes, CancellationToken cancellation)
    {
        Tensor solution = zeros_like(right), active = (Norms(right) > wanted).nonzero().squeeze(1);
        Tensor residual = right.index_select(1, active), direction = precondition(residual), x = zeros_like(residual), energy = (residual * direction).sum(dim: 0);
        while (active.numel() > 0 && iterations < most)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            Tensor product = multiply(direction).add_(direction, alpha: shift);
            iterations++;
            Tensor curvature = (direction * product).sum(dim: 0);
            if (!(curvature > 0).all().ToBoolean())
            {
                throw new NtkException(NtkErrorId.SingularSystem,
                    $"The training kernel is not positive definite to the precision it is computed in (found after {iterations} products). A larger -Ridge makes it so{(shift == 0 ? ", such as 1E-06" : "")}; -Precision Double may.");
            }
            Tensor length = energy / curvature;
            x.add_(direction * length);
            residual.sub_(product * length);
            Tensor norms = Norms(residual);
            report?.Invoke(iterations, (norms / sizes.index_select(0, active)).max().ToDouble());
            Tensor done = norms <= wanted.index_select(0, active);
            if (done.any().ToBoolean())
            {
                Tensor ended = done.nonzero().squeeze(1), open = done.logical_not().nonzero().squeeze(1);
                solution.index_copy_(1, active.index_select(0, ended), x.index_select(1, ended));
                (x, residual, direction) = (Chosen(x, 1, open), Chosen(residual, 1, open), Chosen(direction, 1, open));
                (energy, active) = (Chosen(energy, 0, open), Chosen(active, 0, open));
            }
            Tensor next = precondition(residual), nextEnergy = (residual * next).sum(dim: 0);
            direction.mul_(nextEnergy / energy).add_(next);
            energy.copy_(nextEnergy);
        }
        solution.index_copy_(1, active, x);
        return solution;
    }

    private static Tensor Norms(Tensor columns) => columns.square().sum(dim: 0).sqrt();

    // The columns that go on, where the whole lived; the whole goes, or each round of dropping would keep its own copy.
    private static Tensor Chosen(Tensor whole, int axis, Tensor columns)
    {
        Tensor chosen = whole.index_select(axis, columns);
        chosen.MoveToOuterDisposeScope();
        whole.Dispose();
        return chosen;
    }
}
