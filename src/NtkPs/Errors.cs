using System.Management.Automation;
using Ntk;

namespace NtkPs;

/// <summary>The core's errors as PowerShell's.</summary>
internal static class Errors
{
    /// <summary>The record of an error, under its own identifier and the category that fits it.</summary>
    public static ErrorRecord Record(NtkException error) => new(error, error.ErrorId, CategoryOf(error.ErrorId), error.Target);

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
        NtkErrorId.SingularSystem => ErrorCategory.InvalidResult,
        NtkErrorId.BatchAxisMixed => ErrorCategory.InvalidOperation,
        _ => ErrorCategory.InvalidArgument,
    };
}
