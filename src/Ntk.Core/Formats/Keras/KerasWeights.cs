using Ntk.Core.Ops.Keras;

namespace Ntk.Core.Formats.Keras;

/// <summary>A variable of a model with its place in the model and its value.</summary>
/// <param name="Variable">The layer's variable.</param>
/// <param name="Path">Layer path and variable name, such as <c>dense/kernel</c>.</param>
/// <param name="Trainable">Whether it, its layer and all layers around are trainable.</param>
internal sealed record BoundVariable(LayerVariable Variable, string Path, bool Trainable)
{
    /// <summary>The value in the file.</summary>
    public NtkTensor? Value { get; set; }
}

/// <summary>Finds every variable of a model, names it and gives it its place among the parameters.</summary>
internal sealed class KerasWeights
{
    private readonly Dictionary<LayerVariable, BoundVariable> _bound = [];

    private KerasWeights() { }

    /// <summary>The variables in the order of the layers.</summary>
    public List<BoundVariable> All { get; } = [];

    /// <summary>The place of a variable.</summary>
    public BoundVariable this[LayerVariable variable] => _bound[variable];

    /// <summary>Walks a model; the model's own name is not part of the paths.</summary>
    public static KerasWeights Of(KerasLayer model)
    {
        var weights = new KerasWeights();
        weights.Walk(model, "", model.Trainable, model.Trainable, []);
        return weights;
    }

    private void Walk(KerasLayer layer, string path, bool trainable, bool whole, HashSet<KerasLayer> seen)
    {
        if (!seen.Add(layer))
        {
            return;
        }
        foreach (LayerVariable variable in layer.Variables)
        {
            var bound = new BoundVariable(variable, Join(path, variable.Name), trainable && variable.Trainable);
            variable.Index = All.Count;
            _bound[variable] = bound;
            All.Add(bound);
        }
        foreach (ChildLayer child in layer.Children)
        {
            Walk(child.Layer, Join(path, child.Layer.PathName), child.Layer.IsTrained(trainable, whole), whole, seen);
        }
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : name.Length == 0 ? path : $"{path}/{name}";
}
