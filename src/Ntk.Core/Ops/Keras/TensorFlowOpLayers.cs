using System.Text.Json;
using Google.Protobuf;
using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Graphs;
using Ntk.Core.Formats.Protos;
using Ntk.Core.Ops.TensorFlow;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.Keras;

/// <summary>Single ops between the layers, as TensorFlow 2.0 to 2.3 writes them: the op's node, and those of its operands that are constants.</summary>
internal static class TensorFlowOpLayers
{
    private static readonly JsonParser s_parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = new() { ["TensorFlowOpLayer"] = Build };

    private static void Build(KerasLayer layer, LayerConfig c)
    {
        NodeDef definition = Parse(c.Find("node_def"));
        OpDefinition op = OpTable.Find(definition.Op) ?? throw new ShapeException($"the op {definition.Op} is not supported");
        (int Place, JsonElement Value)[] constants = c.Find("constants") is { ValueKind: JsonValueKind.Object } given
            ? given.EnumerateObject().Select(p => (int.Parse(p.Name, System.Globalization.CultureInfo.InvariantCulture), p.Value)).OrderBy(p => p.Item1).ToArray() : [];
        var node = new GraphNode(definition.Name, definition.Op, definition.Attr);
        var graph = new FlatGraph([node], [], []);
        layer.Body = call =>
        {
            List<object> operands = call.Inputs.Select(i => (object)i.Value).ToList();
            foreach ((int place, JsonElement value) in constants)
            {
                operands.Insert(Math.Min(place, operands.Count), call.Trace.Constant(Constant(value, call.Trace.FloatType)));
            }
            var tracer = new GraphTracer(call.Trace, new GraphFlattener(null), _ => throw new ShapeException("an op between layers has no variables"));
            try
            {
                var context = new OpContext(tracer, graph, node, operands.ToArray());
                object[] outputs = op.Run(context).Outputs;
                context.CheckAttributes();
                return outputs.Select(o => new Flow(o as Value ?? throw new ShapeException($"{definition.Op} does not give a tensor"))).ToArray();
            }
            catch (InvalidDataException error)
            {
                throw new ShapeException(error.Message);
            }
        };
    }

    private static NodeDef Parse(JsonElement? json)
    {
        try
        {
            return json is { ValueKind: JsonValueKind.Object } found ? s_parser.Parse<NodeDef>(found.GetRawText()) : throw new ShapeException("its node is not in the file as JSON");
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new ShapeException($"its node is damaged: {error.Message}");
        }
    }

    // Python's numbers: what is written with a point is a float, nested lists are axes.
    private static Tensor Constant(JsonElement value, ScalarType floats)
    {
        ScalarType type = Leaves(value).Select(leaf => leaf.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False => ScalarType.Bool,
            JsonValueKind.Number when leaf.GetRawText().AsSpan().IndexOfAny(".eE") < 0 => ScalarType.Int32,
            _ => floats,
        }).DefaultIfEmpty(floats).Aggregate(OperationArguments.Common);
        using Tensor flat = tensor(JsonTree.Numbers(value).ToArray(), ScalarType.Float64), shaped = flat.reshape(JsonTree.Shape(value));
        return shaped.to(type);
    }

    private static IEnumerable<JsonElement> Leaves(JsonElement value) => value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().SelectMany(Leaves) : [value];
}
