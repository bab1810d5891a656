using Ntk.Core.Analysis.Solvers;
using Ntk.Core.Kernels;

namespace Ntk.Core.Analysis;

/// <summary>Regression with a model's own kernel, from its inputs.</summary>
public static class ModelRegression
{
    /// <summary>Computes the kernels of the training and test examples and predicts the test examples.</summary>
    /// <param name="model">The model.</param>
    /// <param name="xTrain">The training examples, a tensor for each of the model's inputs.</param>
    /// <param name="xTest">The test examples.</param>
    /// <param name="targets">What the training examples are.</param>
    /// <param name="kernel">Which kernel; it is traced over all axes of the output but the examples'.</param>
    /// <param name="regression">The ridge, or how it is chosen.</param>
    /// <param name="progress">Told of each tile.</param>
    /// <param name="cancellation">Stops between tiles.</param>
    /// <exception cref="NtkException">A model with several outputs of which none was chosen, or whatever kernel and regression refuse.</exception>
    public static IReadOnlyList<NtkRegressionPrediction> Predict(NtkModel model, IReadOnlyList<NtkTensor> xTrain, IReadOnlyList<NtkTensor> xTest, RegressionTargets targets,
        KernelOptions kernel, RegressionOptions regression, IProgress<NtkProgress>? progress = null, CancellationToken cancellation = default)
    {
        regression.Check();
        KernelOptions traced = Traced(model, kernel);
        if (xTrain is [var first, ..] && first.Rank > 0 && first.Shape[0] != targets.Count)
        {
            throw new NtkException(NtkErrorId.ShapeMismatch, $"-YTrain has {targets.Count:N0} examples and -XTrain {first.Shape[0]:N0}.") { Target = "-YTrain" };
        }
        if (regression.ConjugateGradient is { } iteration)
        {
            return IterativeRegression.Predict(model, xTrain, xTest, targets, traced, regression, iteration, progress, cancellation);
        }
        NtkTensor trainTrain = NtkEngine.EmpiricalNtk(model, xTrain, null, traced, progress, cancellation)[0];
        NtkTensor testTrain = NtkEngine.EmpiricalNtk(model, xTest, xTrain, traced, progress, cancellation)[0];
        return KernelRegression.Predict(trainTrain, testTrain, targets, regression with { Model = model.Name }, progress, cancellation);
    }

    // One number for each pair of examples, whatever the output's shape.
    private static KernelOptions Traced(NtkModel model, KernelOptions kernel)
    {
        string[] outputs = kernel.Outputs?.ToArray() ?? [.. model.Outputs.Select(output => output.Name)];
        if (outputs.Length != 1)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"{model.Name} has the outputs {string.Join(", ", model.Outputs.Select(output => output.Name))}; regression takes the kernel of one, which -Output chooses.") { Target = "-Output" };
        }
        int? rank = model.Outputs.FirstOrDefault(output => output.Name == outputs[0])?.Shape?.Length;
        return kernel with { TraceAxes = rank is > 0 ? [.. Enumerable.Range(1, rank.Value - 1)] : [-1] };
    }
}
