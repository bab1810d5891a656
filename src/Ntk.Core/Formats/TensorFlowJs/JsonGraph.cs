using System.Text.Json;
using Google.Protobuf;
using Ntk.Core.Formats.Graphs;
using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Formats.TensorFlowJs;

/// <summary>
/// A TensorFlow.js graph-model as the frozen graph that it was: the GraphDef in protobuf's JSON, its constants' contents taken from the weight shards, and the
/// signature, which TensorFlow.js keeps beside the graph.
/// </summary>
internal static class JsonGraph
{
    private const string Format = "TfjsGraphModel";

    private static readonly JsonParser s_parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    /// <summary>Reads the graph of a <c>model.json</c>.</summary>
    public static GraphSource Read(string path, JsonElement model, JsonElement topology, IReadOnlyList<StoredWeight> weights, ImportOptions options)
    {
        GraphDef graph = Parse<GraphDef>(path, topology, "modelTopology");
        if (graph.Node.Count == 0)
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' holds a graph without nodes.") { Target = path };
        }
        Fill(path, graph, weights);
        SignatureDef? signature = Signature(path, model, out string[] inputs, out string[] outputs);
        return FrozenGraphReader.Build(path, Format, graph, options, signature is null ? null : nodes => (Named(signature.Inputs, inputs, nodes), Named(signature.Outputs, outputs, nodes)));
    }

    // The file keeps constants apart from the nodes, which say only their types and shapes; those of functions go by the same names.
    private static void Fill(string path, GraphDef graph, IReadOnlyList<StoredWeight> weights)
    {
        Dictionary<string, StoredWeight> byName = weights.ToDictionary(w => w.Name);
        foreach (NodeDef node in graph.Node.Concat(graph.Library?.Function.SelectMany(f => f.NodeDef) ?? []).Where(n => n.Op == "Const"))
        {
            DataType declared = node.Attr.TryGetValue("dtype", out AttrValue? dtype) ? dtype.Type : DataType.DtInvalid;
            if (byName.TryGetValue(node.Name, out StoredWeight? weight))
            {
                node.Attr["value"] = new AttrValue { Tensor = weight.ToProto(declared) };
            }
            else if (!node.Attr.TryGetValue("value", out AttrValue? value) || value.Tensor is not { } tensor || IsEmpty(tensor))
            {
                throw new NtkException(NtkErrorId.VariablesMissing, $"'{path}' lists no weight of the constant '{node.Name}'.") { Target = node.Name };
            }
        }
    }

    private static bool IsEmpty(TensorProto tensor) => tensor.CalculateSize() == new TensorProto { Dtype = tensor.Dtype, TensorShape = tensor.TensorShape }.CalculateSize() &&
        tensor.TensorShape?.Dim.Any(d => d.Size == 0) != true;

    // In the order that TensorFlow.js gives and takes them.
    private static SignatureDef? Signature(string path, JsonElement model, out string[] inputs, out string[] outputs)
    {
        JsonElement? found = TensorFlowJsReader.Member(model, "signature");
        if (found is null && TensorFlowJsReader.Member(model, "userDefinedMetadata") is { } metadata)
        {
            found = TensorFlowJsReader.Member(metadata, "signature");
        }
        string[] Names(string side) => found is { } f && TensorFlowJsReader.Member(f, side) is { } named ? named.EnumerateObject().Select(p => p.Name).ToArray() : [];
        (inputs, outputs) = (Names("inputs"), Names("outputs"));
        return found is { } signature ? Parse<SignatureDef>(path, signature, "signature") : null;
    }

    // TensorFlow.js passes over what a signature names and the graph has not.
    private static NamedTensor[] Named(IDictionary<string, TensorInfo> tensors, string[] order, IReadOnlyList<GraphNode> nodes)
    {
        var byName = new Dictionary<string, int>();
        for (int i = 0; i < nodes.Count; i++)
        {
            byName.TryAdd(nodes[i].Name, i);
        }
        var named = new List<NamedTensor>();
        foreach (string key in order)
        {
            TensorInfo info = tensors[key];
            string tensor = info.Name.Length > 0 ? info.Name : key;
            InputName at = InputName.Parse(tensor);
            if (byName.TryGetValue(at.Node, out int node))
            {
                NtkTensorSpec own = GraphSourceBuilder.Describe(nodes, new TensorRef(node, at.Index), tensor);
                int[]? stated = TensorProtos.Shape(info.TensorShape);
                // TensorFlow.js holds an input to its placeholder's sizes; the signature may state those of one call.
                int[]? shape = nodes[node].Op == "Placeholder" ? own.Shape ?? stated : stated ?? own.Shape;
                named.Add(new NamedTensor(new NtkTensorSpec(GraphSourceBuilder.Bare(key), shape, TensorProtos.TypeOf(info.Dtype) ?? own.DType), tensor));
            }
        }
        return named.ToArray();
    }

    private static T Parse<T>(string path, JsonElement json, string what) where T : IMessage<T>, new()
    {
        try
        {
            return s_parser.Parse<T>(json.GetRawText());
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or FormatException or OverflowException)
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' is damaged: its {what} is not as TensorFlow.js writes it: {error.Message.TrimEnd('.')}.", error) { Target = path };
        }
    }
}
