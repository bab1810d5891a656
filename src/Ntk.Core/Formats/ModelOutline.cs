using Ntk.Core.Formats.Graphs;
using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Formats;

/// <summary>The names in a graph's file, for those who have yet to choose among them: nothing is bound, checked or loaded.</summary>
public static class ModelOutline
{
    /// <summary>The signatures of a SavedModel, in order, or where it exports none its functions; none for other files. The graph is skipped over.</summary>
    /// <param name="path">The folder, or the .pb in it.</param>
    public static IReadOnlyList<string> Signatures(string path) => Read(path) is { } outline ? Signatures(outline) : [];

    /// <summary>The inputs of a signature or function (of the default one, or the only one, where it is null), in order.</summary>
    /// <param name="path">The folder, or the .pb in it.</param>
    /// <param name="signature">The signature's name.</param>
    public static IReadOnlyList<string> Inputs(string path, string? signature)
    {
        if (Read(path) is not { } outline)
        {
            return [];
        }
        IReadOnlyList<string> names = Signatures(outline);
        string? chosen = signature ?? (names.Count == 1 ? names[0] : names.FirstOrDefault(n => n is SavedModelReader.DefaultSignature or SavedFunctions.Main));
        return chosen is null ? [] : outline.SignatureDef.TryGetValue(chosen, out SignatureDef? found) ? [.. found.Inputs.Keys.Order(StringComparer.Ordinal)]
            : new SavedFunctions(outline.ObjectGraphDef).InputsOf(chosen);
    }

    /// <summary>The nodes of a SavedModel's or a frozen graph, those of called functions behind the calls' names: what a graph can be cut at.</summary>
    /// <param name="path">The folder, or a .pb.</param>
    public static IReadOnlyList<string> Nodes(string path)
    {
        string file = FileOf(path);
        if (!TextProtos.IsText(file) && !file.EndsWith(".pb", StringComparison.OrdinalIgnoreCase))
        {
            return [];
        }
        GraphDef? graph = IsSavedModel(file) ? SavedModelReader.ServingGraph(TensorProtos.Read(SavedModel.Parser, file, "SavedModel"))?.GraphDef : TensorProtos.Read(GraphDef.Parser, file, "GraphDef");
        return graph is null ? [] : [.. new GraphFlattener(graph.Library, null).Flatten(graph, null).Nodes.Select(n => n.Name)];
    }

    private static IReadOnlyList<string> Signatures(MetaGraphOutline outline)
    {
        string[] names = [.. outline.SignatureDef.Where(s => SavedModelReader.IsSignature(s.Key, s.Value)).Select(s => s.Key).Order(StringComparer.Ordinal)];
        return names.Length > 0 ? names : new SavedFunctions(outline.ObjectGraphDef).Names;
    }

    private static MetaGraphOutline? Read(string path)
    {
        string file = FileOf(path);
        if (!IsSavedModel(file))
        {
            return null;
        }
        // The first graph with signatures is the one that serves, in every file that has several.
        var graphs = TensorProtos.Read(SavedModelOutline.Parser.WithDiscardUnknownFields(true), file, "SavedModel").MetaGraphs;
        return graphs.FirstOrDefault(m => m.SignatureDef.Count > 0) ?? graphs.FirstOrDefault();
    }

    private static bool IsSavedModel(string file) => Path.GetFileName(file) is SavedModelReader.FileName or SavedModelReader.TextFileName;

    /// <summary>The file that says what a model is: of a SavedModel's folder the one in it.</summary>
    /// <param name="path">A folder or file.</param>
    public static string FileOf(string path) => Directory.Exists(path) ? SavedModelReader.FileIn(path) ?? path : path;
}
