using Ntk.Core.Analysis;
using Ntk.Core.Analysis.Dynamics;
using TorchSharp;
using Xunit;

namespace Ntk.Core.Tests.Analysis;

public class TrainingDynamicsTests
{
    private static readonly NtkTensor s_kernel = NtkTensor.FromArray(new[,] { { 2, 0.5, 0.1 }, { 0.5, 1, 0.2 }, { 0.1, 0.2, 1.5 } });
    private static readonly NtkTensor s_test = NtkTensor.FromArray(new[,] { { 1, 0.3, -0.2 }, { 0.2, 0.6, 0.4 } });
    private static readonly NtkTensor s_y = NtkTensor.FromArray(new[,] { { 1, -1 }, { 0.5, 2.0 }, { -2, 0.25 } });
    private static readonly PredictionOptions s_mse = new() { KernelTrainTrain = s_kernel, KernelTestTrain = s_test, YTrain = s_y };

    [Fact]
    public void Integration_of_the_squared_error_meets_its_closed_form()
    {
        double[] times = [0, 0.5, 7, 300];
        IReadOnlyList<NtkPrediction> closed = TrainingDynamics.Predict(s_mse with { Times = times, LearningRate = 0.3 });
        IReadOnlyList<NtkPrediction> integrated = TrainingDynamics.Predict(s_mse with { Times = times, LearningRate = 0.3, Method = NtkPredictionMethod.GradientDescent });
        for (int i = 0; i < times.Length; i++)
        {
            Close(closed[i].Train, integrated[i].Train, 1e-8);
            Close(closed[i].Test!, integrated[i].Test!, 1e-8);
            Assert.Equal(closed[i].Loss, integrated[i].Loss, 1e-8);
        }
        Assert.True(closed[0].Loss > closed[1].Loss && closed[1].Loss > closed[2].Loss && closed[2].Loss > closed[3].Loss);
    }

    // For one example f″ = −(K / size) (f − y) + c f′ has the solution of a damped oscillator.
    [Theory]
    [InlineData(0.9, 25)]
    [InlineData(0.0, 8)]
    public void Momentum_is_a_damped_oscillator(double momentum, double time)
    {
        const double K = 4, Y = 3, Rate = 0.25;
        var options = new PredictionOptions
        {
            Method = NtkPredictionMethod.GradientDescent, Momentum = momentum, LearningRate = Rate, Times = [time],
            KernelTrainTrain = NtkTensor.FromArray(new[,] { { K } }), YTrain = NtkTensor.FromArray(new[,] { { Y } }),
        };
        double scaled = time * Math.Sqrt(Rate), half = (1 - momentum) / Math.Sqrt(Rate) / 2;
        double frequency = Math.Sqrt(K - (half * half));
        double expected = Y - (Y * Math.Exp(-half * scaled) * (Math.Cos(frequency * scaled) + (half / frequency * Math.Sin(frequency * scaled))));
        Assert.Equal(expected, Value(TrainingDynamics.Predict(options)[0].Train), 1e-7);
    }

    [Fact]
    public void Times_come_in_the_order_asked_for()
    {
        double[] times = [8, double.PositiveInfinity, 2, 8];
        foreach (NtkPredictionMethod method in new[] { NtkPredictionMethod.GradientDescentMse, NtkPredictionMethod.GradientDescent })
        {
            IReadOnlyList<NtkPrediction> several = TrainingDynamics.Predict(s_mse with { Method = method, Times = times });
            Assert.Equal(times, several.Select(r => r.Time));
            foreach (NtkPrediction one in several)
            {
                Close(TrainingDynamics.Predict(s_mse with { Method = method, Times = [one.Time] })[0].Train, one.Train, 1e-8);
            }
        }
    }

    [Fact]
    public void The_end_of_training_fits_the_targets_and_regresses_the_test_examples()
    {
        var regression = KernelRegression.Predict(s_kernel, s_test, RegressionTargets.From(s_y), new RegressionOptions());
        foreach (PredictionOptions options in new[] { s_mse, s_mse with { Method = NtkPredictionMethod.GradientDescent }, s_mse with { Method = NtkPredictionMethod.GradientDescent, Momentum = 0.5 }, s_mse with { Times = [1e5] } })
        {
            NtkPrediction end = TrainingDynamics.Predict(options)[0];
            Close(s_y, end.Train, 1e-10);
            Close(NtkTensor.FromArray(regression.Select(p => p.Scores.ToArray()).ToArray()), end.Test!, 1e-10);
        }
    }

