using Ntk.Core.Analysis.Solvers;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis;

/// <summary>
/// Kernel ridge regression: scores = K_test,train (K_train,train + ridge · mean(diag K_train,train) · I)⁻¹ Y, in float64 by a Cholesky factorisation.
/// With the NTK as kernel, the ridgeless form is what gradient descent on the squared error tends to (Jacot et al., arXiv 1806.07572).
/// </summary>
public static class KernelRegression
{
    private const string TrainTrain = "-KernelTrainTrain", TestTrain = "-KernelTestTrain";

    /// <summary>Predicts the targets of test examples.</summary>
    /// <param name="trainTrain">The kernel of the training examples with themselves, (N, N).</param>
    /// <param name="testTrain">The kernel of the test with the training examples, (M, N).</param>
    /// <param name="targets">What the training examples are.</param>
    /// <param name="options">The ridge, or how it is chosen.</param>
    /// <param name="progress">Told of each iteration, where there are any.</param>
    /// <param name="cancellation">Stops before and after the factorisation.</param>
    /// <returns>One prediction for each test example.</returns>
    /// <exception cref="NtkException">Shapes that do not fit, an unsymmetric or singular kernel, values that are not finite.</exception>
    public static IReadOnlyList<NtkRegressionPrediction> Predict(NtkTensor trainTrain, NtkTensor testTrain, RegressionTargets targets, RegressionOptions options,
        IProgress<NtkProgress>? progress = null, CancellationToken cancellation = default)
    {
        options.Check();
        CheckShapes(trainTrain, testTrain, targets.Count);
        if (options.ConjugateGradient is { } iteration)
        {
            return IterativeRegression.Predict(trainTrain, testTrain, targets, options, iteration, progress, cancellation);
        }
        TorchRuntime.Initialize();
        using var scope = NewDisposeScope();
        Tensor k = KernelMatrix.ReadSymmetric(trainTrain, TrainTrain);
        double ridge = options.CrossValidation?.Choose(k, targets, options.Tell, cancellation) ?? options.Ridge;
        cancellation.ThrowIfCancellationRequested();
        var system = RegularizedSystem.Factor(k, new Regularization(ridge, "-Ridge"), TrainTrain, KernelMatrix.Epsilon(trainTrain.DType), options.Warn, cancellation);
        Tensor weights = system.Solve(KernelMatrix.Real(targets.Values, "-YTrain"));
        var predictions = new List<NtkRegressionPrediction>(testTrain.Shape[0]);
        // Some rows at a time: a test-train kernel may be larger than memory and mapped from a file.
        int batch = Math.Max(1, (1 << 24) / targets.Count);
        for (int start = 0; start < testTrain.Shape[0]; start += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            using var inner = NewDisposeScope();
            NtkTensor rows = testTrain.Slice(start, Math.Min(batch, testTrain.Shape[0] - start));
            predictions.AddRange(Predictions(KernelMatrix.Real(rows, TestTrain).mm(weights), start, targets, ridge, options.Model));
        }
        return predictions;
    }

    /// <summary>Checks that kernels and targets are of the same examples.</summary>
    /// <exception cref="NtkException">They are not; the message says which, and what may be meant.</exception>
    internal static void CheckShapes(NtkTensor trainTrain, NtkTensor? testTrain, int targets, string argument = TrainTrain)
    {
        const string Traced = "Compute it with a trace over the output axis (-TraceAxis -1, the default).";
        if (trainTrain.Rank != 2 || trainTrain.Shape[0] != trainTrain.Shape[1])
        {
            throw Misshapen(argument, $"has the shape {NtkShape.Format(trainTrain.Shape)}, not (N, N). {(trainTrain.Rank == 2 ? "Compute it with -X1 alone, the training examples." : Traced)}");
        }
        int count = trainTrain.Shape[0];
        if (count == 0)
        {
            throw Misshapen(argument, "is empty: there is nothing to learn from.");
        }
        if (testTrain is not null && (testTrain.Rank != 2 || testTrain.Shape[1] != count))
        {
            bool turned = testTrain.Rank == 2 && testTrain.Shape[0] == count;
            throw Misshapen(TestTrain, $"has the shape {NtkShape.Format(testTrain.Shape)}, not (tests, {count}) as {argument} asks. "
                + (turned ? "It is the other way round: compute it with the test examples as -X1, or .Transpose() it." : testTrain.Rank == 2 ? "Compute it with the training examples as -X2." : Traced));
        }
        if (targets != count)
        {
            throw Misshapen("-YTrain", $"has {targets:N0} examples and the training kernel {count:N0}.");
        }
    }

    /// <summary>Scores (rows, C) as predictions, the first of which is of the test example <paramref name="start"/>.</summary>
    internal static IEnumerable<NtkRegressionPrediction> Predictions(Tensor scores, int start, RegressionTargets targets, double ridge, string? model)
    {
        int columns = (int)scores.shape[1];
        double[] values = scores.contiguous().data<double>().ToArray();
        for (int row = 0; row < values.Length / columns; row++)
        {
            double[] own = values[(row * columns)..((row + 1) * columns)];
            int best = Array.IndexOf(own, own.Max());
            object? label = targets.Classes is { } classes ? classes[best] : columns == 1 ? null : best;
            yield return new NtkRegressionPrediction(start + row, label, own[best], new NtkScores(own, targets.Classes), ridge, model);
        }
    }

    private static NtkException Misshapen(string argument, string what) => new(NtkErrorId.ShapeMismatch, $"{argument} {what}") { Target = argument };
}
