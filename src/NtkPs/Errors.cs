using System.Management.Automation;
using Ntk;

namespace NtkPs;

/// <summary>The core's errors as PowerShell's.</summary>
internal static class Errors
{
    /// <summary>The record of an error, under its own identifier and the category that fits it.</summary>
    public static ErrorRecord Record(NtkException error) => new(error, error.ErrorId, CategoryOf(error.ErrorId), error.Target);

    /// <summary>What no part of the core foresaw, such as an exception of a library's, as an error that says what was being done.</summary>
    public static NtkException Unexpected(string activity, Exception error) => new(NtkErrorId.Unexpected,
        $"{activity} failed in a way that Ntk did not foresee ({error.GetType().Name}): {error.Message.Split('\n')[0].TrimEnd('.')}. This is likely a fault of Ntk's; please report it with the model or the arguments.", error);

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
