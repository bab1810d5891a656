using System.Diagnostics;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis.Solvers;

/// <summary>Kernel ridge regression by preconditioned conjugate gradients: memory is linear in the training examples.</summary>
internal static class IterativeRegression
{
    private const int MostColumns = 1000;

    /// <summary>Predicts test examples with a model's kernel, which is never formed.</summary>
    /// <param name="model">The model.</param>
    /// <param name="xTrain">The training examples, a tensor for each of the model's inputs.</param>
    /// <param name="xTest">The test examples.</param>
    /// <param name="targets">What the training examples are.</param>
    /// <param name="kernel">Which kernel, traced over all axes of the output but the examples'.</param>
    /// <param name="regression">The ridge.</param>
    /// <param name="options">When to stop, and how to precondition.</param>
    /// <param name="progress">Told of each iteration.</param>
    /// <param name="cancellation">Stops between tiles.</param>
    /// <exception cref="NtkException">A kernel that is not positive definite, or whatever the kernel's computation refuses.</exception>
    public static IReadOnlyList<NtkRegressionPrediction> Predict(NtkModel model, IReadOnlyList<NtkTensor> xTrain, IReadOnlyList<NtkTensor> xTest, RegressionTargets targets,
        KernelOptions kernel, RegressionOptions regression, ConjugateGradientOptions options, IProgress<NtkProgress>? progress = null, CancellationToken cancellation = default)
    {
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        using var training = new ModelKernel(model, xTrain, kernel, cancellation);
        Tensor weights = Solve(training, targets, regression, options, progress, cancellation);
        return [.. KernelRegression.Predictions(training.MultiplyTest(xTest, weights), 0, targets, regression.Ridge, model.Name)];
    }

    /// <summary>Predicts test examples from kernels.</summary>
    /// <param name="trainTrain">The kernel of the training examples with themselves, (N, N).</param>
    /// <param name="testTrain">The kernel of the test with the training examples, (M, N).</param>
    /// <param name="targets">What the training examples are.</param>
    /// <param name="regression">The ridge.</param>
    /// <param name="options">When to stop, and how to precondition.</param>
    /// <param name="progress">Told of each iteration.</param>
    /// <param name="cancellation">Stops between iterations.</param>
    /// <exception cref="NtkException">Shapes that do not fit, or a kernel that is not positive definite.</exception>
    public static IReadOnlyList<NtkRegressionPrediction> Predict(NtkTensor trainTrain, NtkTensor testTrain, RegressionTargets targets, RegressionOptions regression, ConjugateGradientOptions options,
        IProgress<NtkProgress>? progress = null, CancellationToken cancellation = default)
    {
        KernelRegression.CheckShapes(trainTrain, testTrain, targets.Count);
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        var training = new StoredKernel(KernelMatrix.ReadSymmetric(trainTrain, "-KernelTrainTrain"), KernelMatrix.Epsilon(trainTrain.DType));
        Tensor weights = Solve(training, targets, regression, options, progress, cancellation);
        return [.. KernelRegression.Predictions(KernelMatrix.Real(testTrain, "-KernelTestTrain").mm(weights), 0, targets, regression.Ridge, regression.Model)];
    }

    private static Tensor Solve(TrainingKernel kernel, RegressionTargets targets, RegressionOptions regression, ConjugateGradientOptions options, IProgress<NtkProgress>? progress, CancellationToken cancellation)
    {
        var ridge = new Regularization(regression.Ridge, "-Ridge");
        Check(options, kernel.Count);
        double tolerance = options.Tolerance ?? (kernel.Epsilon > 1e-10 ? 1e-4 : 1e-8);
        var watch = Stopwatch.StartNew();
        progress?.Report(new NtkProgress("Preconditioner", 0, 0));
        double scale = kernel.MeanDiagonal();
        if (!(scale > 0))
        {
            throw new NtkException(NtkErrorId.SingularSystem, "The training kernel's diagonal is zero: the model's output does not depend on its parameters.");
        }
        double shift = ridge.On(scale);
        int rank = options.PreconditionerRank ?? Math.Min(MostColumns, kernel.Count / 10);
        NystromPreconditioner? preconditioner = rank > 0 ? new NystromPreconditioner(kernel, shift, rank, options.Seed) : null;
        double preparation = watch.Elapsed.TotalSeconds;
        ConjugateGradientResult result = ConjugateGradient.Solve(kernel.Multiply, shift, KernelMatrix.Real(targets.Values, "-YTrain"), preconditioner is null ? v => v.clone() : preconditioner.Apply, tolerance, options.MostIterations,
            (iteration, residual) => progress?.Report(new NtkProgress($"residual {residual:G2}, iteration", iteration, options.MostIterations)), cancellation);
        double solution = watch.Elapsed.TotalSeconds - preparation;
        string speed = kernel.Operations > 0 ? $" of {kernel.Operations / result.Iterations:G3} operations each" : "";
        regression.Tell?.Invoke($"Conjugate gradients: {result.Iterations} products{speed} with the kernel of {kernel.Count:N0} training examples, relative residual {result.Residual:G3}; "
            + $"{preparation:F1} s for a preconditioner of rank {preconditioner?.Rank ?? 0}, {solution:F1} s for the solution{(kernel.Operations > 0 ? $" ({kernel.Operations / solution / 1e9:F0} GFLOP/s)" : "")}.");
        if (result.Residual > tolerance)
        {
            bool ended = result.Iterations >= options.MostIterations;
            regression.Warn?.Invoke($"Conjugate gradients came to a relative residual of {result.Residual:G3} after {result.Iterations} products, not to {tolerance:G3}: "
                + (ended ? "give a larger -Ridge, a larger -PreconditionerRank or more -MaxIteration." : "that is the rounding of the kernel's products. Give a larger -Ridge, or -Precision Double."));
        }
        return result.Solution;
    }

    private static void Check(ConjugateGradientOptions options, int count)
    {
        if (options.Tolerance is not (null or (> 0 and < 1)))
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-Tolerance is {options.Tolerance}; it is a number between 0 and 1.") { Target = "-Tolerance" };
        }
        if (options.MostIterations < 1)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-MaxIteration is {options.MostIterations}; it is a number from 1.") { Target = "-MaxIteration" };
        }
        if (options.PreconditionerRank is { } rank && (rank < 0 || rank > count))
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-PreconditionerRank is {rank}; of {count:N0} training examples it is 0 to {count:N0}.") { Target = "-PreconditionerRank" };
        }
    }
}
