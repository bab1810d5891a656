using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Formats.Graphs;

/// <summary>Reads SavedModels of TF 1 and TF 2, whoever wrote them.</summary>
internal static class SavedModelReader
{
    internal const string FileName = "saved_model.pb";
    internal const string DefaultSignature = "serving_default";
    private const string InitSignature = "__saved_model_init_op";
    private const string ServingTag = "serve";

    /// <summary>Reads the SavedModel in a folder.</summary>
    public static GraphSource Read(string folder, ImportOptions options)
    {
        string path = Path.Combine(folder, FileName);
        SavedModel file = TensorProtos.Parse(SavedModel.Parser, File.ReadAllBytes(path), path, "SavedModel");
        MetaGraphDef meta = ServingGraph(file) ?? throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' holds no graph.") { Target = path };
        if (meta.GraphDef is null)
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' holds no graph.") { Target = path };
        }
        SignatureDef? signature = Signature(meta, path, options);
        var inputs = (signature?.Inputs ?? []).OrderBy(i => i.Key, StringComparer.Ordinal).Select(i => Named(i.Key, i.Value, path)).ToArray();
        var outputs = options.OutputTensors.Count > 0 || signature is null ? []
            : signature.Outputs.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => Named(o.Key, o.Value, path)).ToArray();
        return new GraphSourceBuilder(path, "SavedModel", meta.GraphDef, options, CustomGradient.Of(meta)).Build(inputs, outputs,
            (graph, _) => new SavedModelVariables(folder, meta).Bind(graph));
    }

    /// <summary>The graph that answers requests, where a file holds one for training too.</summary>
    internal static MetaGraphDef? ServingGraph(SavedModel file) =>
        file.MetaGraphs.FirstOrDefault(m => m.MetaInfoDef?.Tags.Contains(ServingTag) == true) ?? file.MetaGraphs.FirstOrDefault();

    /// <summary>Whether a signature computes something, rather than initialising the model.</summary>
    internal static bool IsSignature(string name, SignatureDef signature) => name != InitSignature && signature.Outputs.Count > 0;

    // The one asked for, the default, or the only one; none is needed where the graph is cut at named tensors.
    private static SignatureDef? Signature(MetaGraphDef meta, string path, ImportOptions options)
    {
        string[] names = meta.SignatureDef.Where(s => IsSignature(s.Key, s.Value)).Select(s => s.Key).Order(StringComparer.Ordinal).ToArray();
        if (options.Signature is { } asked)
        {
            return names.Contains(asked) ? meta.SignatureDef[asked]
                : throw new NtkException(NtkErrorId.SignatureNotFound, $"'{path}' has no signature '{asked}'; it has {List(names)}.") { Target = asked };
        }
        if (names.Contains(DefaultSignature) || names.Length == 1)
        {
            return meta.SignatureDef[names.Length == 1 ? names[0] : DefaultSignature];
        }
        return options.OutputTensors.Count > 0 ? null : throw new NtkException(NtkErrorId.SignatureNotFound, names.Length == 0
            ? $"'{path}' has no signature: name tensors with -InputTensor and -OutputTensor."
            : $"'{path}' has no signature '{DefaultSignature}' but {List(names)}: choose one with -Signature.") { Target = path };
    }

    private static string List(string[] names) => names.Length == 0 ? "none" : string.Join(", ", names.Select(n => $"'{n}'"));

    private static NamedTensor Named(string name, TensorInfo info, string path)
    {
        NtkDType type = TensorProtos.TypeOf(info.Dtype)
            ?? throw new NtkException(NtkErrorId.UnsupportedModel, $"'{name}' of '{path}' has the type {info.Dtype}, which holds no numbers.") { Target = name };
        return info.EncodingCase == TensorInfo.EncodingOneofCase.Name && info.Name.Length > 0
            ? new NamedTensor(new NtkTensorSpec(name, TensorProtos.Shape(info.TensorShape), type), info.Name)
            : throw new NtkException(NtkErrorId.UnsupportedModel, $"'{name}' of '{path}' is a sparse or composite tensor: name dense ones with -InputTensor and -OutputTensor.") { Target = name };
    }
}
