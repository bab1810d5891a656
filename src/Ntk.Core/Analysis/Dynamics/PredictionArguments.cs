using Ntk.Core.Tensors;

namespace Ntk.Core.Analysis.Dynamics;

/// <summary>Checks what the methods of prediction are given, before anything is computed.</summary>
internal static class PredictionArguments
{
    /// <summary>Refuses what the method does not know, rather than leave it unused, and asks for what it needs.</summary>
    /// <exception cref="NtkException">The arguments do not fit the method.</exception>
    public static void Check(PredictionOptions options)
    {
        NtkPredictionMethod method = options.Method;
        bool gaussian = method is NtkPredictionMethod.GradientDescentMseEnsemble or NtkPredictionMethod.GPInference;
        bool integrated = method == NtkPredictionMethod.GradientDescent;
        Refuse(!integrated && options.Momentum is not null, method, "-Momentum", "-Method GradientDescent has one.");
        Refuse(!integrated && options.Loss != NtkLoss.Mse, method, $"-Loss {options.Loss}", "It is of the mean squared error; -Method GradientDescent takes other losses.");
        Refuse(!integrated && options.LossGradient is not null, method, "-LossGradient", "It is of the mean squared error; -Method GradientDescent takes other losses.");
        Refuse(integrated && options.DiagReg != 0, method, "-DiagReg", "Only the methods in closed form are regularised.");
        Refuse(method == NtkPredictionMethod.GPInference && options.Times is not null, method, "-Time", "It is the end of training; -Method GradientDescentMseEnsemble has times.");
        Refuse(gaussian && (options.FxTrain0 ?? options.FxTest0) is not null, method, "-FxTrain0 or -FxTest0", "Its ensemble begins with outputs of mean zero.");
        Refuse(method == NtkPredictionMethod.GradientDescentMseEnsemble && options.Get.Contains(NtkGaussianKernel.NtkGP), method, "-Get NtkGP", "-Method GPInference has it.");
        Refuse(!gaussian && !options.Get.SequenceEqual([NtkGaussianKernel.Ntk]), method, "-Get", "Only GradientDescentMseEnsemble and GPInference choose kernels; to predict with another kernel give it as -KernelTrainTrain.");
        Refuse(!gaussian && options.KernelTestTrain is null && options.FxTest0 is not null, method, "-FxTest0 without -KernelTestTrain", "The kernel of the test with the training examples is what carries training over to them.");
        bool nngp = options.Get.Contains(NtkGaussianKernel.Nngp), ntk = !gaussian || options.Get.Any(get => get != NtkGaussianKernel.Nngp);
        Require(ntk ? options.KernelTrainTrain : options, method, "-KernelTrainTrain");
        Require(gaussian && nngp ? options.NngpTrainTrain : options, method, "-NngpTrainTrain, for -Get Nngp,");
        if (gaussian && nngp && options.NngpTestTrain is null && options.KernelTestTrain is not null)
        {
            Require(null, method, "-NngpTestTrain, for -Get Nngp with a test kernel,");
        }
        if (!(options.LearningRate > 0 && double.IsFinite(options.LearningRate)))
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-LearningRate is {options.LearningRate}; it is a number above 0.") { Target = "-LearningRate" };
        }
        if (options.Momentum is { } momentum && !(momentum is >= 0 and <= 1))
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-Momentum is {momentum}; it is a number from 0 to 1.") { Target = "-Momentum" };
        }
        new Regularization(options.DiagReg, "-DiagReg").Check();
    }

    /// <summary>The times; infinity alone where none are given.</summary>
    /// <exception cref="NtkException">There are none, or one is negative or no number.</exception>
    public static double[] Times(PredictionOptions options)
    {
        if (options.Times is null)
        {
            return [double.PositiveInfinity];
        }
        foreach (double time in options.Times)
        {
            if (!(time >= 0))
            {
                throw new NtkException(NtkErrorId.InvalidArgument, $"-Time has {time}; times are numbers of training steps from 0 (infinity for the end of training).") { Target = "-Time" };
            }
        }
        return options.Times.Count > 0 ? [.. options.Times] : throw new NtkException(NtkErrorId.InvalidArgument, "-Time is empty; leave it out for the end of training.") { Target = "-Time" };
    }

    /// <summary>The targets; class numbers for cross-entropy, (N,), as one-hot (N, classes).</summary>
    public static NtkTensor Targets(PredictionOptions options)
    {
        NtkTensor y = options.YTrain;
        if (y.Rank == 0)
        {
            throw new NtkException(NtkErrorId.ShapeMismatch, "-YTrain is a single number; the targets have an axis of examples.") { Target = "-YTrain" };
        }
        if (options.Loss != NtkLoss.CrossEntropy || y.Rank > 1)
        {
            return y;
        }
        return y.DType.IsInteger() ? RegressionTargets.OneHot(y, options.FxTrain0 is { Rank: 2 } outputs ? outputs.Shape[1] : 0) : throw new NtkException(NtkErrorId.ShapeMismatch,
            $"-YTrain has the shape {NtkShape.Format(y.Shape)}; cross-entropy takes probabilities (N, classes), or class numbers (N,) of an integer type.") { Target = "-YTrain" };
    }

    private static void Refuse(bool unfit, NtkPredictionMethod method, string argument, string why)
    {
        if (unfit)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-Method {method} takes no {argument}. {why}") { Target = argument };
        }
    }

    private static void Require(object? given, NtkPredictionMethod method, string argument)
    {
        if (given is null)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-Method {method} needs {argument} and it was not given.") { Target = argument };
        }
    }
}
