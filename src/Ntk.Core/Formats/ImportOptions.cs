namespace Ntk.Core.Formats;

/// <summary>What of a model file is to be read.</summary>
public sealed record ImportOptions
{
    /// <summary>The signature of a SavedModel, or one of its functions; null for <c>serving_default</c>, the only one, or where none is exported the call of the model.</summary>
    public string? Signature { get; init; }

    /// <summary>Tensors at which to cut the graph's inputs, with or without <c>:0</c>.</summary>
    public IReadOnlyList<string> InputTensors { get; init; } = [];

    /// <summary>Tensors at which to cut the graph's outputs, with or without <c>:0</c>.</summary>
    public IReadOnlyList<string> OutputTensors { get; init; } = [];

    /// <summary>Inputs of an f(params, x) that are parameters.</summary>
    public IReadOnlyList<string> ParameterInputs { get; init; } = [];

    /// <summary>Values of a graph's placeholders, by the names of nodes or of inputs, with or without <c>:0</c>: the others are the inputs.</summary>
    public IReadOnlyDictionary<string, NtkTensor> Feeds { get; init; } = new Dictionary<string, NtkTensor>();

    /// <summary>Where what the model uses is noted; null where nobody asks.</summary>
    internal ModelSurvey? Survey { get; init; }
}
