using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis.Dynamics;

/// <summary>
/// What training makes of a network's outputs, from its kernel: the methods of neural_tangents' <c>predict</c>, in float64. For a network of finite width the
/// answer is that of its linearisation at the parameters where the kernel was computed (Lee et al., arXiv 1902.06720).
/// </summary>
public static class TrainingDynamics
{
    private const string TrainTrain = "-KernelTrainTrain", TestTrain = "-KernelTestTrain", NngpTrainTrain = "-NngpTrainTrain", NngpTestTrain = "-NngpTestTrain", NngpTestTest = "-NngpTestTest";

    /// <summary>Predicts outputs after gradient descent, one result for each time, in the order given.</summary>
    /// <param name="options">A method that predicts outputs, and what it needs.</param>
    /// <param name="progress">Told of each time.</param>
    /// <param name="cancellation">Stops between times and steps of integration.</param>
    /// <exception cref="NtkException">Arguments that do not fit the method or each other, a singular kernel, an integration that does not end.</exception>
    public static IReadOnlyList<NtkPrediction> Predict(PredictionOptions options, IProgress<NtkProgress>? progress = null, CancellationToken cancellation = default)
    {
        PredictionArguments.Check(options);
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        NtkTensor kernel = options.KernelTrainTrain!;
        NtkTensor targets = PredictionArguments.Targets(options);
        var axes = new TargetAxes(targets.Shape, options.TraceAxes, kernel.Rank);
        axes.Check(kernel, TrainTrain, test: false);
        if (options.KernelTestTrain is { } test)
        {
            axes.Check(test, TestTrain, test: true);
        }
        long[] testRows = options.KernelTestTrain is null ? [] : KernelMatrix.Sizes(options.KernelTestTrain.Shape, 0);
        Tensor trainTrain = KernelMatrix.ReadSymmetric(kernel, TrainTrain);
        Tensor? testTrain = options.KernelTestTrain is null ? null : KernelMatrix.Read(options.KernelTestTrain, TestTrain);
        Tensor y = KernelMatrix.Real(targets, "-YTrain");
        Tensor train0 = Initial(axes, options.FxTrain0, "-FxTrain0", axes.Rows);
        Tensor? test0 = testTrain is null ? null : Initial(axes, options.FxTest0, "-FxTest0", testRows);
        TrainingLoss loss = options.LossGradient is { } gradient ? TrainingLoss.Of(gradient, y) : TrainingLoss.Of(options.Loss);
        double[] times = PredictionArguments.Times(options);

        NtkPrediction Result(double time, Tensor train, Tensor? testOutputs)
        {
            Tensor outputs = axes.Restore(train, axes.Rows);
            return new NtkPrediction(options.Method, time, TorchTensors.FromTorch(outputs, "train"),
                testOutputs is null ? null : TorchTensors.FromTorch(axes.Restore(testOutputs, testRows), "test"), loss.Value(outputs, y).ToDouble(), kernel.Origin);
        }

        // The end of training on the mean squared error is the same by every way, and needs no integration.
        bool Closed(double time) => options.Method == NtkPredictionMethod.GradientDescentMse || (double.IsPositiveInfinity(time) && options is { Loss: NtkLoss.Mse, LossGradient: null, Momentum: not 1 });
        var flow = new GradientFlow(trainTrain, new Regularization(options.DiagReg, "-DiagReg", options.DiagRegAbsolute), TrainTrain, KernelMatrix.Epsilon(kernel.DType), axes.Count, options.Warn, cancellation);
        flow.Prepare([.. times.Where(Closed)], testTrain is not null);
        FunctionSpaceFlow? integration = times.All(Closed) ? null : new FunctionSpaceFlow(axes, trainTrain, testTrain, y, train0, test0, loss, options.LearningRate, options.Momentum, options.LossGradient is not null);
        Tensor rest = axes.Flatten(y) - train0;
        var results = new NtkPrediction[times.Length];
        foreach (int index in Enumerable.Range(0, times.Length).OrderBy(i => times[i]))
        {
            using DisposeScope inner = NewDisposeScope();
            double time = times[index];
            progress?.Report(new NtkProgress($"time {time:G4}", results.Count(r => r is not null), times.Length));
            if (Closed(time))
            {
                double steps = time * options.LearningRate;
                results[index] = Result(time, train0 + flow.Fitted(rest, steps), testTrain is null ? null : test0! + testTrain.mm(flow.Learned(rest, steps)));
                continue;
            }
            integration!.Advance(time, cancellation);
            results[index] = Result(time, integration.Train, integration.Test);
        }
        return results;
    }

