using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>Functions of Keras 3 (keras.ops) that a functional model calls on its tensors: each is an object of a class named like the function.</summary>
internal static class KerasOperations
{
    /// <summary>Makes the layer that stands for such an object.</summary>
    public static void Build(KerasLayer layer, LayerConfig c)
    {
        string name = LayerBuilder.ClassPath(layer.ClassName);
        if (!GraphFunctions.Knows(name))
        {
            throw new ShapeException("the operation is not supported");
        }
        var options = LayerArguments.Parse(c.Whole) as Dictionary<string, object?> ?? [];
        // An object's own options come after its tensors.
        layer.Body = call =>
        {
            (IReadOnlyList<object?> positional, IReadOnlyDictionary<string, object?> named) = call.TakeAll();
            return GraphFunctions.Apply(name, new OperationArguments(call, positional, named, options));
        };
    }
}
