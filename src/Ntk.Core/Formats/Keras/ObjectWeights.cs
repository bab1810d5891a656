using Ntk.Core.Ops.Keras;

namespace Ntk.Core.Formats.Keras;

/// <summary>
/// The weights of a <c>.keras</c> archive: each object's variables lie under its attribute path, <c>layers/dense/vars/0</c>. Layers in a list go
/// by their class, numbered where it repeats; what is met twice is stored at the first place.
/// </summary>
internal static class ObjectWeights
{
    // Public names of classes that go by another one in paths.
    private static readonly Dictionary<string, string> s_classes = new() { ["GroupQueryAttention"] = "GroupedQueryAttention", ["Model"] = "Functional", ["Network"] = "Functional" };

    /// <summary>Reads the values of all variables.</summary>
    /// <exception cref="NtkException">The file lacks some; the message names the layers.</exception>
    public static void Bind(KerasLayer model, KerasWeights weights, Hdf5File file, string path, int version, CancellationToken cancellation)
    {
        var missing = new List<string>();
        Walk(model, "", new HashSet<KerasLayer>());
        if (missing.Count > 0)
        {
            throw new NtkException(NtkErrorId.VariablesMissing,
                $"'{path}' lacks the weights of {string.Join(", ", missing.Take(10))}{(missing.Count > 10 ? $" and {missing.Count - 10} more" : "")}. It may have been saved before it was built; build it and save it again.") { Target = path };
        }

        void Walk(KerasLayer layer, string place, HashSet<KerasLayer> seen)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!seen.Add(layer))
            {
                return;
            }
            string variables = Join(place, "vars");
            for (int i = 0; i < layer.Variables.Count; i++)
            {
                BoundVariable bound = weights[layer.Variables[i]];
                string? own = Present(file, Join(variables, $"{i + layer.StoredBefore}"));
                // Keras 2 names a normalisation's variables instead of numbering them.
                own ??= Present(file, Join(variables, layer.Variables[i].Name));
                if (own is null)
                {
                    missing.Add($"'{bound.Path}'");
                    continue;
                }
                bound.Value = file.Read(own);
            }
            var used = new Dictionary<string, int>();
            foreach (ChildLayer child in layer.Children)
            {
                bool isListed = child.Paths is ["layers"] or ["cells"];
                if (isListed && version < 3 && seen.Contains(child.Layer))
                {
                    continue;
                }
                string? found = isListed
                    ? Join(Join(place, child.Paths[0]), Numbered(used, LayerBuilder.ClassPath(s_classes.GetValueOrDefault(child.Layer.ClassName, child.Layer.ClassName))))
                    : child.Paths.Select(p => Join(place, p)).FirstOrDefault(p => Present(file, p) is not null) ?? Join(place, child.Paths[0]);
                Walk(child.Layer, found, seen);
            }
        }
    }

    // Keras 2.12 and 2.13 called the list of layers otherwise.
    private static string? Present(Hdf5File file, string place) => file.Exists(place) ? place
        : place.Replace("layers/", "_layer_checkpoint_dependencies/", StringComparison.Ordinal) is var old && old != place && file.Exists(old) ? old : null;

    private static string Numbered(Dictionary<string, int> used, string name)
    {
        int count = used[name] = used.GetValueOrDefault(name, -1) + 1;
        return count == 0 ? name : $"{name}_{count}";
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}/{name}";
}
