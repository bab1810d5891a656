using System.Management.Automation;
using Ntk;

namespace NtkPs;

/// <summary>The core's errors as PowerShell's.</summary>
internal static class Errors
{
    /// <summary>The record of an error, under its own identifier and the category that fits it.</summary>
    public static ErrorRecord Record(NtkException error) => new(error, error.ErrorId, CategoryOf(error.ErrorId), error.Target);

    /// <summary>Whether an exception is the module's own to report: one of PowerShell's is what a command further down threw, or the end of the pipeline.</summary>
    public static bool IsOurs(Exception error) => error.GetType().Assembly != typeof(PSObject).Assembly && error is not OperationCanceledException;

    /// <summary>Any exception as an error of ours; what no part of the core foresaw, such as a library's, says what was being done.</summary>
    public static NtkException Of(string activity, Exception error) => error switch
    {
        NtkException known => known,
        ObjectDisposedException { ObjectName: nameof(NtkTensor) } => new NtkException(NtkErrorId.InvalidArgument, error.Message.Split('\n')[0].TrimEnd('\r'), error),
        OutOfMemoryException => new NtkException(NtkErrorId.OutOfMemory, $"{activity} needs more memory than the machine has.", error),
        _ => new NtkException(NtkErrorId.Unexpected,
            $"{activity} failed in a way that Ntk did not foresee ({error.GetType().Name}): {error.Message.Split('\n')[0].TrimEnd('.')}. This is likely a fault of Ntk's; please report it with the model or the arguments.", error),
    };

    private static ErrorCategory CategoryOf(string errorId) => errorId switch
    {
        NtkErrorId.PathNotFound or NtkErrorId.VariablesMissing or NtkErrorId.SignatureNotFound or NtkErrorId.TensorNotFound
            or NtkErrorId.ParameterNotFound or NtkErrorId.OutputNotFound => ErrorCategory.ObjectNotFound,
        NtkErrorId.FormatNotRecognized or NtkErrorId.FileCorrupt => ErrorCategory.InvalidData,
        NtkErrorId.UnsupportedModel or NtkErrorId.NotDifferentiable => ErrorCategory.NotImplemented,
        NtkErrorId.DTypeMismatch => ErrorCategory.InvalidType,
        NtkErrorId.FileExists => ErrorCategory.ResourceExists,
        NtkErrorId.FileWriteFailed => ErrorCategory.WriteError,
        NtkErrorId.EngineNotLoaded => ErrorCategory.ResourceUnavailable,
        NtkErrorId.MemoryLimitTooSmall => ErrorCategory.LimitsExceeded,
        NtkErrorId.OutOfMemory => ErrorCategory.ResourceUnavailable,
        NtkErrorId.Unexpected => ErrorCategory.NotSpecified,
        NtkErrorId.SingularSystem or NtkErrorId.NotConverged => ErrorCategory.InvalidResult,
        NtkErrorId.BatchAxisMixed => ErrorCategory.InvalidOperation,
        _ => ErrorCategory.InvalidArgument,
    };
}
