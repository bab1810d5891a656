using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Formats.Graphs;

/// <summary>Reads SavedModels of TF 1 and TF 2, whoever wrote them.</summary>
internal static class SavedModelReader
{
    internal const string FileName = "saved_model.pb", TextFileName = "saved_model.pbtxt";
    internal const string DefaultSignature = "serving_default";
    private const string InitSignature = "__saved_model_init_op";
    private const string ServingTag = "serve";
    private const int MostListed = 12;

    /// <summary>Reads the SavedModel in a folder.</summary>
    public static GraphSource Read(string folder, ImportOptions options)
    {
        string path = FileIn(folder) ?? Path.Combine(folder, FileName);
        SavedModel file = TensorProtos.Read(SavedModel.Parser, path, "SavedModel");
        MetaGraphDef meta = ServingGraph(file) ?? throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' holds no graph.") { Target = path };
        if (meta.GraphDef is null)
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' holds no graph.") { Target = path };
        }
        // An import by signature need not walk the saved objects.
        var functions = new Lazy<SavedFunctions>(() => new SavedFunctions(meta.ObjectGraphDef));
        (SignatureDef? signature, string? function) = Choose(meta, functions, path, options);
        try
        {
            FunctionCall call = function is not null ? functions.Value.Call(function, meta.GraphDef, path) : new FunctionCall(meta.GraphDef,
                Named(signature?.Inputs, path), options.OutputTensors.Count > 0 ? [] : Named(signature?.Outputs, path), new Dictionary<string, int>());
            return new GraphSourceBuilder(path, "SavedModel", call.Graph, options, CustomGradient.Of(meta)).Build(call.Inputs, call.Outputs,
                (graph, _) => new SavedModelVariables(folder, meta).Bind(graph, call.Variables));
        }
        catch (InvalidDataException error)
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' holds a damaged graph: {error.Message}.", error) { Target = path };
        }
    }

    /// <summary>The file of a SavedModel's folder, in binary or text form; null for none.</summary>
    internal static string? FileIn(string folder) => new[] { FileName, TextFileName }.Select(n => Path.Combine(folder, n)).FirstOrDefault(File.Exists);

    /// <summary>The graph that answers requests, where a file holds one for training too.</summary>
    internal static MetaGraphDef? ServingGraph(SavedModel file) =>
        file.MetaGraphs.FirstOrDefault(m => m.MetaInfoDef?.Tags.Contains(ServingTag) == true) ?? file.MetaGraphs.FirstOrDefault();

    /// <summary>Whether a signature computes something, rather than initialising the model.</summary>
    internal static bool IsSignature(string name, SignatureDef signature) => name != InitSignature && signature.Outputs.Count > 0;

    // The one asked for, the default, or the only one; none is needed where the graph is cut at named tensors. Where none is exported, a function.
    private static (SignatureDef? Signature, string? Function) Choose(MetaGraphDef meta, Lazy<SavedFunctions> saved, string path, ImportOptions options)
    {
        string[] names = meta.SignatureDef.Where(s => IsSignature(s.Key, s.Value)).Select(s => s.Key).Order(StringComparer.Ordinal).ToArray();
        if (options.Signature is { } asked)
        {
            if (names.Contains(asked))
            {
                return (meta.SignatureDef[asked], null);
            }
            IReadOnlyList<string> known = saved.Value.Names;
            return known.Contains(asked) ? (null, asked)
                : throw new NtkException(NtkErrorId.SignatureNotFound, $"'{path}' has no signature '{asked}'; it has {List(names)}{(known.Count == 0 ? "" : $", and the functions {List(known)}")}.") { Target = asked };
        }
        if (names.Contains(DefaultSignature) || names.Length == 1)
        {
            return (meta.SignatureDef[names.Length == 1 ? names[0] : DefaultSignature], null);
        }
        if (options.OutputTensors.Count > 0)
        {
            return (null, null);
        }
        IReadOnlyList<string> functions = saved.Value.Names;
        if (names.Length == 0 && (functions.Count == 1 ? functions[0] : functions.FirstOrDefault(f => f == SavedFunctions.Main)) is { } function)
        {
            return (null, function);
        }
        throw new NtkException(NtkErrorId.SignatureNotFound, names.Length > 0 ? $"'{path}' has no signature '{DefaultSignature}' but {List(names)}: choose one with -Signature."
            : functions.Count > 0 ? $"'{path}' has no signature, but the functions {List(functions)}: choose one with -Signature."
            : $"'{path}' has no signature: name tensors with -InputTensor and -OutputTensor.") { Target = path };
    }

    private static string List(IReadOnlyCollection<string> names) => names.Count == 0 ? "none"
        : string.Join(", ", names.Take(MostListed).Select(n => $"'{n}'")) + (names.Count > MostListed ? $" and {names.Count - MostListed} others" : "");

    private static NamedTensor[] Named(IEnumerable<KeyValuePair<string, TensorInfo>>? tensors, string path) =>
        [.. (tensors ?? []).OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => Named(t.Key, t.Value, path))];

    private static NamedTensor Named(string name, TensorInfo info, string path)
    {
        NtkDType type = TensorProtos.TypeOf(info.Dtype)
            ?? throw new NtkException(NtkErrorId.UnsupportedModel, $"'{name}' of '{path}' has the type {info.Dtype}, which holds no numbers.") { Target = name };
        return info.EncodingCase == TensorInfo.EncodingOneofCase.Name && info.Name.Length > 0
            ? new NamedTensor(new NtkTensorSpec(name, TensorProtos.Shape(info.TensorShape), type), info.Name)
            : throw new NtkException(NtkErrorId.UnsupportedModel, $"'{name}' of '{path}' is a sparse or composite tensor: name dense ones with -InputTensor and -OutputTensor.") { Target = name };
    }
}
