using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis;

/// <summary>Which training examples drive a kernel regression's predictions.</summary>
public static class Influence
{
    /// <summary>The training examples of most weight in each prediction: rows of K_test,train (K + λ)⁻¹, the largest magnitudes first.</summary>
    /// <param name="trainTrain">The kernel of the training examples with themselves, (N, N).</param>
    /// <param name="testTrain">The kernel of the test with the training examples, (M, N).</param>
    /// <param name="targets">What the training examples are.</param>
    /// <param name="ridge">λ, in units of the training kernel's mean diagonal.</param>
    /// <param name="first">How many of the largest; null for all.</param>
    /// <param name="warn">Told of an ill-conditioned kernel.</param>
    /// <param name="cancellation">Stops between test examples.</param>
    /// <exception cref="NtkException">Shapes that do not fit, an unsymmetric or singular kernel.</exception>
    public static IReadOnlyList<NtkInfluence> Rank(NtkTensor trainTrain, NtkTensor testTrain, RegressionTargets targets, double ridge, int? first, Action<string>? warn = null, CancellationToken cancellation = default)
    {
        KernelRegression.CheckShapes(trainTrain, testTrain, targets.Count);
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        RegularizedSystem system = Factor(trainTrain, ridge, warn, cancellation);
        Tensor weights = system.Solve(KernelMatrix.Real(testTrain, "-KernelTestTrain").t()).t();
        Tensor y = KernelMatrix.Real(targets.Values, "-YTrain");
        NtkRegressionPrediction[] predictions = [.. KernelRegression.Predictions(weights.mm(y), 0, targets, ridge, null)];
        double[] desired = y.contiguous().data<double>().ToArray();
        int columns = (int)y.shape[1], top = Math.Min(first ?? targets.Count, targets.Count);
        var results = new List<NtkInfluence>(predictions.Length * top);
        foreach (NtkRegressionPrediction prediction in predictions)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope inner = NewDisposeScope();
            double[] own = weights[prediction.Index].contiguous().data<double>().ToArray();
            int column = prediction.Scores.IndexOf(prediction.Score);
            int[] order = [.. Enumerable.Range(0, own.Length).OrderByDescending(i => Math.Abs(own[i])).Take(top)];
            for (int rank = 0; rank < order.Length; rank++)
            {
                int train = order[rank];
                results.Add(new NtkInfluence(prediction.Index, rank + 1, train, Known(targets, desired, train), columns == 1 ? prediction.Score : prediction.Label,
                    own[train], own[train] * desired[(train * columns) + column], targets.Count, trainTrain.Origin));
            }
        }
        return results;
    }

    /// <summary>
    /// What the other training examples say of each, without fitting N times: the residual is [(K + λ)⁻¹ y]ᵢ / [(K + λ)⁻¹]ᵢᵢ
    /// (Rasmussen and Williams, Gaussian Processes for Machine Learning, section 5.4.2). λ is the same for all.
    /// </summary>
    /// <param name="trainTrain">The kernel of the training examples with themselves, (N, N).</param>
    /// <param name="targets">What the training examples are.</param>
    /// <param name="ridge">λ, in units of the kernel's mean diagonal.</param>
    /// <param name="warn">Told of an ill-conditioned kernel.</param>
    /// <param name="cancellation">Stops before and after the factorisation.</param>
    /// <exception cref="NtkException">Shapes that do not fit, an unsymmetric or singular kernel.</exception>
    public static IReadOnlyList<NtkLeaveOneOut> LeaveOneOut(NtkTensor trainTrain, RegressionTargets targets, double ridge, Action<string>? warn = null, CancellationToken cancellation = default)
    {
        KernelRegression.CheckShapes(trainTrain, null, targets.Count);
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        RegularizedSystem system = Factor(trainTrain, ridge, warn, cancellation);
        Tensor y = KernelMatrix.Real(targets.Values, "-YTrain"), inverse = system.InverseDiagonal();
        Tensor residuals = system.Solve(y) / inverse.unsqueeze(1);
        // K (K + λ)⁻¹ = I − λ (K + λ)⁻¹
        double[] leverage = (1 - (system.Shift * inverse)).data<double>().ToArray();
        double[] missing = residuals.contiguous().data<double>().ToArray(), desired = y.contiguous().data<double>().ToArray();
        int columns = (int)y.shape[1];
        return [.. KernelRegression.Predictions(y - residuals, 0, targets, ridge, null).Select(prediction =>
        {
            int i = prediction.Index;
            double[] own = missing[(i * columns)..((i + 1) * columns)];
            object? predicted = columns == 1 ? prediction.Score : targets.Classes is null ? null : prediction.Label;
            bool? correct = targets.Labels is { } labels ? Equals(targets.Classes![labels[i]], prediction.Label) : null;
            return new NtkLeaveOneOut(i, Known(targets, desired, i), predicted, correct, columns == 1 ? own[0] : Math.Sqrt(own.Sum(v => v * v)), leverage[i], new NtkScores(own, targets.Classes));
        })];
    }

    private static RegularizedSystem Factor(NtkTensor trainTrain, double ridge, Action<string>? warn, CancellationToken cancellation) =>
        RegularizedSystem.Factor(KernelMatrix.ReadSymmetric(trainTrain, "-KernelTrainTrain"), new Regularization(ridge, "-Ridge"), "-KernelTrainTrain", KernelMatrix.Epsilon(trainTrain.DType), warn, cancellation);

    // The label, or the one target.
    private static object? Known(RegressionTargets targets, double[] desired, int example) =>
        targets.Labels is { } labels ? targets.Classes![labels[example]] : targets.Values.Shape[1] == 1 ? desired[example] : null;
}
