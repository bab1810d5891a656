using System.Text;
using Ntk.Core.Ops.Keras;
using Ntk.Core.Ops.TensorFlow;

namespace Ntk.Core.Tests.Documentation;

/// <summary>docs/coverage.md: the ops, layers and functions of the registries, with what versions.txt says of them.</summary>
internal sealed class CoveragePage
{
    private const string Restrictions = "restrictions";

    private readonly Dictionary<string, Dictionary<string, string>> _since = [];
    private readonly Dictionary<string, string> _restrictions = [];

    /// <summary>Reads versions.txt.</summary>
    public CoveragePage(IEnumerable<string> lines)
    {
        string section = "";
        foreach (string line in lines.Where(l => l.Length > 0 && l[0] != '#'))
        {
            if (line[0] == '[')
            {
                section = line.Trim('[', ']');
            }
            else if (section == Restrictions)
            {
                int colon = line.IndexOf(": ", StringComparison.Ordinal);
                foreach (string name in line[..colon].Split(' '))
                {
                    _restrictions.Add(name, line[(colon + 2)..]);
                }
            }
            else
            {
                string kind = IsKeras(section) ? "Keras" : "TensorFlow";
                Dictionary<string, string> known = _since.TryGetValue(kind, out Dictionary<string, string>? made) ? made : _since[kind] = [];
                foreach (string name in line.Split(' '))
                {
                    known.Add(name, section);
                }
            }
        }
    }

    /// <summary>Every op that graphs may have; what stands for a rewritten loop is none.</summary>
    public static IEnumerable<string> Ops => OpTable.Names.Where(n => n != Core.Formats.Graphs.GraphNode.LoopOp);

    /// <summary>Every layer class.</summary>
    public static IEnumerable<string> Layers => LayerTable.Names.Order(StringComparer.Ordinal);

    /// <summary>Names of versions.txt and of the registries that the other lacks.</summary>
    public IEnumerable<string> Differences()
    {
        foreach ((string kind, IEnumerable<string> names) in new[] { ("TensorFlow", Ops), ("Keras", Layers) })
        {
            var registered = names.ToHashSet();
            foreach (string name in registered.Where(n => !_since[kind].ContainsKey(n)))
            {
                yield return $"{name} has no version in versions.txt";
            }
            foreach (string name in _since[kind].Keys.Where(n => !registered.Contains(n)))
            {
                yield return $"{name} of versions.txt is not in the registry";
            }
        }
        foreach (string name in _restrictions.Keys.Where(n => !_since.Values.Any(s => s.ContainsKey(n))))
        {
            yield return $"{name} of the restrictions is not in the registry";
        }
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine("""
            # Coverage

            Every TensorFlow op and every Keras layer that is read, made from the registries by a test (`NTK_WRITE_COVERAGE=1 dotnet test -c Release --filter-class "*CoverageTests"` writes this page).
            What one model uses of them, and what stands in its way, says `Test-NtkModel`.

            For all of them: every numeric type in shapes and indices; floats are computed in the precision asked for. What decides a shape (sizes, axes, paddings, counts) must not depend on the
            data or the parameters, but may depend on shapes: there `Reshape`, `Range`, loops and conditionals are followed as TensorFlow does. An attribute or option that is not known is an error
            that names it. Calls of functions (`PartitionedCall`, `StatefulPartitionedCall`, a function's own name) and TF 1's loops (`Enter`, `Exit`, `NextIteration`, `LoopCond`, and all `Ref…` forms) are
            rewritten before anything runs. Random numbers count only where the outputs depend on them, which is refused. XLA, dataset, string and lookup ops are refused by name.
            """);
        text.AppendLine().AppendLine($"## TensorFlow ops ({Ops.Count()})").AppendLine().AppendLine("The version is the first of 1.0, 1.15, 2.7 and 2.15 that has the op.").AppendLine();
        Table(text, "op", Ops, _since["TensorFlow"]);
        text.AppendLine($"## Keras layers ({Layers.Count()})").AppendLine().AppendLine("Every option of Keras 1.2 to 3, unless it is said otherwise. A `Lambda` and a class of the model's author are code, which is never executed.").AppendLine();
        Table(text, "layer", Layers, _since["Keras"]);
        text.AppendLine("## Functions in layer graphs").AppendLine().AppendLine("Functions of `keras.ops`, `keras.backend` and `tf` that functional models call on tensors:").AppendLine();
        return text.AppendJoin(", ", GraphFunctions.Names.Order(StringComparer.Ordinal).Select(n => $"`{n}`")).AppendLine(".").ToString().ReplaceLineEndings("\n");
    }

    private static bool IsKeras(string section) => section.StartsWith("Keras", StringComparison.Ordinal) || section == "published models";

    private void Table(StringBuilder text, string kind, IEnumerable<string> names, Dictionary<string, string> since)
    {
        text.AppendLine($"| {kind} | since | restrictions |").AppendLine("|---|---|---|");
        foreach (string name in names)
        {
            text.AppendLine($"| `{name}` | {since.GetValueOrDefault(name)} | {_restrictions.GetValueOrDefault(name)} |");
        }
        text.AppendLine();
    }
}
