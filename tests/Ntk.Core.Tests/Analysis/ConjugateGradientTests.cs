using Ntk.Core.Analysis;
using Ntk.Core.Analysis.Solvers;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Analysis;

public class ConjugateGradientTests
{
    private const int Count = 120;
    private static readonly double[] s_points = [.. Enumerable.Range(0, Count).Select(i => 0.05 * i)];
    private static readonly NtkTensor s_kernel = Gaussian(s_points, s_points), s_test = Gaussian([0.33, 2.5, 4.01], s_points);
    private static readonly RegressionTargets s_targets = RegressionTargets.From(s_points.Select(x => x < 2 ? "low" : x < 4 ? "mid" : "high").ToArray());

    private static NtkTensor Gaussian(double[] a, double[] b) => NtkTensor.FromArray(a.Select(x => b.Select(y => Math.Exp(-4 * (x - y) * (x - y))).ToArray()).ToArray());

    [Theory]
    [InlineData(1e-3, null)]
    [InlineData(1e-3, 0)]
    [InlineData(1e-2, 60)]
    [InlineData(1e-6, 120)]
    public void Scores_are_those_of_the_factorisation(double ridge, int? rank)
    {
        var direct = KernelRegression.Predict(s_kernel, s_test, s_targets, new RegressionOptions { Ridge = ridge });
        var options = new RegressionOptions { Ridge = ridge, ConjugateGradient = new ConjugateGradientOptions { Tolerance = 1e-10, PreconditionerRank = rank }, Warn = message => Assert.Fail(message) };
        var iterated = KernelRegression.Predict(s_kernel, s_test, s_targets, options);
        Assert.Equal(direct.Select(p => p.Label), iterated.Select(p => p.Label));
        Assert.Equal(direct.SelectMany(p => p.Scores), iterated.SelectMany(p => p.Scores), (a, b) => Math.Abs(a - b) < 1e-7);
    }

    [Fact]
    public void A_preconditioner_saves_iterations_and_all_columns_need_two()
    {
        // The last product takes the true residual.
        Assert.InRange(Iterations(Count), 2, 3);
        int some = Iterations(30), none = Iterations(0);
        Assert.True(some <= 20 && none > 3 * some, $"{none} iterations without, {some} with");
    }

    // Distinct right sides are done at different times; each must be what it is alone.
    [Fact]
    public void Right_sides_are_solved_together_as_alone()
    {
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        Tensor matrix = KernelMatrix.Read(s_kernel, "-Kernel"), right = stack([matrix.mm(ones(Count, 1, ScalarType.Float64)).squeeze(1), randn(Count, ScalarType.Float64), zeros(Count, ScalarType.Float64)], 1);
        Tensor together = ConjugateGradient.Solve(matrix.mm, 0.1, right, v => v.clone(), 1e-10, 500, null, TestContext.Current.CancellationToken).Solution;
        for (int column = 0; column < 3; column++)
        {
            ConjugateGradientResult alone = ConjugateGradient.Solve(matrix.mm, 0.1, right.narrow(1, column, 1), v => v.clone(), 1e-10, 500, null, TestContext.Current.CancellationToken);
            Assert.True(alone.Residual <= 1e-10);
            Assert.True((together.narrow(1, column, 1) - alone.Solution).abs().max().ToDouble() < 1e-7);
        }
        Assert.Equal(0, together.narrow(1, 2, 1).abs().max().ToDouble());
        Tensor exact = linalg.solve(RegularizedSystem.Shifted(matrix, 0.1), right);
        Assert.True((exact - together).abs().max().ToDouble() < 1e-7);
    }

    [Fact]
    public void A_model_s_kernel_is_never_formed_and_the_scores_are_the_same()
    {
        NtkModel model = NtkEngine.Import(Repository.Fixture("keras2", "small_fcn", "model.keras"));
        NtkTensor x = NtkTensor.FromArray(Enumerable.Range(0, 40 * model.Inputs[0].Shape![1..].Aggregate(1, (n, d) => n * d)).Select(i => (float)Math.Sin(1.7 * i * i)).ToArray(), [40, .. model.Inputs[0].Shape![1..]]);
        NtkTensor test = x.Slice(0, 5).Add(0.1);
        RegressionTargets targets = RegressionTargets.From(NtkTensor.FromArray(Enumerable.Range(0, 40).Select(i => i * i % 3).ToArray()));
        var kernel = new KernelOptions { Precision = NtkPrecision.Double };
        var options = new RegressionOptions { Ridge = 1e-3 };
        var direct = ModelRegression.Predict(model, [x], [test], targets, kernel, options, null, TestContext.Current.CancellationToken);
        var told = new List<string>();
        var iterated = ModelRegression.Predict(model, [x], [test], targets, kernel,
            options with { ConjugateGradient = new ConjugateGradientOptions { Tolerance = 1e-10, PreconditionerRank = 10 }, Tell = told.Add }, null, TestContext.Current.CancellationToken);
        Assert.Equal(direct.SelectMany(p => p.Scores), iterated.SelectMany(p => p.Scores), (a, b) => Math.Abs(a - b) < 1e-7);
        Assert.Equal(direct.Select(p => p.Model), iterated.Select(p => p.Model));
        Assert.Contains("of 40 training examples", Assert.Single(told), StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_converge_warns_with_its_residual()
    {
        var warnings = new List<string>();
        KernelRegression.Predict(s_kernel, s_test, s_targets, new RegressionOptions { Ridge = 1e-6, ConjugateGradient = new ConjugateGradientOptions { MostIterations = 2, PreconditionerRank = 0 }, Warn = warnings.Add });
        Assert.Contains("-MaxIteration", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_arguments_are_named()
    {
        Check(NtkErrorId.InvalidArgument, "-Tolerance", new RegressionOptions { ConjugateGradient = new ConjugateGradientOptions { Tolerance = 0 } });
        Check(NtkErrorId.InvalidArgument, "-MaxIteration", new RegressionOptions { ConjugateGradient = new ConjugateGradientOptions { MostIterations = 0 } });
        Check(NtkErrorId.InvalidArgument, "-PreconditionerRank", new RegressionOptions { ConjugateGradient = new ConjugateGradientOptions { PreconditionerRank = Count + 1 } });
        Check(NtkErrorId.InvalidArgument, "-CrossValidate", new RegressionOptions { ConjugateGradient = new ConjugateGradientOptions(), CrossValidation = new CrossValidation() });
        Check(NtkErrorId.SingularSystem, "diagonal is zero", new RegressionOptions { ConjugateGradient = new ConjugateGradientOptions() }, s_kernel.Multiply(0));
        Check(NtkErrorId.SingularSystem, "not positive definite", new RegressionOptions { ConjugateGradient = new ConjugateGradientOptions { PreconditionerRank = 0 } }, s_kernel.Subtract(0.9));
    }

    private static int Iterations(int rank)
    {
        var told = new List<string>();
        KernelRegression.Predict(s_kernel, s_test, s_targets, new RegressionOptions { Ridge = 1e-4, ConjugateGradient = new ConjugateGradientOptions { PreconditionerRank = rank, Tolerance = 1e-6 }, Tell = told.Add });
        return int.Parse(told[0].Split(": ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static void Check(string id, string words, RegressionOptions options, NtkTensor? kernel = null)
    {
        var error = Assert.Throws<NtkException>(() => KernelRegression.Predict(kernel ?? s_kernel, s_test, s_targets, options));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Equal(id, error.ErrorId);
    }
}
