using Ntk.Core.Formats.TensorFlowJs;
using Ntk.Core.Ops.Keras;

namespace Ntk.Core.Formats.Keras;

/// <summary>
/// The weights of a TensorFlow.js layers-model, which go by name: <c>dense/kernel</c>. Keras's versions and TensorFlow.js differ in which of the layers around a
/// variable (a wrapper, a recurrent cell, an inner model) its name has, so that a variable is looked for under all of them.
/// </summary>
internal static class NamedWeights
{
    /// <summary>Gives every variable its value.</summary>
    /// <exception cref="NtkException">Some have none; the message names them.</exception>
    public static void Bind(KerasLayer model, KerasWeights variables, IReadOnlyList<StoredWeight> weights, string path)
    {
        Dictionary<string, StoredWeight> left = weights.ToDictionary(w => w.Name);
        // Whole names first: a shorter one may be another layer's.
        int longest = variables.All.Select(v => v.Path.Split('/').Length).DefaultIfEmpty().Max();
        for (int dropped = 0; dropped < longest; dropped++)
        {
            foreach (BoundVariable variable in variables.All.Where(v => v.Value is null))
            {
                string? name = Names(variable.Path.Split('/'), dropped).FirstOrDefault(left.ContainsKey);
                Give(variable, name, left);
            }
        }
        foreach (KerasLayer layer in model.Children.Select(c => c.Layer))
        {
            ByOrder(layer, variables, weights, left);
        }
        string[] missing = variables.All.Where(v => v.Value is null).Select(v => $"'{v.Path}'").ToArray();
        if (missing.Length > 0)
        {
            throw new NtkException(NtkErrorId.VariablesMissing,
                $"'{path}' lists no weight of {string.Join(", ", missing.Take(10))}{(missing.Length > 10 ? $" and {missing.Length - 10} more" : "")}. Save or convert the model again.") { Target = path };
        }
    }

    // The path without some of the layers around the variable: the outermost ones, or those between the layer and the variable.
    private static IEnumerable<string> Names(string[] path, int dropped)
    {
        for (int outer = 0; outer <= dropped && dropped < path.Length; outer++)
        {
            string[] rest = path[outer..];
            yield return string.Join('/', [.. rest[..(path.Length - dropped - 1)], rest[^1]]);
        }
    }

    // Names of cells are numbered throughout a program: what is left of a layer's weights comes in Keras's order, trainable ones first.
    private static void ByOrder(KerasLayer layer, KerasWeights variables, IReadOnlyList<StoredWeight> weights, Dictionary<string, StoredWeight> left)
    {
        BoundVariable[] open = LayerWeights.Ordered(layer).Select(v => variables[v]).Where(v => v.Value is null).ToArray();
        string[] own = weights.Select(w => w.Name).Where(n => left.ContainsKey(n) && n.StartsWith(layer.Name + "/", StringComparison.Ordinal)).ToArray();
        if (open.Length == own.Length && open.Zip(own).All(p => p.First.Variable.Name == p.Second.Split('/')[^1]))
        {
            for (int i = 0; i < open.Length; i++)
            {
                Give(open[i], own[i], left);
            }
        }
    }

    private static void Give(BoundVariable variable, string? name, Dictionary<string, StoredWeight> left)
    {
        if (name is not null && left.Remove(name, out StoredWeight? weight))
        {
            variable.Value = weight.ToTensor();
        }
    }
}