    /// <summary>Predicts the distribution of outputs, one result for each kernel and time.</summary>
    /// <param name="options">A Gaussian method, and what it needs.</param>
    /// <param name="progress">Told of each time.</param>
    /// <param name="cancellation">Stops between times.</param>
    /// <exception cref="NtkException">Arguments that do not fit the method or each other, a singular kernel.</exception>
    public static IReadOnlyList<NtkGaussianPrediction> PredictGaussian(PredictionOptions options, IProgress<NtkProgress>? progress = null, CancellationToken cancellation = default)
    {
        PredictionArguments.Check(options);
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        NtkTensor targets = PredictionArguments.Targets(options);
        double[] times = PredictionArguments.Times(options);
        var results = new List<NtkGaussianPrediction>();
        foreach (NtkGaussianKernel get in options.Get)
        {
            using DisposeScope inner = NewDisposeScope();
            bool nngp = get == NtkGaussianKernel.Nngp;
            NtkTensor kernel = (nngp ? options.NngpTrainTrain : options.KernelTrainTrain)!;
            string argument = nngp ? NngpTrainTrain : TrainTrain;
            var axes = new TargetAxes(targets.Shape, options.TraceAxes, kernel.Rank);
            GaussianKernels kernels = Kernels(options, get, axes);
            var flow = new GradientFlow(Training(axes, kernel, argument), new Regularization(options.DiagReg, "-DiagReg", options.DiagRegAbsolute), argument,
                KernelMatrix.Epsilon(kernel.DType), axes.Count, options.Warn, cancellation);
            flow.Prepare(times, kernels.TestTrain is not null);
            var posterior = new GaussianPosterior(flow, get, kernels);
            Tensor y = axes.Flatten(KernelMatrix.Real(targets, "-YTrain"));
            long[] rows = kernels.TestTrain is null ? axes.Rows : KernelMatrix.Sizes((nngp ? options.NngpTestTrain : options.KernelTestTrain)!.Shape, 0);
            foreach (double time in times)
            {
                using DisposeScope each = NewDisposeScope();
                progress?.Report(new NtkProgress($"{get}, time {time:G4}", results.Count, options.Get.Count * times.Length));
                double steps = time * options.LearningRate;
                Tensor mean = axes.Restore(posterior.Mean(y, steps), rows);
                Tensor? covariance = posterior.Covariance(steps);
                results.Add(new NtkGaussianPrediction(options.Method, get, time, TorchTensors.FromTorch(mean, "mean"),
                    covariance is null ? null : TorchTensors.FromTorch(KernelMatrix.Zip(covariance, rows, rows), "covariance"), kernel.Origin));
            }
        }
        return results;
    }

    private static GaussianKernels Kernels(PredictionOptions options, NtkGaussianKernel get, TargetAxes axes)
    {
        bool ntk = get != NtkGaussianKernel.Nngp, ownCovariance = get == NtkGaussianKernel.NtkGP;
        NtkTensor? testTrain = ntk ? options.KernelTestTrain : options.NngpTestTrain;
        NtkTensor? testTest = ownCovariance ? options.KernelTestTest : options.NngpTestTest;
        if (testTrain is null)
        {
            NtkTensor? initial = ownCovariance ? options.KernelTrainTrain : options.NngpTrainTrain;
            return new GaussianKernels(null, initial is null ? null : Training(axes, initial, ownCovariance ? TrainTrain : NngpTrainTrain), null, null);
        }
        if (testTest is null && options.KernelTestTest is not null)
        {
            options.Warn?.Invoke($"The covariance of {get} is that of the outputs at initialisation, so it needs the NNGP kernels (-NngpTrainTrain, -NngpTestTrain, -NngpTestTest); without them there is a mean alone.");
        }
        if (testTest is not null && get == NtkGaussianKernel.Ntk && (options.NngpTrainTrain is null || options.NngpTestTrain is null))
        {
            throw new NtkException(NtkErrorId.InvalidArgument, "The covariance of Ntk needs all three NNGP kernels: give -NngpTrainTrain and -NngpTestTrain with -NngpTestTest, or none of them for the mean alone.") { Target = NngpTestTest };
        }
        Tensor matrix = Testing(axes, testTrain, ntk ? TestTrain : NngpTestTrain);
        if (testTest is null)
        {
            return new GaussianKernels(matrix, null, null, null);
        }
        string argument = ownCovariance ? "-KernelTestTest" : NngpTestTest;
        axes.Check(testTest, argument, test: true, testColumns: true);
        if (testTest.Shape[0] != testTrain.Shape[0])
        {
            throw new NtkException(NtkErrorId.ShapeMismatch, $"{argument} is of {testTest.Shape[0]} test examples, and the test-train kernel of {testTrain.Shape[0]}.") { Target = argument };
        }
        Tensor initialTestTest = KernelMatrix.ReadSymmetric(testTest, argument);
        return get == NtkGaussianKernel.Ntk
            ? new GaussianKernels(matrix, Training(axes, options.NngpTrainTrain!, NngpTrainTrain), Testing(axes, options.NngpTestTrain!, NngpTestTrain), initialTestTest)
            : new GaussianKernels(matrix, null, null, initialTestTest);
    }

    private static Tensor Training(TargetAxes axes, NtkTensor kernel, string argument)
    {
        axes.Check(kernel, argument, test: false);
        return KernelMatrix.ReadSymmetric(kernel, argument);
    }

    private static Tensor Testing(TargetAxes axes, NtkTensor kernel, string argument)
    {
        axes.Check(kernel, argument, test: true);
        return KernelMatrix.Read(kernel, argument);
    }

    private static Tensor Initial(TargetAxes axes, NtkTensor? given, string argument, long[] rows)
    {
        long[] shape = axes.Shape(rows);
        if (given is null)
        {
            return axes.Flatten(zeros(shape, ScalarType.Float64));
        }
        bool fits = given.Rank <= shape.Length && Enumerable.Range(1, given.Rank).All(axis => given.Shape[^axis] == 1 || given.Shape[^axis] == shape[^axis]);
        return fits ? axes.Flatten(KernelMatrix.Real(given, argument).expand(shape)) : throw new NtkException(NtkErrorId.ShapeMismatch,
            $"{argument} has the shape {NtkShape.Format(given.Shape)}; the outputs there have {NtkShape.Format(shape)}.") { Target = argument };
    }
}
