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
    /// <summary>Predicts the targets of test examples.</summary>
    /// <param name="trainTrain">The kernel of the training examples with themselves, (N, N).</param>
    /// <param name="testTrain">The kernel of the test with the training examples, (M, N).</param>
    /// <param name="targets">Labels, integers (N,) from 0 (learned as one-hot minus 1 / classes); or float targets, (N,) or (N, C).</param>
    /// <param name="ridge">What is added to the diagonal, in units of the diagonal's mean.</param>
    /// <param name="cancellation">Stops before and after the factorisation.</param>
    /// <returns>One prediction for each test example; its label is the highest score's column, null for targets of one column.</returns>
    /// <exception cref="NtkException">Shapes that do not fit, an unsymmetric or singular kernel, values that are not finite.</exception>
    public static IReadOnlyList<NtkRegressionPrediction> Predict(NtkTensor trainTrain, NtkTensor testTrain, NtkTensor targets, double ridge,
        CancellationToken cancellation = default)
    {
        if (!(ridge >= 0 && double.IsFinite(ridge)))
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-Ridge is {ridge}; it is a number from 0.");
        }
        int count = CheckShapes(trainTrain, testTrain, targets);
        NtkTensor y = RegressionTargets.From(targets);
        TorchRuntime.Initialize();
        using var scope = NewDisposeScope();
        Tensor k = Double(trainTrain, "-KernelTrainTrain");
        CheckSymmetric(k);
        cancellation.ThrowIfCancellationRequested();
        double scale = k.diagonal().mean().ToDouble();
        k.diagonal().add_(ridge * scale);
        Tensor factor = Factor(k, ridge, scale, cancellation);
        Tensor weights = cholesky_solve(Double(y, "-YTrain"), factor);
        cancellation.ThrowIfCancellationRequested();
        int tests = testTrain.Shape[0], columns = y.Shape[1];
        var predictions = new List<NtkRegressionPrediction>(tests);
        // Some rows at a time: a test-train kernel may be larger than memory and mapped from a file.
        int batch = Math.Max(1, (1 << 24) / Math.Max(1, count));
        for (int start = 0; start < tests; start += batch)
        {
            cancellation.ThrowIfCancellationRequested();
            using var inner = NewDisposeScope();
            int rows = Math.Min(batch, tests - start);
            double[] scores = Double(testTrain.Slice(start, rows), "-KernelTestTrain").mm(weights).data<double>().ToArray();
            for (int row = 0; row < rows; row++)
            {
                double[] own = scores[(row * columns)..((row + 1) * columns)];
                predictions.Add(new NtkRegressionPrediction(start + row, columns == 1 ? null : Array.IndexOf(own, own.Max()), own));
            }
        }
        return predictions;
    }

    private static int CheckShapes(NtkTensor trainTrain, NtkTensor testTrain, NtkTensor targets)
    {
        const string Traced = "Compute it with a trace over the output axis (-TraceAxis -1, the default).";
        if (trainTrain.Rank != 2 || trainTrain.Shape[0] != trainTrain.Shape[1])
        {
            throw Misshapen($"-KernelTrainTrain has the shape {NtkShape.Format(trainTrain.Shape)}, not (N, N). {(trainTrain.Rank == 2 ? "Compute it with -X1 alone, the training examples." : Traced)}");
        }
        int count = trainTrain.Shape[0];
        if (testTrain.Rank != 2 || testTrain.Shape[1] != count)
        {
            bool turned = testTrain.Rank == 2 && testTrain.Shape[0] == count;
            throw Misshapen($"-KernelTestTrain has the shape {NtkShape.Format(testTrain.Shape)}, not (tests, {count}) as -KernelTrainTrain asks. "
                + (turned ? "It is the other way round: compute it with the test examples as -X1, or .Transpose() it." : testTrain.Rank == 2 ? "Compute it with the training examples as -X2." : Traced));
        }
        if (targets.Rank is not (1 or 2) || targets.Shape[0] != count)
        {
            throw Misshapen($"-YTrain has the shape {NtkShape.Format(targets.Shape)}; the {count} training examples take labels ({count},) or targets ({count}, columns).");
        }
        return count > 0 ? count : throw Misshapen("-KernelTrainTrain is empty: there is nothing to learn from.");
    }

    private static Tensor Double(NtkTensor tensor, string argument)
    {
        if (tensor.DType.IsComplex())
        {
            throw new NtkException(NtkErrorId.DTypeMismatch, $"{argument} is complex; regression takes real numbers.");
        }
        Tensor result = TorchTensors.ToTorch(tensor).to(ScalarType.Float64);
        return result.isfinite().all().ToBoolean() ? result : throw new NtkException(NtkErrorId.InvalidArgument,
            $"{argument} has values that are NaN or infinite; look for them in the model's input and parameters.");
    }

    private static void CheckSymmetric(Tensor k)
    {
        double largest = k.abs().max().ToDouble();
        double difference = (k - k.t()).abs().max().ToDouble();
        const double Rounding = 1e-3; // far above what float32 leaves, far below what another kernel shows
        if (difference > Rounding * largest)
        {
            throw new NtkException(NtkErrorId.InvalidArgument,
                $"-KernelTrainTrain is not symmetric (two elements that should agree differ by {difference:G3}, of at most {largest:G3}); compute it with -X1 alone, the training examples.");
        }
    }

    private static Tensor Factor(Tensor k, double ridge, double scale, CancellationToken cancellation)
    {
        if (!(scale > 0))
        {
            throw new NtkException(NtkErrorId.SingularSystem, "-KernelTrainTrain has a diagonal that is zero or negative on average: it is the kernel of no model, or of one whose output does not depend on its parameters.");
        }
        if (TryFactor(k, 0) is { } factor)
        {
            return factor;
        }
        // Tried, not estimated: each attempt costs a ninth of the eigenvalues that would tell.
        for (double helping = Math.Max(1e-12, Math.Pow(10, Math.Floor(Math.Log10(Math.Max(ridge, 1e-300))) + 1)); helping <= 1; helping *= 10)
        {
            cancellation.ThrowIfCancellationRequested();
            using Tensor? found = TryFactor(k, (helping - ridge) * scale);
            if (found is not null)
            {
                throw new NtkException(NtkErrorId.SingularSystem,
                    $"The training kernel is singular with -Ridge {ridge:G3}: some examples are the same or nearly so, or rounding has made them so. -Ridge {helping:G1} would do.");
            }
        }
        throw new NtkException(NtkErrorId.SingularSystem, "The training kernel is not positive definite, and no -Ridge up to 1 makes it so: it is not the kernel of a set of examples with itself.");
    }

    private static Tensor? TryFactor(Tensor k, double shift)
    {
        using Tensor shifted = k.clone();
        shifted.diagonal().add_(shift);
        (Tensor factor, Tensor info) = linalg.cholesky_ex(shifted);
        if (info.ToInt32() != 0)
        {
            factor.Dispose();
            return null;
        }
        // A pivot that is all rounding passes for positive half of the time.
        double pivot = factor.diagonal().min().ToDouble();
        double rounding = k.shape[0] * (Math.BitIncrement(1.0) - 1);
        return pivot * pivot > rounding * shifted.diagonal().max().ToDouble() ? factor : null;
    }

    private static NtkException Misshapen(string message) => new(NtkErrorId.ShapeMismatch, message);
}
