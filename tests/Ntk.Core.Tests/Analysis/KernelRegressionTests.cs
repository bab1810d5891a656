using Ntk.Core.Analysis;
using Xunit;

namespace Ntk.Core.Tests.Analysis;

public class KernelRegressionTests
{
    // A Gaussian kernel of points on a line: positive definite, and easy to make from scratch.
    private static NtkTensor Gaussian(double[] a, double[] b)
    {
        var k = new double[a.Length, b.Length];
        for (int i = 0; i < a.Length; i++)
        {
            for (int j = 0; j < b.Length; j++)
            {
                k[i, j] = Math.Exp(-(a[i] - b[j]) * (a[i] - b[j]));
            }
        }
        return NtkTensor.FromArray(k);
    }

    private static readonly double[] Train = [0, 0.7, 1.9, 3.2, 4], Test = [0.3, 2.5];
    private static readonly NtkTensor TrainTrain = Gaussian(Train, Train), TestTrain = Gaussian(Test, Train);

    private static IReadOnlyList<NtkRegressionPrediction> Predict(NtkTensor trainTrain, NtkTensor testTrain, NtkTensor targets, double ridge) =>
        KernelRegression.Predict(trainTrain, testTrain, RegressionTargets.From(targets), new RegressionOptions { Ridge = ridge });

