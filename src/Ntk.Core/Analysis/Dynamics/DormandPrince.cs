using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis.Dynamics;

/// <summary>
/// Integrates dy/dt = f(y) by the explicit Runge-Kutta pair of orders 5 and 4 of Dormand and Prince (J. Comput. Appl. Math. 6, 1980), with steps chosen
/// by the estimated error as in Hairer, Nørsett, Wanner, Solving Ordinary Differential Equations I, II.4. Of our own, since MathNet.Numerics, the
/// well-kept library of .NET, has fixed steps only, and gradient flow's rates differ by the kernel's condition number.
/// </summary>
internal sealed class DormandPrince
{
    // The tableau: row i gives the stage i + 1; the last is the solution of order 5, so that its derivative is the next step's first.
    private static readonly double[][] Stages =
    [
        [1.0 / 5],
        [3.0 / 40, 9.0 / 40],
        [44.0 / 45, -56.0 / 15, 32.0 / 9],
        [19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729],
        [9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656],
        [35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84],
    ];

    // The solution of order 5 less the one of order 4.
    private static readonly double[] Errors = [71.0 / 57600, 0, -71.0 / 16695, 71.0 / 1920, -17253.0 / 339200, 22.0 / 525, -1.0 / 40];

    private readonly Func<Tensor, Tensor> _derivative;
    private readonly double _relative;
    private readonly double _absolute;
    private readonly long _mostSteps;
    private readonly Tensor _slopes; // (7, elements)
    private readonly Tensor[] _weights;
    private readonly Tensor _errorWeights;
    private readonly Tensor _state;
    private double _step;

    /// <summary>Begins at time zero.</summary>
    /// <param name="derivative">f, from a tensor to one of the same shape.</param>
    /// <param name="state">y at time zero, float64.</param>
    /// <param name="relative">The error allowed in a step, as a share of each element.</param>
    /// <param name="absolute">The error allowed in a step beside it.</param>
    /// <param name="mostSteps">Steps after which to give up.</param>
    public DormandPrince(Func<Tensor, Tensor> derivative, Tensor state, double relative, double absolute, long mostSteps)
    {
        (_derivative, _relative, _absolute, _mostSteps) = (derivative, relative, absolute, mostSteps);
        _state = state.clone();
        _slopes = empty([7, state.numel()], ScalarType.Float64);
        _weights = Array.ConvertAll(Stages, row => tensor(row, ScalarType.Float64));
        _errorWeights = tensor(Errors, ScalarType.Float64);
        SetSlope(0, _state);
        _step = FirstStep();
    }

    /// <summary>How far the solution is.</summary>
    public double Time { get; private set; }

    /// <summary>The solution at <see cref="Time"/>.</summary>
    public Tensor State => _state;

    /// <summary>Steps taken, the refused ones among them.</summary>
    public long Steps { get; private set; }

    /// <summary>Goes on to a time not before <see cref="Time"/>.</summary>
    /// <exception cref="NtkException">It takes too many steps, or the solution grows out of bounds.</exception>
    public void Advance(double time, CancellationToken cancellation)
    {
        while (Time < time)
        {
            cancellation.ThrowIfCancellationRequested();
            if (++Steps > _mostSteps)
            {
                throw new NtkException(NtkErrorId.NotConverged,
                    $"The training dynamics took {_mostSteps:N0} steps of integration to come to time {Time:G4} of {time:G4}: the kernel's largest eigenvalue times the learning rate is too large for so long a time. Give smaller times or a smaller -LearningRate; for the mean squared error without momentum, -Method GradientDescentMse needs no steps.");
            }
            using DisposeScope scope = NewDisposeScope();
            bool last = _step >= time - Time;
            double step = last ? time - Time : _step;
            Tensor next = _state;
            for (int stage = 0; stage < Stages.Length; stage++)
            {
                next = _state + _weights[stage].unsqueeze(0).mm(_slopes.narrow(0, 0, stage + 1)).mul_(step).reshape(_state.shape);
                SetSlope(stage + 1, next);
            }
            Tensor error = _errorWeights.unsqueeze(0).mm(_slopes).mul_(step).reshape(_state.shape);
            Tensor allowed = maximum(_state.abs(), next.abs()).mul_(_relative).add_(_absolute);
            double ratio = error.abs_().div_(allowed).max().ToDouble();
            if (ratio <= 1)
            {
                Time = last ? time : Time + step;
                _state.copy_(next);
                _slopes[0].copy_(_slopes[6]);
                // A step cut short by the wanted time says nothing against the longer one.
                _step = Math.Max(last ? _step : 0, step * Factor(ratio));
            }
            else
            {
                _step = step * (double.IsFinite(ratio) ? Math.Min(1, Factor(ratio)) : 0.1);
                if (_step <= 1e-14 * Math.Max(Time, double.Epsilon) || _step < 1e-300)
                {
                    throw new NtkException(NtkErrorId.NotConverged, $"The training dynamics grow out of bounds at time {Time:G4}: the kernel is not that of a model's examples, or its numbers are too large.");
                }
            }
        }
    }

    private static double Factor(double ratio) => Math.Clamp(0.9 * Math.Pow(Math.Max(ratio, 1e-10), -0.2), 0.2, 10);

    private void SetSlope(int stage, Tensor state)
    {
        using DisposeScope scope = NewDisposeScope();
        _slopes[stage].copy_(_derivative(state).reshape(-1));
    }

    // Hairer, Nørsett, Wanner, II.4, "Starting step size".
    private double FirstStep()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor slope = _slopes[0].reshape(_state.shape), allowed = _state.abs().mul_(_relative).add_(_absolute);
        double size = (_state / allowed).abs_().max().ToDouble(), speed = (slope / allowed).abs_().max().ToDouble();
        double guess = size < 1e-5 || speed < 1e-5 ? 1e-6 : 0.01 * size / speed;
        double bend = ((_derivative(_state + (slope * guess)) - slope) / allowed).abs_().max().ToDouble() / guess;
        double larger = Math.Max(speed, bend);
        return Math.Min(100 * guess, larger <= 1e-15 ? Math.Max(1e-6, guess * 1e-3) : Math.Pow(0.01 / larger, 0.2));
    }
}
