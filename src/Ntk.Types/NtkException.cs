namespace Ntk;

/// <summary>An error whose cause lies in what the user gave: a file, an argument, a shape, a model that uses something unsupported.</summary>
public class NtkException : Exception
{
    /// <summary>Makes an error with a stable identifier, as PowerShell's FullyQualifiedErrorId shows it.</summary>
    public NtkException(string errorId, string message, Exception? inner = null) : base(message, inner) => ErrorId = errorId;

    /// <summary>The stable identifier, one of <see cref="NtkErrorId"/>.</summary>
    public string ErrorId { get; }

    /// <summary>The file, argument or name that the error is about, if one.</summary>
    public object? Target { get; init; }
}

/// <summary>Every error identifier, each equal to its name.</summary>
public static class NtkErrorId
{
#pragma warning disable CS1591 // the names say it
    public const string PathNotFound = nameof(PathNotFound);
    public const string FormatNotRecognized = nameof(FormatNotRecognized);
    public const string FileCorrupt = nameof(FileCorrupt);
    public const string VariablesMissing = nameof(VariablesMissing);
    public const string SignatureNotFound = nameof(SignatureNotFound);
    public const string TensorNotFound = nameof(TensorNotFound);
    public const string UnsupportedModel = nameof(UnsupportedModel);
    public const string ParameterNotFound = nameof(ParameterNotFound);
    public const string ParameterNotTrainable = nameof(ParameterNotTrainable);
    public const string ParameterValueMissing = nameof(ParameterValueMissing);
    public const string OutputNotFound = nameof(OutputNotFound);
    public const string OutputIndexOutOfRange = nameof(OutputIndexOutOfRange);
    public const string InputMismatch = nameof(InputMismatch);
    public const string ShapeMismatch = nameof(ShapeMismatch);
    public const string DTypeMismatch = nameof(DTypeMismatch);
    public const string InvalidAxis = nameof(InvalidAxis);
    public const string BatchAxisMixed = nameof(BatchAxisMixed);
    public const string MemoryLimitTooSmall = nameof(MemoryLimitTooSmall);
    public const string InvalidArgument = nameof(InvalidArgument);
    public const string SingularSystem = nameof(SingularSystem);
    public const string NotConverged = nameof(NotConverged);
    public const string FileExists = nameof(FileExists);
    public const string FileWriteFailed = nameof(FileWriteFailed);
    public const string NotDifferentiable = nameof(NotDifferentiable);
    public const string EngineNotLoaded = nameof(EngineNotLoaded);
    public const string OutOfMemory = nameof(OutOfMemory);
    public const string Unexpected = nameof(Unexpected);
#pragma warning restore CS1591
}
