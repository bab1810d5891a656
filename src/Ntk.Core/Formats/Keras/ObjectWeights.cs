using Ntk.Core.Ops.Keras;

namespace Ntk.Core.Formats.Keras;

/// <summary>
/// The weights of a <c>.keras</c> archive: each object's variables lie under its attribute path, <c>layers/dense/vars/0</c>. Layers in a list go
/// by their class, numbered where it repeats; what is met twice is stored at the first place. <see cref="Layout"/> has what older files do otherwise.
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
        var layout = Layout.Of(file);
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
            string variables = place.Length == 0 ? "vars" : $"{place}/vars";
            for (int i = 0; i < layer.Variables.Count; i++)
            {
                BoundVariable bound = weights[layer.Variables[i]];
                string? own = Present($"{variables}/{i + layer.StoredBefore}");
                // Keras 2 names a normalisation's variables instead of numbering them.
                own ??= Present($"{variables}/{layer.Variables[i].Name}");
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
                bool isListed = child.Paths is ["layers"] or ["cells"], isOld = layout.IsOld && child.Paths is ["layers"];
                if (isListed && version < 3 && !isOld && seen.Contains(child.Layer))
                {
                    continue;
                }
                string found;
                if (isListed)
                {
                    string name = LayerBuilder.ClassPath(s_classes.GetValueOrDefault(child.Layer.ClassName, child.Layer.ClassName));
                    found = Join(Join(place, isOld ? Layout.OldList : child.Paths[0]), Numbered(used, name));
                    if (isOld && HasVariables(child.Layer))
                    {
                        Numbered(used, name);
                    }
                }
                else
                {
                    found = child.Paths.Select(p => Join(place, p)).FirstOrDefault(file.Exists) ?? Join(place, child.Paths[0]);
                }
                Walk(child.Layer, found, seen);
            }
        }

        string? Present(string variable) => file.Exists(variable) ? variable : null;

        string Join(string path, string name) => path.Length == 0 ? name : $"{path}{layout.Separator}{name}";
    }

    private static bool HasVariables(KerasLayer layer) => layer.Variables.Count > 0 || layer.Children.Any(c => HasVariables(c.Layer));

    private static string Numbered(Dictionary<string, int> used, string name)
    {
        int count = used[name] = used.GetValueOrDefault(name, -1) + 1;
        return count == 0 ? name : $"{name}_{count}";
    }

    /// <summary>
    /// How a file names its objects. Keras 2.12 and 2.13 list a model's layers under another name, those with variables twice, so that <c>dense_2</c> follows
    /// <c>dense</c>; on Windows they join an object's names with backslashes, within one HDF5 name.
    /// </summary>
    private sealed record Layout(bool IsOld, char Separator)
    {
        public const string OldList = "_layer_checkpoint_dependencies";

        public static Layout Of(Hdf5File file)
        {
            string[] names = file.Children("");
            return new(names.Any(n => n.StartsWith(OldList, StringComparison.Ordinal)),
                names.Any(n => n.StartsWith($"{OldList}\\", StringComparison.Ordinal) || n.StartsWith("layers\\", StringComparison.Ordinal)) ? '\\' : '/');
        }
    }
}
