using Ntk.Core.Analysis;
using Xunit;

namespace Ntk.Core.Tests.Analysis;

public class InfluenceTests
{
    private static readonly double[] s_train = [0, 0.6, 1.1, 2.3, 2.9, 4], s_test = [0.2, 2.6, 3.3];

    private static NtkTensor Gaussian(double[] a, double[] b) => NtkTensor.FromArray(a.Select(x => b.Select(y => Math.Exp(-(x - y) * (x - y))).ToArray()).ToArray());

    [Theory]
    [InlineData(0)]
    [InlineData(0.05)]
    public void Weights_times_targets_are_the_predictions(double ridge)
    {
        NtkTensor k = Gaussian(s_train, s_train), kt = Gaussian(s_test, s_train);
        RegressionTargets targets = RegressionTargets.From(["a", "b", "a", "c", "b", "c"]);
        var predictions = KernelRegression.Predict(k, kt, targets, new RegressionOptions { Ridge = ridge });
        var influence = Influence.Rank(k, kt, targets, ridge, null);
        Assert.Equal(18, influence.Count);
        foreach (NtkRegressionPrediction prediction in predictions)
        {
            NtkInfluence[] own = [.. influence.Where(i => i.TestIndex == prediction.Index)];
            Assert.Equal(prediction.Score, own.Sum(i => i.Contribution), 1e-9);
            Assert.Equal(prediction.Scores["b"], own.Sum(i => i.Weight * ((i.TrainLabel as string == "b" ? 1 : 0) - (1.0 / 3))), 1e-9);
            Assert.All(own, i => Assert.Equal(prediction.Label, i.Predicted));
            Assert.Equal([1, 2, 3, 4, 5, 6], own.Select(i => i.Rank));
            Assert.Equal(own.OrderByDescending(i => Math.Abs(i.Weight)), own);
        }
        var first = Influence.Rank(k, kt, targets, ridge, 2);
        Assert.Equal(influence.Where(i => i.Rank <= 2), first);
    }

    [Theory]
    [InlineData(1e-6)]
    [InlineData(0.1)]
    public void Leaving_one_out_is_fitting_the_others(double ridge)
    {
        NtkTensor k = Gaussian(s_train, s_train);
        double[,] y = { { 1, 0 }, { 2, 1 }, { 0.5, -1 }, { -1, 0.25 }, { 0, 3 }, { 1.5, 1 } };
        var left = Influence.LeaveOneOut(k, RegressionTargets.From(NtkTensor.FromArray(y)), ridge);
        for (int i = 0; i < s_train.Length; i++)
        {
            int[] others = [.. Enumerable.Range(0, s_train.Length).Where(j => j != i)];
            double[] points = [.. others.Select(j => s_train[j])];
            var refit = KernelRegression.Predict(Gaussian(points, points), Gaussian([s_train[i]], points),
                RegressionTargets.From(NtkTensor.FromArray(others.Select(j => new[] { y[j, 0], y[j, 1] }).ToArray())), new RegressionOptions { Ridge = ridge });
            Assert.Equal(y[i, 0] - refit[0].Scores[0], left[i].Residuals[0], 1e-7);
            Assert.Equal(y[i, 1] - refit[0].Scores[1], left[i].Residuals[1], 1e-7);
            Assert.Equal(Math.Sqrt(left[i].Residuals.Sum(r => r * r)), left[i].Residual, 1e-12);
            Assert.Null(left[i].Correct);
            // The fitted value is leverage · target and (1 − leverage) · what the others say.
            var fitted = KernelRegression.Predict(k, k.Slice(i, 1), RegressionTargets.From(NtkTensor.FromArray(y)), new RegressionOptions { Ridge = ridge })[0].Scores[0];
            Assert.Equal((left[i].Leverage * y[i, 0]) + ((1 - left[i].Leverage) * refit[0].Scores[0]), fitted, 1e-7);
        }
    }

    [Fact]
    public void Left_out_labels_are_right_or_wrong()
    {
        double[] points = [0, 0.1, 0.2, 5, 5.1, 5.2, 5.05];
        var left = Influence.LeaveOneOut(Gaussian(points, points), RegressionTargets.From(["near", "near", "near", "far", "far", "far", "near"]), 0.1);
        Assert.Equal([true, true, true, true, true, true, false], left.Select(l => l.Correct!.Value));
        Assert.Equal("far", left[6].Predicted);
        Assert.Equal("near", left[6].Label);
        var single = Influence.LeaveOneOut(Gaussian(points, points), RegressionTargets.From(NtkTensor.FromArray(new[] { 1.0, 1, 1, -1, -1, -1, 1 })), 0.1);
        Assert.Equal(1.0, single[6].Label);
        Assert.Equal(1 - (double)single[6].Predicted!, single[6].Residual, 1e-12);
    }

    [Fact]
    public void Bad_arguments_are_named()
    {
        NtkTensor k = Gaussian(s_train, s_train), kt = Gaussian(s_test, s_train);
        RegressionTargets targets = RegressionTargets.From(NtkTensor.FromArray(new[] { 0, 1, 0, 1, 0, 1 }));
        Assert.Equal(NtkErrorId.ShapeMismatch, Assert.Throws<NtkException>(() => Influence.Rank(k, kt.Transpose(), targets, 0, 1)).ErrorId);
        Assert.Equal(NtkErrorId.ShapeMismatch, Assert.Throws<NtkException>(() => Influence.LeaveOneOut(kt, targets, 0)).ErrorId);
        Assert.Equal(NtkErrorId.SingularSystem, Assert.Throws<NtkException>(() => Influence.LeaveOneOut(k.Multiply(0), targets, 0)).ErrorId);
        Assert.Equal(NtkErrorId.InvalidArgument, Assert.Throws<NtkException>(() => Influence.LeaveOneOut(k, targets, -1)).ErrorId);
    }
}
