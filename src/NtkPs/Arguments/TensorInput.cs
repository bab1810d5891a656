using System.Management.Automation;
using Ntk;

namespace NtkPs;

/// <summary>
/// What a user gives for a tensor: anything but a model. Being of a type of its own lets PowerShell's binder see, for the first of several arguments
/// without names, whether it is the model or the model's input.
/// </summary>
/// <param name="value">A tensor, rows, an array, a path, or a dictionary or list of these.</param>
public sealed class TensorInput(object? value)
{
    /// <summary>What was given.</summary>
    public object? Value => value;

    /// <inheritdoc/>
    public override string ToString() => value?.ToString() ?? "";
}

/// <summary>Takes whatever is no model for a tensor.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TensorInputTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override bool TransformNullOptionalParameters => true;

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        PlainValue.Unwrap(inputData) is NtkModel or TensorInput ? inputData : new TensorInput(inputData);
}