    // Gaussian elimination with pivoting: another way to the same numbers.
    private static double[,] Solve(NtkTensor matrix, double shift, double[,] right)
    {
        var a = (double[,])matrix.ToArray();
        int n = a.GetLength(0), columns = right.GetLength(1);
        var x = (double[,])right.Clone();
        for (int i = 0; i < n; i++)
        {
            a[i, i] += shift;
        }
        for (int step = 0; step < n; step++)
        {
            for (int row = 0; row < n; row++)
            {
                if (row == step)
                {
                    continue;
                }
                double factor = a[row, step] / a[step, step];
                for (int j = 0; j < n; j++)
                {
                    a[row, j] -= factor * a[step, j];
                }
                for (int j = 0; j < columns; j++)
                {
                    x[row, j] -= factor * x[step, j];
                }
            }
        }
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                x[i, j] /= a[i, i];
            }
        }
        return x;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e-2)]
    public void Predictions_are_the_closed_form(double ridge)
    {
        var y = new double[,] { { 1, 0.5 }, { -1, 0.25 }, { 0, 2 }, { 3, -1 }, { 0.5, 0.125 } };
        NtkTensor kernel = TrainTrain.Multiply(7), test = TestTrain.Multiply(7);
        double[,] weights = Solve(kernel, ridge * 7, y);
        IReadOnlyList<NtkRegressionPrediction> predictions = Predict(kernel, test, NtkTensor.FromArray(y), ridge);
        for (int i = 0; i < Test.Length; i++)
        {
            Assert.Equal(i, predictions[i].Index);
            for (int c = 0; c < 2; c++)
            {
                double expected = Enumerable.Range(0, Train.Length).Sum(j => (double)test[i, j] * weights[j, c]);
                Assert.Equal(expected, predictions[i].Scores[c], 1e-10);
            }
            Assert.Equal(predictions[i].Scores[0] > predictions[i].Scores[1] ? 0 : 1, predictions[i].Label);
        }
    }

    [Fact]
    public void Labels_are_learned_as_one_hot_less_the_mean()
    {
        IReadOnlyList<NtkRegressionPrediction> predictions = Predict(TrainTrain, TrainTrain, NtkTensor.FromArray(new[] { 0, 1, 2, 1, 0 }), 0);
        Assert.Equal([0, 1, 2, 1, 0], predictions.Select(p => (int)p.Label!));
        Assert.Equal([2.0 / 3, -1.0 / 3, -1.0 / 3], predictions[0].Scores.Select(s => Math.Round(s, 8)), (a, b) => Math.Abs(a - b) < 1e-7);
    }

    [Fact]
    public void A_single_column_of_targets_has_no_label()
    {
        NtkRegressionPrediction prediction = Predict(TrainTrain, TestTrain, NtkTensor.FromArray(new[] { 1.0, 2, 3, 4, 5 }), 0)[0];
        Assert.Null(prediction.Label);
        Assert.Single(prediction.Scores);
    }

    [Fact]
    public void A_float32_kernel_is_solved_in_float64()
    {
        NtkTensor single = TrainTrain.AsType(NtkDType.Float32);
        var y = NtkTensor.FromArray(new[] { 1.0, 2, 3, 4, 5 });
        Assert.Equal(Predict(single.AsType(NtkDType.Float64), TestTrain, y, 1e-6)[0].Scores[0], Predict(single, TestTrain, y, 1e-6)[0].Scores[0], 1e-12);
    }

    [Fact]
    public void A_singular_kernel_names_a_ridge_that_helps()
    {
        double[] twice = [0, 0, 1];
        NtkTensor y = NtkTensor.FromArray(new[] { 0, 0, 1 }), kernel = Gaussian(twice, twice);
        var error = Assert.Throws<NtkException>(() => Predict(kernel, kernel, y, 0));
        Assert.Equal(NtkErrorId.SingularSystem, error.ErrorId);
        string ridge = error.Message[(error.Message.LastIndexOf("-Ridge ", StringComparison.Ordinal) + 7)..].Split(' ')[0];
        Assert.Equal(3, Predict(kernel, kernel, y, double.Parse(ridge, System.Globalization.CultureInfo.InvariantCulture)).Count);
    }

    [Fact]
    public void Bad_arguments_are_named()
    {
        NtkTensor labels = NtkTensor.FromArray(new[] { 0, 1, 0, 1, 0 });
        Check(NtkErrorId.ShapeMismatch, "other way round", () => Predict(TrainTrain, TestTrain.Transpose(), labels, 0));
        Check(NtkErrorId.ShapeMismatch, "not (N, N)", () => Predict(TestTrain, TestTrain, labels, 0));
        Check(NtkErrorId.ShapeMismatch, "-TraceAxis -1", () => Predict(TrainTrain.Reshape(5, 5, 1, 1), TestTrain, labels, 0));
        Check(NtkErrorId.ShapeMismatch, "-YTrain", () => Predict(TrainTrain, TestTrain, labels.Slice(0, 4), 0));
        Check(NtkErrorId.InvalidArgument, "label -1", () => Predict(TrainTrain, TestTrain, labels.Subtract(1), 0));
        Check(NtkErrorId.InvalidArgument, "-Ridge", () => Predict(TrainTrain, TestTrain, labels, -1));
        Check(NtkErrorId.InvalidArgument, "not symmetric", () => Predict(TrainTrain.Add(NtkTensor.FromArray(new[] { 1.0, 2, 3, 4, 5 })), TestTrain, labels, 0));
        Check(NtkErrorId.InvalidArgument, "-KernelTestTrain has values that are NaN", () => Predict(TrainTrain, TestTrain.Multiply(double.NaN), labels, 0));
        Check(NtkErrorId.SingularSystem, "no -Ridge", () => Predict(NtkTensor.FromArray(new double[,] { { 1, 9 }, { 9, 1 } }), NtkTensor.FromArray(new double[,] { { 1, 9 } }), NtkTensor.FromArray(new[] { 0, 1 }), 0));
        Check(NtkErrorId.SingularSystem, "diagonal", () => Predict(NtkTensor.FromArray(new double[2, 2]), NtkTensor.FromArray(new double[1, 2]), NtkTensor.FromArray(new[] { 0, 1 }), 0.1));
    }

    private static void Check(string id, string words, Func<object> action)
    {
        var error = Assert.Throws<NtkException>(action);
        Assert.Equal(id, error.ErrorId);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }
}
