using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis.Dynamics;

/// <summary>
/// Functions of the training kernel K that solve gradient flow on the mean squared error, df/dt = −K (f − y) / size: by eigendecomposition for finite
/// times, by Cholesky's factorisation for the end of training. Negative eigenvalues are rounding's and count as zero, as neural_tangents has it.
/// </summary>
internal sealed class GradientFlow(Tensor kernel, Regularization regularization, string argument, double epsilon, double size, Action<string>? warn, CancellationToken cancellation)
{
    private (Tensor Values, Tensor Vectors)? _eigen;
    private RegularizedSystem? _system;

    /// <summary>Makes in the caller's scope what the rest would otherwise make, and lose, in an inner one.</summary>
    /// <param name="times">The times that will be asked for.</param>
    /// <param name="learned">Whether <see cref="Learned"/> will be.</param>
    public void Prepare(IReadOnlyList<double> times, bool learned)
    {
        if (times.Any(double.IsFinite))
        {
            Eigen();
        }
        if (learned && times.Any(double.IsPositiveInfinity))
        {
            System();
        }
    }

    /// <summary>(I − e^(−K t / size)) <paramref name="right"/>: how far the training outputs have come.</summary>
    public Tensor Fitted(Tensor right, double time) => double.IsPositiveInfinity(time) ? right : Apply(right, Moved(time).neg_());

    /// <summary>(I − e^(−K t / size)) K⁻¹ <paramref name="right"/>: the weights of the training examples in a prediction.</summary>
    public Tensor Learned(Tensor right, double time)
    {
        if (double.IsPositiveInfinity(time))
        {
            return System().Solve(right);
        }
        Tensor values = Eigen().Values;
        return Apply(right, where(values > 0, Moved(time).neg_().div_(values.abs()), 0.0));
    }

    /// <summary>e^(−K t / size) as a matrix.</summary>
    public Tensor Remaining(double time) => Matrix(Decay(time));

    /// <summary>K e^(−K t / size) as a matrix.</summary>
    public Tensor RemainingKernel(double time) => Matrix(Decay(time).mul_(Eigen().Values.clamp_min(0)));

    private Tensor Apply(Tensor right, Tensor values)
    {
        cancellation.ThrowIfCancellationRequested();
        Tensor vectors = Eigen().Vectors;
        return vectors.mm(vectors.t().mm(right).mul_(values.unsqueeze(1)));
    }

    private Tensor Matrix(Tensor values) => Eigen().Vectors.mul(values).mm(Eigen().Vectors.t());

    private Tensor Decay(double time) => (Eigen().Values.clamp_min(0) * (-time / size)).exp_();

    private Tensor Moved(double time) => (Eigen().Values.clamp_min(0) * (-time / size)).expm1_();

    private RegularizedSystem System() => _system ??= RegularizedSystem.Factor(kernel, regularization, argument, epsilon, warn, cancellation);

    private (Tensor Values, Tensor Vectors) Eigen()
    {
        if (_eigen is { } known)
        {
            return known;
        }
        cancellation.ThrowIfCancellationRequested();
        regularization.Check();
        (Tensor values, Tensor vectors) = linalg.eigh(RegularizedSystem.Shifted(kernel, regularization.On(kernel.diagonal().mean().ToDouble())));
        double smallest = values[0].ToDouble(), largest = values[-1].ToDouble();
        if (smallest < -Math.Sqrt(kernel.shape[0]) * 10 * epsilon * Math.Abs(largest))
        {
            warn?.Invoke($"The kernel {argument} has negative eigenvalues (down to {smallest:G3}; the largest is {largest:G3}), which count as zero: it is not quite the kernel of a set of examples with itself.");
        }
        cancellation.ThrowIfCancellationRequested();
        _eigen = (values, vectors);
        return (values, vectors);
    }
}
