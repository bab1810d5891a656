using Ntk.Core.Formats.Graphs;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Finds what stands in a graph's way before it is run.</summary>
internal static class UnsupportedOps
{
    private static readonly string[] s_preprocessing = ["String", "Lookup", "HashTable", "Regex", "Decode", "Parse", "Unicode", "Ragged", "AsString", "Sentence", "Wordpiece", "Tokenize", "VocabFile"];

    /// <summary>Checks every op that the outputs need, loops' bodies included; a conditional's branches are looked at when they are taken.</summary>
    /// <exception cref="NtkException">Some are not supported: one error lists them all.</exception>
    public static void Check(FlatGraph graph, GraphFlattener functions)
    {
        var found = new Dictionary<string, (string Node, int Count)>();
        var seen = new HashSet<FlatGraph>();
        var pending = new Stack<FlatGraph>([graph]);
        while (pending.Count > 0)
        {
            FlatGraph current = pending.Pop();
            if (!seen.Add(current))
            {
                continue;
            }
            var conditional = new bool[current.Nodes.Count];
            foreach (int index in current.Order)
            {
                GraphNode node = current.Nodes[index];
                // Behind a TF 1 Switch a node may never be alive.
                conditional[index] = node.Op == "Switch" || (node.Op != "Merge" && (node.Inputs.Any(t => conditional[t.Node]) || node.Controls.Any(c => conditional[c])));
                if (node.Op != GraphNode.ArgumentOp && OpTable.Find(node.Op) is null && !conditional[index])
                {
                    found[node.Op] = found.TryGetValue(node.Op, out var before) ? (before.Node, before.Count + 1) : (node.Name, 1);
                }
                if (node.Loop is { } loop)
                {
                    pending.Push(loop.Condition);
                    pending.Push(loop.Body);
                }
                if (node.Op is "While" or "StatelessWhile")
                {
                    foreach (string function in new[] { "cond", "body" })
                    {
                        if (node.Attributes.TryGetValue(function, out var value) && value.Func is not null)
                        {
                            pending.Push(functions.Function(value.Func.Name));
                        }
                    }
                }
            }
        }
        if (found.Count > 0)
        {
            throw Error(found.Select(f => (f.Key, f.Value.Node, f.Value.Count)).OrderBy(f => f.Key, StringComparer.Ordinal).ToArray());
        }
    }

    /// <summary>The error that lists ops, each with its first node and its count.</summary>
    public static NtkException Error(IReadOnlyList<(string Op, string Node, int Count)> ops)
    {
        string list = string.Join(", ", ops.Select(o => $"{o.Op} (at '{o.Node}'{(o.Count > 1 ? $", {o.Count} times" : "")})"));
        bool preprocessing = ops.Any(o => s_preprocessing.Any(p => o.Op.Contains(p, StringComparison.Ordinal)));
        string advice = preprocessing
            ? "Strings and tables are preprocessing, which has no derivative: feed the numbers that come out of it, cutting the graph there with -InputTensor."
            : "Cut the graph with -OutputTensor before them or with -InputTensor behind them if the kernel does not need them.";
        return new NtkException(NtkErrorId.UnsupportedModel, $"The model uses {(ops.Count == 1 ? "an op" : $"{ops.Count} ops")} that cannot be run: {list}. {advice}")
        {
            Target = ops[0].Op,
        };
    }
}
