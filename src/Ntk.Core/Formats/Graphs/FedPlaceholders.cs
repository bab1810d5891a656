using Google.Protobuf;
using Ntk.Core.Formats.Protos;
using Ntk.Core.Tensors;

namespace Ntk.Core.Formats.Graphs;

/// <summary>Placeholders that are no data (keep_prob of a dropout, is_training): TensorFlow's feed_dict, given once and for all.</summary>
internal static class FedPlaceholders
{
    /// <summary>The op of a placeholder that need not be fed.</summary>
    public const string WithDefault = "PlaceholderWithDefault";

    /// <summary>The attribute of a constant that was a placeholder, and is no parameter.</summary>
    public const string Mark = "_fed";

    /// <summary>Whether an op is a placeholder that must be fed.</summary>
    public static bool IsOpen(string op) => op is "Placeholder" or "PlaceholderV2";

    /// <summary>Makes constants of the placeholders that values are given for; gives the inputs that are left. A scalar with a default takes that.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="graph">The graph, which is changed.</param>
    /// <param name="inputs">The inputs that the file names.</param>
    /// <param name="feeds">Values, by the names of nodes or inputs.</param>
    /// <exception cref="NtkException">A name that is no placeholder, or a value that does not fit it.</exception>
    public static IReadOnlyList<NamedTensor> Feed(string path, GraphDef graph, IReadOnlyList<NamedTensor> inputs, IReadOnlyDictionary<string, NtkTensor> feeds)
    {
        Dictionary<string, NodeDef> placeholders = graph.Node.Where(n => IsOpen(n.Op) || n.Op == WithDefault).GroupBy(n => n.Name).ToDictionary(g => g.Key, g => g.First());
        static string NodeOf(NamedTensor input) => InputName.Parse(input.Tensor).Node;
        var fed = new HashSet<string>();
        foreach ((string given, NtkTensor value) in feeds)
        {
            string name = GraphSourceBuilder.Bare(given);
            string node = placeholders.ContainsKey(name) ? name : inputs.FirstOrDefault(i => i.Spec.Name == name) is { } input ? NodeOf(input) : name;
            if (!placeholders.TryGetValue(node, out NodeDef? placeholder))
            {
                string list = string.Join(", ", placeholders.Values.Select(p => Describe(p, Spec(p))));
                throw new NtkException(NtkErrorId.TensorNotFound, $"-Feed: '{path}' has no placeholder '{given}'; {(list.Length == 0 ? "it has none" : $"it has {list}")}.") { Target = given };
            }
            if (!fed.Add(node))
            {
                throw new NtkException(NtkErrorId.InvalidArgument, $"-Feed has two values for the placeholder '{node}'.") { Target = given };
            }
            MakeConstant(placeholder, Fit(placeholder, value, path));
        }
        return inputs.Where(i => !fed.Contains(NodeOf(i)) && !(placeholders.TryGetValue(NodeOf(i), out NodeDef? own) && own.Op == WithDefault && Spec(own).Shape is [])).ToArray();
    }

    private static NtkTensor Fit(NodeDef placeholder, NtkTensor value, string path)
    {
        NtkTensorSpec spec = Spec(placeholder);
        bool fits = spec.Shape is not { } shape || (shape.Length == value.Rank && shape.Zip(value.Shape, (a, b) => a < 0 || a == b).All(a => a));
        if (!fits)
        {
            throw new NtkException(NtkErrorId.ShapeMismatch,
                $"-Feed: the value for {Describe(placeholder, spec)} of '{path}' has the shape {NtkShape.Format(value.Shape)}. (? is any size.)") { Target = placeholder.Name };
        }
        return LosslessCast.To(value, spec.DType, $"-Feed['{placeholder.Name}']");
    }

    private static void MakeConstant(NodeDef placeholder, NtkTensor value)
    {
        DataType type = placeholder.Attr["dtype"].Type;
        var proto = new TensorProto { Dtype = type, TensorShape = new TensorShapeProto(), TensorContent = ByteString.CopyFrom(TensorProtos.Bytes(value)) };
        proto.TensorShape.Dim.AddRange(value.Shape.Select(d => new TensorShapeProto.Types.Dim { Size = d }));
        GC.KeepAlive(value);
        placeholder.Op = "Const";
        placeholder.Input.Clear();
        placeholder.Attr.Clear();
        placeholder.Attr["dtype"] = new AttrValue { Type = type };
        placeholder.Attr["value"] = new AttrValue { Tensor = proto };
        placeholder.Attr[Mark] = new AttrValue { B = true };
    }

    private static NtkTensorSpec Spec(NodeDef placeholder) =>
        GraphSourceBuilder.Describe([new GraphNode(placeholder.Name, placeholder.Op, placeholder.Attr)], new TensorRef(0, 0), placeholder.Name);

    private static string Describe(NodeDef placeholder, NtkTensorSpec spec) =>
        $"'{placeholder.Name}' {(spec.Shape is null ? "(any shape)" : NtkShape.Format(spec.Shape))} {spec.DType}{(placeholder.Op == WithDefault ? " with a default" : "")}";
}
