using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Graphs;
using Ntk.Core.Ops.Keras;
using Ntk.Core.Ops.TensorFlow;

namespace Ntk.Core.Formats;

/// <summary>What a model uses, noted while it is imported, and what stands in the way.</summary>
internal sealed class ModelSurvey(string path)
{
    private readonly List<NtkModelPart> _parts = [];
    private readonly List<NtkModelPart> _optional = [];
    private bool _ran;

    /// <summary>One part an op or layer: first what stands in the way.</summary>
    public IReadOnlyList<NtkModelPart> Parts => _parts.Concat(_optional.Select(Judge)).OrderBy(p => p.Supported).ThenBy(p => p.Name, StringComparer.Ordinal).ToArray();

    /// <summary>Notes a graph's ops.</summary>
    public void Add(IEnumerable<UsedOp> ops)
    {
        foreach (UsedOp[] same in ops.GroupBy(o => o.Op).Select(g => g.OrderByDescending(o => o.Needed).ToArray()))
        {
            UsedOp first = same[0];
            string? reason = first.IsKnown ? null : GraphSurvey.IsPreprocessing(first.Op) ? "preprocessing of text, which has no derivative: feed the numbers that come out of it" : "the op is not supported";
            string name = first.Op == GraphNode.LoopOp ? "Enter" : first.Op;
            (first.IsKnown || first.Needed ? _parts : _optional).Add(new NtkModelPart(path, name, same.Sum(o => o.Count), first.IsKnown, reason, first.Node));
        }
    }

    /// <summary>Notes the layers that were made.</summary>
    public void Add(LayerBuilder builder) =>
        _parts.AddRange(builder.Layers.GroupBy(l => (l.Class, l.Reason)).Select(g => new NtkModelPart(path, g.Key.Class, g.Count(), g.Key.Reason is null, g.Key.Reason, g.First().Layer)));

    /// <summary>Notes why the import stopped, where no part tells it.</summary>
    public void Add(NtkException refusal)
    {
        if (_parts.Exists(p => !p.Supported))
        {
            return;
        }
        string name = refusal.Data[GraphTracer.OpKey] as string ?? refusal.Target?.ToString() ?? "model";
        int place = _parts.FindIndex(p => p.Name == name);
        if (place >= 0)
        {
            _parts[place] = _parts[place] with { Supported = false, Reason = refusal.Message };
        }
        else
        {
            _optional.RemoveAll(p => p.Name == name);
            _parts.Add(new NtkModelPart(path, name, 1, false, refusal.Message, refusal.Target?.ToString() ?? ""));
        }
    }

    /// <summary>
    /// Runs a graph over shapes alone: attributes are read only then, and conditionals decide. (Layers read their options when they are made.) Sizes that the file
    /// leaves open are guessed, so that a shape which does not fit says nothing.
    /// </summary>
    public void Try(ModelSource source, CancellationToken cancellation)
    {
        if (source is not GraphSource || !ShapeProbe.IsPossible(source))
        {
            return;
        }
        foreach (int size in ShapeProbe.Sizes(source))
        {
            try
            {
                ShapeProbe.Run(source, size, cancellation);
                _ran = true;
                return;
            }
            catch (NtkException error) when (error.ErrorId == NtkErrorId.UnsupportedModel)
            {
                Add(error);
                return;
            }
            catch (NtkException)
            {
                // Another size may fit.
            }
        }
    }

    private NtkModelPart Judge(NtkModelPart part) => _ran
        ? part with { Supported = true, Reason = $"{part.Reason}, but a condition that is never met keeps it from being run" }
        : part with { Reason = $"{part.Reason}; whether it is needed depends on a condition" };
}
