using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis.Dynamics;

/// <summary>
/// Gradient descent in function space, df/dt = −K ∂loss/∂f, for training and test outputs together. With momentum m it is the second-order equation
/// f″ = −K ∂loss/∂f + (m − 1) / √η · f′ in units of √η, η the learning rate (neural_tangents' <c>gradient_descent</c>).
/// </summary>
internal sealed class FunctionSpaceFlow
{
    private const double Tolerance = 1e-9;
    private const long MostSteps = 400_000;
    private const long StepsToRest = 5_000;
    private const double Still = 1e-7;

    private readonly TargetAxes _axes;
    private readonly Tensor _trainTrain;
    private readonly Tensor? _testTrain;
    private readonly Tensor _y;
    private readonly double _friction;
    private readonly bool _momentum;
    private readonly bool _unknown;
    private readonly double _timeScale;
    private readonly long _rows;
    private readonly TrainingLoss _loss;
    private readonly double _scale;
    private readonly DormandPrince _solution;

    /// <summary>Begins at time zero.</summary>
    /// <param name="axes">The outputs' axes.</param>
    /// <param name="trainTrain">The training kernel, (n, n).</param>
    /// <param name="testTrain">The test kernel, (m, n).</param>
    /// <param name="y">The targets, in their own shape.</param>
    /// <param name="train0">The training outputs at time zero, (n, c).</param>
    /// <param name="test0">The test outputs at time zero, (m, c).</param>
    /// <param name="loss">The loss.</param>
    /// <param name="learningRate">η.</param>
    /// <param name="momentum">m; null for none.</param>
    /// <param name="unknown">Whether the loss is the user's, of which no more than the gradient is known.</param>
    public FunctionSpaceFlow(TargetAxes axes, Tensor trainTrain, Tensor? testTrain, Tensor y, Tensor train0, Tensor? test0, TrainingLoss loss, double learningRate, double? momentum, bool unknown = false)
    {
        (_axes, _trainTrain, _testTrain, _y, _loss) = (axes, trainTrain, testTrain, y, loss);
        _momentum = momentum is not null;
        _unknown = unknown;
        _timeScale = _momentum ? Math.Sqrt(learningRate) : learningRate;
        _friction = _momentum ? (momentum!.Value - 1) / _timeScale : 0;
        _rows = train0.shape[0];
        Tensor f = test0 is null ? train0 : cat([train0, test0]);
        _scale = Math.Max(f.abs().max().ToDouble(), y.abs().max().ToDouble());
        _scale = _scale > 0 ? _scale : 1;
        _solution = new DormandPrince(Derivative, _momentum ? stack([f, zeros_like(f)]) : f.unsqueeze(0), Tolerance, Tolerance * _scale, MostSteps);
    }

    /// <summary>The training outputs, (n, c).</summary>
    public Tensor Train => _solution.State[0].narrow(0, 0, _rows);

    /// <summary>The test outputs, (m, c).</summary>
    public Tensor? Test => _testTrain is null ? null : _solution.State[0].narrow(0, _rows, _testTrain.shape[0]);

    /// <summary>Goes on to a time in training steps; to infinity until nothing moves any more.</summary>
    /// <exception cref="NtkException">It takes too many steps, or never comes to rest.</exception>
    public void Advance(double time, CancellationToken cancellation)
    {
        if (double.IsFinite(time))
        {
            _solution.Advance(time * _timeScale, cancellation);
            return;
        }
        Settle(cancellation);
    }

    // Time doubles until nothing moves any more. An approach to rest is exponential, so each doubling moves less and less; growth without end is logarithmic.
    private void Settle(CancellationToken cancellation)
    {
        // An upper bound of the largest eigenvalue gives the time in which anything happens at all; where the loss's curvature is not known, the speed now.
        double speed = _unknown ? Derivative(_solution.State)[_momentum ? 1 : 0].abs().max().ToDouble() / _scale : _trainTrain.abs().sum(1).max().ToDouble() / _y.numel();
        double rate = Math.Max(speed, 1e-300);
        double until = Math.Max(_solution.Time, 100 / (_momentum ? Math.Sqrt(rate) : rate));
        long first = _solution.Steps;
        _solution.Advance(until, cancellation);
        while (_solution.Steps - first < StepsToRest)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor before = _solution.State[0].clone();
            until *= 2;
            _solution.Advance(until, cancellation);
            if ((_solution.State[0] - before).abs_().max().ToDouble() <= Still * _scale)
            {
                return;
            }
        }
        throw new NtkException(NtkErrorId.NotConverged,
            $"Training has not come to rest by step {_solution.Time / _timeScale:G3}. {(_unknown ? "Some losses have no end" : "Where the training examples can all be told apart, cross-entropy with one-hot targets has no end")}: the outputs grow for ever. Give -Time.");
    }

    private Tensor Derivative(Tensor state)
    {
        Tensor f = _axes.Restore(state[0].narrow(0, 0, _rows), _axes.Rows);
        Tensor gradient = _axes.Flatten(_loss.Gradient(f, _y));
        Tensor force = _trainTrain.mm(gradient);
        force = (_testTrain is null ? force : cat([force, _testTrain.mm(gradient)])).neg_();
        return _momentum ? stack([state[1], force.add_(state[1], alpha: _friction)]) : force.unsqueeze(0);
    }
}
