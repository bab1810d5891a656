namespace Ntk;

/// <summary>An op or a layer that a model uses, and whether it stands in the way of importing it.</summary>
/// <param name="Path">The model's file or folder.</param>
/// <param name="Name">TensorFlow's name of the op, or Keras's class of the layer.</param>
/// <param name="Count">How often the model has it; a function's nodes count once, however often it is called.</param>
/// <param name="Supported">Whether it can be run as the model uses it.</param>
/// <param name="Reason">Why it cannot, or what is to be known about it; null where there is nothing to say.</param>
/// <param name="Node">The first node or layer of the kind.</param>
public sealed record NtkModelPart(string Path, string Name, int Count, bool Supported, string? Reason, string Node)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({Count}){(Supported ? "" : $": {Reason}")}";
}
