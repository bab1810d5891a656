using Ntk.Core.Formats.Graphs;
using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>An op that a graph uses.</summary>
/// <param name="Op">TensorFlow's name.</param>
/// <param name="Node">Its first node.</param>
/// <param name="Needed">Whether it is run whatever the data are; what a conditional's branch holds may never be.</param>
internal sealed record UsedOp(string Op, string Node, bool Needed)
{
    /// <summary>How many nodes there are.</summary>
    public int Count { get; set; }

    /// <summary>Whether it can be run.</summary>
    public bool IsKnown => OpTable.Find(Op) is not null;
}

/// <summary>Finds the ops that a graph uses, and those that stand in its way, before it is run.</summary>
internal static class GraphSurvey
{
    private static readonly string[] s_preprocessing = ["String", "Lookup", "HashTable", "Regex", "Decode", "Parse", "Unicode", "Ragged", "AsString", "Sentence", "Wordpiece", "Tokenize", "VocabFile"];

    /// <summary>Checks every op that the outputs need, loops' bodies included; a conditional's branches are looked at when they are taken.</summary>
    /// <exception cref="NtkException">Some are not supported: one error lists them all.</exception>
    public static void Check(FlatGraph graph, GraphFlattener functions)
    {
        UsedOp[] missing = Of(graph, functions, branches: false).Where(o => o.Needed && !o.IsKnown).ToArray();
        if (missing.Length > 0)
        {
            throw Error(missing.Select(o => (o.Op, o.Node, o.Count)).ToArray());
        }
    }

    /// <summary>Every op that the outputs need, by name; what is needed for certain apart from what a condition decides on.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="functions">Its functions.</param>
    /// <param name="branches">Whether to look into the branches of If and Case.</param>
    public static IReadOnlyList<UsedOp> Of(FlatGraph graph, GraphFlattener functions, bool branches)
    {
        var found = new Dictionary<(string, bool), UsedOp>();
        var seen = new HashSet<FlatGraph>();
        var needed = new Stack<FlatGraph>([graph]);
        var optional = new Stack<FlatGraph>();
        while (needed.Count + optional.Count > 0)
        {
            bool certain = needed.Count > 0;
            FlatGraph current = (certain ? needed : optional).Pop();
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
                bool isNeeded = certain && (!conditional[index] || node.Op == "Switch");
                if (node.Op != GraphNode.ArgumentOp)
                {
                    UsedOp used = found.TryGetValue((node.Op, isNeeded), out UsedOp? before) ? before : found[(node.Op, isNeeded)] = new UsedOp(node.Op, node.Name, isNeeded);
                    used.Count++;
                }
                Stack<FlatGraph> called = certain ? needed : optional;
                if (node.Loop is { } loop)
                {
                    called.Push(loop.Condition);
                    called.Push(loop.Body);
                }
                foreach (string function in Called(node, branches))
                {
                    (node.Op is "While" or "StatelessWhile" ? called : optional).Push(functions.Function(function));
                }
            }
        }
        return found.Values.OrderBy(o => o.Op, StringComparer.Ordinal).ToArray();
    }

    /// <summary>The error that lists ops, each with its first node and its count.</summary>
    public static NtkException Error(IReadOnlyList<(string Op, string Node, int Count)> ops)
    {
        string list = string.Join(", ", ops.Select(o => $"{o.Op} (at '{o.Node}'{(o.Count > 1 ? $", {o.Count} times" : "")})"));
        string advice = ops.Any(o => IsPreprocessing(o.Op))
            ? "Strings and tables are preprocessing, which has no derivative: feed the numbers that come out of it, cutting the graph there with -InputTensor."
            : ops.Any(o => o.Op.Contains("Random", StringComparison.Ordinal))
            ? "The graph draws random numbers whenever it runs, as Keras 3 exports layers for augmentation: cut it behind them with -InputTensor, or import the .keras file, where they pass images on as they are."
            : "Cut the graph with -OutputTensor before them or with -InputTensor behind them if the kernel does not need them.";
        return new NtkException(NtkErrorId.UnsupportedModel, $"The model uses {(ops.Count == 1 ? "an op" : $"{ops.Count} ops")} that cannot be run: {list}. {advice}")
        {
            Target = ops[0].Op,
        };
    }

    /// <summary>Whether an op belongs to the preprocessing of text.</summary>
    public static bool IsPreprocessing(string op) => Array.Exists(s_preprocessing, p => op.Contains(p, StringComparison.Ordinal));

    private static IEnumerable<string> Called(GraphNode node, bool branches)
    {
        string[] attributes = node.Op switch
        {
            "While" or "StatelessWhile" => ["cond", "body"],
            "If" or "StatelessIf" when branches => ["then_branch", "else_branch"],
            "Case" or "StatelessCase" when branches => ["branches"],
            _ => [],
        };
        foreach (AttrValue? value in attributes.Select(a => node.Attributes.GetValueOrDefault(a)))
        {
            foreach (string name in value?.List?.Func.Select(f => f.Name) ?? (value?.Func is { } one ? [one.Name] : []))
            {
                yield return name;
            }
        }
    }
}
