using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>TensorFlow functions that a functional model of Keras 2 calls on its tensors.</summary>
internal static class TensorFlowOperations
{
    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = new()
    {
        ["TFOpLambda"] = Build,
        ["SlicingOpLambda"] = Build,
        ["ClassMethod"] = Unsupported,
        ["InstanceProperty"] = Unsupported,
        ["InstanceMethod"] = Unsupported,
    };

    private static void Build(KerasLayer layer, LayerConfig c)
    {
        string full = c.Text("function"), name = full.Split('.')[^1].Trim('_');
        if (!GraphFunctions.Knows(name))
        {
            throw new ShapeException($"the function tf.{full} is not supported");
        }
        layer.Body = call =>
        {
            (IReadOnlyList<object?> positional, IReadOnlyDictionary<string, object?> named) = call.TakeAll();
            return GraphFunctions.Apply(name, new OperationArguments(call, positional, named, new Dictionary<string, object?>()));
        };
    }

    private static void Unsupported(KerasLayer layer, LayerConfig c) =>
        throw new ShapeException("a TensorFlow operation of this kind cannot be read from a layer graph");
}
