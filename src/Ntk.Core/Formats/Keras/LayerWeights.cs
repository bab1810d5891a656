using Ntk.Core.Ops.Keras;

namespace Ntk.Core.Formats.Keras;

/// <summary>
/// The weights of an <c>.h5</c> file: a group for each layer of the outermost model, and in it the list of the layer's variables, trainable ones
/// first, those of inner layers included.
/// </summary>
internal static class LayerWeights
{
    /// <summary>Reads the values of all variables.</summary>
    /// <param name="model">The outermost model.</param>
    /// <param name="weights">Its variables.</param>
    /// <param name="file">The open file.</param>
    /// <param name="root">The group that holds the layers' groups.</param>
    /// <param name="path">The file, for errors.</param>
    /// <param name="version">Keras's major version.</param>
    /// <param name="cancellation">Stops the reading.</param>
    public static void Bind(KerasLayer model, KerasWeights weights, Hdf5File file, string root, string path, int version, CancellationToken cancellation)
    {
        string[] groups = file.Texts(root, "layer_names") ?? throw Lacking(path, "the list of its layers");
        KerasLayer[] layers = model.Children.Select(c => c.Layer).Where(l => Ordered(l).Count > 0).ToArray();
        Dictionary<string, string[]> listed = groups.Distinct().Where(g => file.Exists($"{root}/{g}")).ToDictionary(g => g, g => file.Texts($"{root}/{g}", "weight_names") ?? []);
        string[] filled = groups.Where(g => listed.TryGetValue(g, out string[]? names) && names.Length > 0).ToArray();
        for (int k = 0; k < layers.Length; k++)
        {
            cancellation.ThrowIfCancellationRequested();
            // By name; where names do not agree by position, as Keras does.
            string? group = filled.Contains(layers[k].Name) ? layers[k].Name : filled.Length == layers.Length ? filled[k] : null;
            if (group is null)
            {
                throw Lacking(path, $"the weights of layer '{layers[k].Name}'");
            }
            if (listed[group].Distinct().Count() < listed[group].Length)
            {
                throw new NtkException(NtkErrorId.FileCorrupt,
                    $"'{path}': layer '{layers[k].Name}' lists two variables of one name, of which the file can hold only one. Save the model as .keras.") { Target = path };
            }
            NtkTensor[] values = listed[group].Select(n => file.Read($"{root}/{group}/{n}")).ToArray();
            List<LayerVariable> variables = Ordered(layers[k]);
            values = OldWeights.Convert(layers[k], values, version);
            if (values.Length != variables.Count)
            {
                throw new NtkException(NtkErrorId.VariablesMissing,
                    $"'{path}': layer '{layers[k].Name}' ({layers[k].ClassName}) has {variables.Count} variables, the file holds {values.Length}. Save the model again with a current Keras, as .keras or SavedModel.") { Target = path };
            }
            for (int i = 0; i < values.Length; i++)
            {
                weights[variables[i]].Value = values[i];
            }
        }
    }

    /// <summary>A layer's variables as Keras's <c>trainable_weights + non_trainable_weights</c> lists them.</summary>
    internal static List<LayerVariable> Ordered(KerasLayer layer)
    {
        var trained = new List<LayerVariable>();
        var fixedOnes = new List<LayerVariable>();
        Collect(layer, layer.Trainable, layer.Trainable, trained, fixedOnes, []);
        return [.. trained, .. fixedOnes];
    }

    private static void Collect(KerasLayer layer, bool trainable, bool whole, List<LayerVariable> trained, List<LayerVariable> fixedOnes, HashSet<KerasLayer> seen)
    {
        if (!seen.Add(layer))
        {
            return;
        }
        foreach (LayerVariable variable in layer.Variables)
        {
            (trainable && variable.Trainable ? trained : fixedOnes).Add(variable);
        }
        foreach (ChildLayer child in layer.Children)
        {
            Collect(child.Layer, child.Layer.IsTrained(trainable, whole), whole, trained, fixedOnes, seen);
        }
    }

    private static NtkException Lacking(string path, string what) => new(NtkErrorId.VariablesMissing, $"'{path}' lacks {what}. Save the model again.") { Target = path };
}