    [Fact]
    public void Soft_targets_of_cross_entropy_are_met_in_the_end()
    {
        var y = NtkTensor.FromArray(new[,] { { 0.7, 0.3 }, { 0.4, 0.6 }, { 0.5, 0.5 } });
        NtkTensor logits = TrainingDynamics.Predict(s_mse with { Method = NtkPredictionMethod.GradientDescent, Loss = NtkLoss.CrossEntropy, YTrain = y, KernelTestTrain = null })[0].Train;
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(Math.Log((double)y[i, 0] / (double)y[i, 1]), (double)logits[i, 0] - (double)logits[i, 1], 1e-5);
        }
    }

    [Fact]
    public void One_hot_targets_of_cross_entropy_have_no_end() => Check(NtkErrorId.NotConverged, "-Time",
        s_mse with { Method = NtkPredictionMethod.GradientDescent, Loss = NtkLoss.CrossEntropy, YTrain = NtkTensor.FromArray(new[] { 0, 1, 0 }) });

    [Fact]
    public void Zero_eigenvalues_learn_nothing_and_are_no_NaN()
    {
        // Rank one, exactly: the second example repeats the first.
        var kernel = NtkTensor.FromArray(new[,] { { 1.0, 1 }, { 1, 1 } });
        NtkPrediction result = TrainingDynamics.Predict(new PredictionOptions { KernelTrainTrain = kernel, KernelTestTrain = NtkTensor.FromArray(new[,] { { 1.0, 1 } }), YTrain = NtkTensor.FromArray(new[] { 1.0, 3 }), Times = [1e6] })[0];
        Assert.Equal([2.0, 2], (double[])result.Train.ToFlatArray(), (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Equal(2, Value(result.Test!), 1e-9);
    }

    [Fact]
    public void Outputs_at_time_zero_broadcast()
    {
        NtkTensor three = NtkTensor.FromArray(new[] { 3.0 }, []), full = NtkTensor.FromArray(new[,] { { 3.0, 3 }, { 3, 3 }, { 3, 3 } });
        Close(TrainingDynamics.Predict(s_mse with { Times = [2], FxTrain0 = full })[0].Test!, TrainingDynamics.Predict(s_mse with { Times = [2], FxTrain0 = three })[0].Test!, 1e-14);
        Close(full, TrainingDynamics.Predict(s_mse with { Times = [0], FxTrain0 = three })[0].Train, 1e-14);
    }

    [Fact]
    public void Labels_of_cross_entropy_are_one_hot_with_as_many_classes_as_outputs()
    {
        PredictionOptions options = s_mse with { Method = NtkPredictionMethod.GradientDescent, Loss = NtkLoss.CrossEntropy, Times = [3], FxTrain0 = NtkTensor.FromArray(new double[3, 4]), KernelTestTrain = null };
        NtkTensor oneHot = NtkTensor.FromArray(new double[,] { { 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 1, 0, 0, 0 } });
        Close(TrainingDynamics.Predict(options with { YTrain = oneHot })[0].Train, TrainingDynamics.Predict(options with { YTrain = NtkTensor.FromArray(new[] { 0, 1, 0 }) })[0].Train, 1e-14);
    }

    [Fact]
    public void An_ill_conditioned_kernel_is_solved_with_a_warning_that_helps()
    {
        // Two examples apart by little: condition number about 4e11.
        const double Apart = 1e-11;
        var kernel = NtkTensor.FromArray(new[,] { { 1.0, 1 - Apart }, { 1 - Apart, 1 } });
        PredictionOptions options = new() { KernelTrainTrain = kernel, KernelTestTrain = kernel, YTrain = NtkTensor.FromArray(new[] { 1.0, 2 }) };
        var warnings = new List<string>();
        TrainingDynamics.Predict(options with { Warn = warnings.Add });
        string warning = Assert.Single(warnings);
        Assert.Contains("condition number 2E+11", warning, StringComparison.Ordinal);
        string helping = warning[(warning.LastIndexOf("-DiagReg ", StringComparison.Ordinal) + 9)..].Split(' ')[0];
        warnings.Clear();
        TrainingDynamics.Predict(options with { Warn = warnings.Add, DiagReg = double.Parse(helping, System.Globalization.CultureInfo.InvariantCulture) });
        Assert.Empty(warnings);
    }

    [Fact]
    public void A_float32_kernel_warns_of_eigenvalues_below_its_rounding()
    {
        var kernel = NtkTensor.FromArray(new[,] { { 1.0f, 1 - 1e-7f }, { 1 - 1e-7f, 1 } });
        var warnings = new List<string>();
        TrainingDynamics.Predict(new PredictionOptions { KernelTrainTrain = kernel, KernelTestTrain = kernel, YTrain = NtkTensor.FromArray(new[] { 1.0, 2 }), Warn = warnings.Add });
        Assert.Contains("rounding of the kernel's elements", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_singular_kernel_names_the_jitter_in_the_units_asked_for()
    {
        var kernel = NtkTensor.FromArray(new[,] { { 1e6, 1e6 }, { 1e6, 1e6 } });
        PredictionOptions options = new() { KernelTrainTrain = kernel, KernelTestTrain = kernel, YTrain = NtkTensor.FromArray(new[] { 1.0, 2 }) };
        foreach (bool absolute in new[] { false, true })
        {
            var error = Assert.Throws<NtkException>(() => TrainingDynamics.Predict(options with { DiagRegAbsolute = absolute }));
            Assert.Equal(NtkErrorId.SingularSystem, error.ErrorId);
            string helping = error.Message[(error.Message.LastIndexOf("-DiagReg ", StringComparison.Ordinal) + 9)..].Split(' ')[0];
            Assert.Single(TrainingDynamics.Predict(options with { DiagRegAbsolute = absolute, DiagReg = double.Parse(helping, System.Globalization.CultureInfo.InvariantCulture) }));
        }
    }

    [Fact]
    public void What_a_method_does_not_know_is_refused()
    {
        PredictionOptions gaussian = s_mse with { Method = NtkPredictionMethod.GPInference }, ensemble = s_mse with { Method = NtkPredictionMethod.GradientDescentMseEnsemble };
        Check(NtkErrorId.InvalidArgument, "-Momentum", s_mse with { Momentum = 0.9 });
        Check(NtkErrorId.InvalidArgument, "-Loss", s_mse with { Loss = NtkLoss.CrossEntropy });
        Check(NtkErrorId.InvalidArgument, "-DiagReg", s_mse with { Method = NtkPredictionMethod.GradientDescent, DiagReg = 1 });
        Check(NtkErrorId.InvalidArgument, "-Time", gaussian with { Times = [1] });
        Check(NtkErrorId.InvalidArgument, "-FxTrain0", ensemble with { FxTrain0 = s_y });
        Check(NtkErrorId.InvalidArgument, "NtkGP", ensemble with { Get = [NtkGaussianKernel.NtkGP] });
        Check(NtkErrorId.InvalidArgument, "-Get", s_mse with { Get = [NtkGaussianKernel.Nngp] });
        Check(NtkErrorId.InvalidArgument, "-NngpTrainTrain", ensemble with { Get = [NtkGaussianKernel.Nngp] });
        Check(NtkErrorId.InvalidArgument, "-NngpTestTrain", ensemble with { Get = [NtkGaussianKernel.Nngp], NngpTrainTrain = s_kernel });
        Check(NtkErrorId.InvalidArgument, "all three NNGP kernels", ensemble with { NngpTestTest = NtkTensor.FromArray(new double[2, 2]) });
        Check(NtkErrorId.InvalidArgument, "-KernelTrainTrain", s_mse with { KernelTrainTrain = null });
        Check(NtkErrorId.InvalidArgument, "-FxTest0 without -KernelTestTrain", s_mse with { KernelTestTrain = null, FxTest0 = s_y });
    }

    [Fact]
    public void Bad_numbers_and_shapes_are_named()
    {
        Check(NtkErrorId.InvalidArgument, "-Time has -1", s_mse with { Times = [1, -1] });
        Check(NtkErrorId.InvalidArgument, "-Time has NaN", s_mse with { Times = [double.NaN] });
        Check(NtkErrorId.InvalidArgument, "-Time is empty", s_mse with { Times = [] });
        Check(NtkErrorId.InvalidArgument, "-LearningRate", s_mse with { LearningRate = 0 });
        Check(NtkErrorId.InvalidArgument, "-Momentum is 2", s_mse with { Method = NtkPredictionMethod.GradientDescent, Momentum = 2 });
        Check(NtkErrorId.InvalidArgument, "-DiagReg is -1", s_mse with { DiagReg = -1 });
        Check(NtkErrorId.InvalidArgument, "not symmetric", s_mse with { KernelTrainTrain = s_kernel.Add(NtkTensor.FromArray(new[] { 0.0, 1, 2 })) });
        Check(NtkErrorId.InvalidArgument, "NaN", s_mse with { YTrain = s_y.Multiply(double.NaN) });
        Check(NtkErrorId.ShapeMismatch, "other way round", s_mse with { KernelTestTrain = s_test.Transpose() });
        Check(NtkErrorId.ShapeMismatch, "-KernelTrainTrain", s_mse with { YTrain = s_y.Slice(0, 2) });
        Check(NtkErrorId.ShapeMismatch, "-FxTest0", s_mse with { FxTest0 = s_y });
        Check(NtkErrorId.ShapeMismatch, "class numbers", s_mse with { Method = NtkPredictionMethod.GradientDescent, Loss = NtkLoss.CrossEntropy, YTrain = NtkTensor.FromArray(new[] { 0.0, 1, 0 }) });
        Check(NtkErrorId.InvalidAxis, "-TraceAxis 2", s_mse with { TraceAxes = [2] });
        Check(NtkErrorId.InvalidAxis, "twice", s_mse with { TraceAxes = [1, -1] });
        Check(NtkErrorId.ShapeMismatch, "-TraceAxis", s_mse with { TraceAxes = [] });
        Check(NtkErrorId.ShapeMismatch, "-NngpTestTest", s_mse with { Method = NtkPredictionMethod.GPInference, NngpTrainTrain = s_kernel, NngpTestTrain = s_test, NngpTestTest = s_kernel });
    }

    [Fact]
    public void Integration_that_does_not_end_says_so()
    {
        TensorsReady();
        using DisposeScope scope = torch.NewDisposeScope();
        var solution = new DormandPrince(y => y * 1e6, torch.ones(1, torch.float64), 1e-9, 1e-9, 100);
        Assert.Equal(NtkErrorId.NotConverged, Assert.Throws<NtkException>(() => solution.Advance(1, TestContext.Current.CancellationToken)).ErrorId);
    }

    // The order shows in how the error falls with the tolerance, and the steps rise.
    [Fact]
    public void Integration_keeps_to_its_tolerance_with_the_steps_of_a_fifth_order()
    {
        TensorsReady();
        using DisposeScope scope = torch.NewDisposeScope();
        long[] steps = new double[] { 1e-6, 1e-11 }.Select(tolerance =>
        {
            // y′ = z, z′ = −y: the circle.
            var solution = new DormandPrince(s => torch.stack([s[1], -s[0]]), torch.tensor(new[] { 0.0, 1 }), tolerance, tolerance, 100_000);
            solution.Advance(20, TestContext.Current.CancellationToken);
            Assert.Equal(Math.Sin(20), solution.State[0].ToDouble(), 100 * tolerance);
            Assert.Equal(20, solution.Time);
            return solution.Steps;
        }).ToArray();
        // Tolerances five powers of ten apart: a factor ten in steps.
        Assert.InRange((double)steps[1] / steps[0], 7, 13);
    }

    private static void TensorsReady() => Ntk.Core.Tensors.TorchRuntime.Initialize();

    private static double Value(NtkTensor tensor) => ((double[])tensor.ToFlatArray())[0];

    private static void Close(NtkTensor expected, NtkTensor actual, double tolerance)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.Equal((double[])expected.ToFlatArray(), (double[])actual.ToFlatArray(), (a, b) => Math.Abs(a - b) <= tolerance);
    }

    private static void Check(string id, string words, PredictionOptions options)
    {
        bool gaussian = options.Method is NtkPredictionMethod.GPInference or NtkPredictionMethod.GradientDescentMseEnsemble;
        var error = Assert.Throws<NtkException>(() => gaussian ? (object)TrainingDynamics.PredictGaussian(options) : TrainingDynamics.Predict(options));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Equal(id, error.ErrorId);
    }
}
