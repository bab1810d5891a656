using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Ntk.Core.Formats;
using Ntk.Core.Formats.Keras;
using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Tests.Formats;

/// <summary>TensorFlow.js models: those that TensorFlow.js wrote (tests/fixtures/tfjs), and a converter of other fixtures into the format.</summary>
internal static class TensorFlowJsFixture
{
    /// <summary>The path of something in tests/fixtures/tfjs.</summary>
    public static string PathOf(params string[] parts) => Repository.Fixture(["tfjs", .. parts]);

    /// <summary>The cases that TensorFlow.js wrote.</summary>
    public static IEnumerable<string> Names => Directory.GetDirectories(PathOf()).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal);

    /// <summary>What TensorFlow.js gave: tensors by name.</summary>
    public static JsonElement Reference(string name) => JsonDocument.Parse(File.ReadAllText(PathOf(name, "reference.json"))).RootElement;

    /// <summary>A tensor of a reference.</summary>
    public static NtkTensor Tensor(JsonElement tensor)
    {
        double[] values = tensor.GetProperty("values").EnumerateArray().Select(v => v.GetDouble()).ToArray();
        return GraphFixtures.Tensor(tensor.GetProperty("shape").EnumerateArray().Select(d => d.GetInt32()).ToArray(), i => (float)values[i]);
    }

    /// <summary>Writes a frozen graph as a graph-model into a folder, in shards of a size that no weight has.</summary>
    public static void Convert(GraphDef graph, string folder)
    {
        var weights = new List<NtkTensor>();
        foreach (NodeDef node in graph.Node.Where(n => n.Op == "Const"))
        {
            TensorProto value = node.Attr["value"].Tensor;
            if (TensorProtos.TypeOf(value.Dtype) is { } type and (NtkDType.Float32 or NtkDType.Int32 or NtkDType.Bool))
            {
                weights.Add(TensorProtos.ToTensor(value, node.Name));
                node.Attr["value"] = new AttrValue { Tensor = new TensorProto { Dtype = value.Dtype, TensorShape = value.TensorShape } };
            }
        }
        Write(folder, new JsonObject { ["format"] = "graph-model", ["modelTopology"] = JsonNode.Parse(JsonFormatter.Default.Format(graph)) }, weights);
    }

    /// <summary>Writes a Keras file (.h5) as a layers-model into a folder, as tensorflowjs_converter does.</summary>
    public static void Convert(string h5, string folder)
    {
        using FileStream stream = File.OpenRead(h5);
        using Hdf5File file = Hdf5File.Open(stream, h5);
        string root = file.Exists("model_weights") ? "model_weights" : "";
        var weights = new List<NtkTensor>();
        foreach (string layer in file.Texts(root, "layer_names")!)
        {
            foreach (string name in file.Texts($"{root}/{layer}", "weight_names") ?? [])
            {
                NtkTensor value = file.Read($"{root}/{layer}/{name}");
                weights.Add((value.DType == NtkDType.Int64 ? value.AsType(NtkDType.Int32) : value).WithName(name.Replace(":0", "", StringComparison.Ordinal)));
            }
        }
        var topology = new JsonObject { ["keras_version"] = file.Text("", "keras_version") ?? file.Text(root, "keras_version"), ["model_config"] = JsonNode.Parse(file.Text("", "model_config")!) };
        Write(folder, new JsonObject { ["format"] = "layers-model", ["modelTopology"] = topology }, weights);
    }

    private static void Write(string folder, JsonObject model, List<NtkTensor> weights)
    {
        const int Shard = 1001;
        Directory.CreateDirectory(folder);
        byte[] all = weights.SelectMany(w => TensorProtos.Bytes(w).ToArray()).ToArray();
        string[] paths = all.Chunk(Shard).Select((bytes, i) =>
        {
            File.WriteAllBytes(Path.Combine(folder, $"shard{i}.bin"), bytes);
            return $"shard{i}.bin";
        }).ToArray();
        model["weightsManifest"] = new JsonArray(new JsonObject
        {
            ["paths"] = new JsonArray(paths.Select(p => (JsonNode)p).ToArray()),
            ["weights"] = new JsonArray(weights.Select(w => (JsonNode)new JsonObject
            {
                ["name"] = w.Name, ["dtype"] = w.DType.ToString().ToLowerInvariant(), ["shape"] = new JsonArray(w.Shape.Select(d => (JsonNode)d).ToArray()),
            }).ToArray()),
        });
        File.WriteAllText(Path.Combine(folder, "model.json"), model.ToJsonString());
    }
}
