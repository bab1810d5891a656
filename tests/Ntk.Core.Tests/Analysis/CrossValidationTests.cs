using Ntk.Core.Analysis;
using Xunit;

namespace Ntk.Core.Tests.Analysis;

public class CrossValidationTests
{
    private static NtkTensor Gaussian(double[] a, double[] b) => NtkTensor.FromArray(a.Select(x => b.Select(y => Math.Exp(-(x - y) * (x - y))).ToArray()).ToArray());

    private static readonly double[] s_points = [.. Enumerable.Range(0, 24).Select(i => 0.25 * i)];

    // As many folds as examples leave one out each, and that is known in closed form.
    [Fact]
    public void With_a_fold_for_each_example_the_error_is_that_of_leaving_one_out()
    {
        double[] y = [.. s_points.Select((x, i) => Math.Sin(x) + (i % 2 == 0 ? 0.3 : -0.3))];
        NtkTensor kernel = Gaussian(s_points, s_points);
        RegressionTargets targets = RegressionTargets.From(NtkTensor.FromArray(y));
        double[] ridges = [1e-6, 1e-3, 0.1, 1, 30];
        var told = new List<string>();
        var options = new RegressionOptions { CrossValidation = new CrossValidation { Folds = 24, Ridges = ridges }, Tell = told.Add };
        double chosen = KernelRegression.Predict(kernel, kernel, targets, options)[0].Ridge;
        double[] errors = [.. ridges.Select(r => Influence.LeaveOneOut(kernel, targets, r).Average(l => l.Residual * l.Residual))];
        Assert.Equal(ridges[Array.IndexOf(errors, errors.Min())], chosen);
        Assert.InRange(chosen, 1e-3, 1);
        for (int r = 0; r < ridges.Length; r++)
        {
            Assert.Contains($"mean squared error {errors[r]:G4}", told[r], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Labels_count_before_squared_errors()
    {
        string[] labels = [.. s_points.Select(x => x < 3 ? "low" : "high")];
        NtkTensor kernel = Gaussian(s_points, s_points);
        var told = new List<string>();
        IReadOnlyList<NtkRegressionPrediction> predictions = KernelRegression.Predict(kernel, kernel, RegressionTargets.From(labels), new RegressionOptions { CrossValidation = new CrossValidation(), Tell = told.Add });
        Assert.Equal(labels, predictions.Select(p => p.Label));
        Assert.All(predictions, p => Assert.Equal(predictions[0].Ridge, p.Ridge));
        double Right(string line) => double.Parse(line.Split(": ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(told.Max(Right), Right(told.Single(line => line.EndsWith("(chosen).", StringComparison.Ordinal))));
    }

    [Fact]
    public void Bad_arguments_are_named()
    {
        NtkTensor kernel = Gaussian([0, 1, 2], [0, 1, 2]);
        RegressionTargets targets = RegressionTargets.From(NtkTensor.FromArray(new[] { 0, 1, 0 }));
        Check(NtkErrorId.InvalidArgument, "-Fold is 4", kernel, targets, new CrossValidation { Folds = 4 });
        Check(NtkErrorId.InvalidArgument, "-Fold is 1", kernel, targets, new CrossValidation { Folds = 1 });
        Check(NtkErrorId.InvalidArgument, "-RidgeCandidate is -1", kernel, targets, new CrossValidation { Folds = 3, Ridges = [1, -1] });
        Check(NtkErrorId.InvalidArgument, "-RidgeCandidate is empty", kernel, targets, new CrossValidation { Folds = 3, Ridges = [] });
        Check(NtkErrorId.SingularSystem, "-RidgeCandidate", Gaussian([0, 0, 0], [0, 0, 0]), targets, new CrossValidation { Folds = 3, Ridges = [0] });
    }

    [Fact]
    public void Text_labels_are_classes_in_ordinal_order_with_their_scores()
    {
        NtkTensor kernel = Gaussian([0, 3, 6], [0, 3, 6]);
        NtkRegressionPrediction prediction = KernelRegression.Predict(kernel, kernel, RegressionTargets.From(["dog", "cat", "Eel"]), new RegressionOptions())[0];
        Assert.Equal(["Eel", "cat", "dog"], prediction.Scores.Classes!);
        Assert.Equal("dog", prediction.Label);
        Assert.Equal(2.0 / 3, prediction.Scores["dog"], 1e-6);
        Assert.StartsWith("Eel=-0.33", prediction.Scores.ToString(), StringComparison.Ordinal);
        Assert.Throws<KeyNotFoundException>(() => prediction.Scores["bird"]);
        NtkRegressionPrediction one = KernelRegression.Predict(kernel, kernel, RegressionTargets.From(["same", "same", "same"]), new RegressionOptions())[0];
        Assert.Equal("same", one.Label);
    }

    private static void Check(string id, string words, NtkTensor kernel, RegressionTargets targets, CrossValidation validation)
    {
        var error = Assert.Throws<NtkException>(() => KernelRegression.Predict(kernel, kernel, targets, new RegressionOptions { CrossValidation = validation }));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Equal(id, error.ErrorId);
    }
}
