using System.Management.Automation;
using System.Management.Automation.Internal;
using Ntk;
using Ntk.Core.Analysis.Dynamics;

namespace NtkPs;

/// <summary>
/// Predicts a network's outputs after training, from its kernel: the methods of neural_tangents' predict, in float64. For a network of finite width the answer is
/// that of its linearisation at the parameters where the kernel was computed.
/// </summary>
[Cmdlet(VerbsLifecycle.Invoke, "NtkPrediction")]
[OutputType(typeof(NtkPrediction), typeof(NtkGaussianPrediction))]
public sealed partial class InvokeNtkPredictionCommand : NtkCmdlet
{
    /// <inheritdoc/>
    protected override void EndProcessing() => Terminating(() =>
    {
        RefuseNull(nameof(Time), Time, "the end of training");
        RefuseNull(nameof(LossGradient), LossGradient, "-Loss");
        if (LossGradient is not null && IsBound(nameof(Loss)))
        {
            throw new NtkException(NtkErrorId.InvalidArgument, "-Loss and -LossGradient are two losses; give one.") { Target = "-LossGradient" };
        }
        var options = new PredictionOptions
        {
            Method = Method,
            KernelTrainTrain = Tensor(nameof(KernelTrainTrain), KernelTrainTrain),
            KernelTestTrain = Tensor(nameof(KernelTestTrain), KernelTestTrain),
            KernelTestTest = Tensor(nameof(KernelTestTest), KernelTestTest),
            NngpTrainTrain = Tensor(nameof(NngpTrainTrain), NngpTrainTrain),
            NngpTestTrain = Tensor(nameof(NngpTestTrain), NngpTestTrain),
            NngpTestTest = Tensor(nameof(NngpTestTest), NngpTestTest),
            YTrain = TensorArgument.One(this, YTrain, "-YTrain"),
            FxTrain0 = Tensor(nameof(FxTrain0), FxTrain0),
            FxTest0 = Tensor(nameof(FxTest0), FxTest0),
            Times = Time,
            LearningRate = LearningRate,
            DiagReg = DiagReg,
            DiagRegAbsolute = DiagRegAbsolute,
            Momentum = IsBound(nameof(Momentum)) ? Momentum : null,
            Loss = Loss,
            LossGradient = LossGradient is null ? null : Gradient,
            TraceAxes = IsBound(nameof(TraceAxis)) ? TraceAxis ?? [] : null,
            Get = Get,
            Warn = QueueWarning,
        };
        const string Activity = "Training dynamics";
        bool gaussian = Method is NtkPredictionMethod.GradientDescentMseEnsemble or NtkPredictionMethod.GPInference;
        WriteObject(gaussian ? Work(Activity, (progress, cancellation) => TrainingDynamics.PredictGaussian(options, progress, cancellation))
            : LossGradient is null ? Work(Activity, (progress, cancellation) => TrainingDynamics.Predict(options, progress, cancellation))
            : WorkHere<object>(cancellation => TrainingDynamics.Predict(options, null, cancellation)), true); // a script block runs in the session, and so on this thread
    });

    private NtkTensor Gradient(NtkTensor f, NtkTensor y) => LossGradient!.InvokeReturnAsIs(f, y) is { } given && given != AutomationNull.Value ? TensorArgument.One(this, given, "-LossGradient")
        : throw new NtkException(NtkErrorId.ShapeMismatch, $"-LossGradient gave nothing; the loss's gradient in f has f's own shape, {NtkShape.Format(f.Shape)}.") { Target = "-LossGradient" };

    private void RefuseNull(string parameter, object? value, string otherwise)
    {
        if (IsBound(parameter) && value is null)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-{parameter} is $null; is the variable's name spelled right? Leave it out for {otherwise}.") { Target = $"-{parameter}" };
        }
    }

    private NtkTensor? Tensor(string parameter, object? value) => IsBound(parameter) ? TensorArgument.One(this, value, $"-{parameter}") : null;
}
