using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>The outputs of an op: values, or things that only other ops understand (lists, handles, strings).</summary>
internal readonly struct OpResult
{
    private OpResult(object[] outputs) => Outputs = outputs;

    /// <summary>The outputs in order.</summary>
    public object[] Outputs { get; }

    /// <summary>One value.</summary>
    public static implicit operator OpResult(Value value) => new([value]);

    /// <summary>Several values.</summary>
    public static implicit operator OpResult(Value[] values) => new(values);

    /// <summary>One list.</summary>
    public static implicit operator OpResult(TensorList list) => new([list]);

    /// <summary>Anything.</summary>
    public static OpResult Of(params object[] outputs) => new(outputs);
}

/// <summary>What a branch that is not taken gives (TF 1's dead tensors).</summary>
internal sealed class DeadTensor
{
    /// <summary>The only one.</summary>
    public static DeadTensor Instance { get; } = new();
}

/// <summary>A known string tensor; messages and table keys are of this kind, nothing is computed with them.</summary>
/// <param name="Elements">The elements.</param>
internal sealed record StringTensor(IReadOnlyList<string> Elements);

/// <summary>Values that may be missing: what a conditional's branch keeps for its gradient.</summary>
/// <param name="Components">The values; null when there are none.</param>
internal sealed record OptionalValue(object[]? Components);

/// <summary>A handle of a variable.</summary>
/// <param name="Parameter">Which of the model's parameters it is.</param>
internal sealed record VariableHandle(int Parameter);
