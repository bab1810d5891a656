namespace Ntk;

/// <summary>Puts rows that came one by one together again: one tensor for each tensor that they are rows of, rows in the order in which they came.</summary>
internal sealed unsafe class NtkTensorAssembler
{
    private readonly Dictionary<NtkTensor, List<Run>> _sources = new(ReferenceEqualityComparer.Instance);
    private readonly List<(NtkTensor Source, List<Run> Runs)> _order = [];

    /// <summary>Whether nothing was added.</summary>
    public bool IsEmpty => _order.Count == 0;

    /// <summary>Takes one row. Only its place is kept: rows that follow one another are one run.</summary>
    public void Add(NtkTensorRow row)
    {
        if (!_sources.TryGetValue(row.Source, out List<Run>? runs))
        {
            _sources.Add(row.Source, runs = []);
            _order.Add((row.Source, runs));
        }
        if (runs.Count > 0 && runs[^1] is var last && last.Start + last.Length == row.Index)
        {
            runs[^1] = last with { Length = last.Length + 1 };
        }
        else
        {
            runs.Add(new Run(row.Index, 1));
        }
    }

    /// <summary>Takes a tensor whole: one of its own, even where it is given twice.</summary>
    public void Add(NtkTensor tensor) => _order.Add((tensor, [new Run(0, tensor.RowCount)]));

    /// <summary>The tensors, in the order of their first rows. One whose rows came complete is the tensor itself, rows in sequence are a view, others a copy.</summary>
    public IReadOnlyList<NtkTensor> Complete() => _order.ConvertAll(each => Join(each.Source, each.Runs));

    private static NtkTensor Join(NtkTensor source, List<Run> runs)
    {
        if (runs is [var run])
        {
            return run.Length == source.RowCount ? source : source.Slice(run.Start, run.Length);
        }
        int[] shape = [checked((int)runs.Sum(r => r.Length)), .. source.Shape.AsSpan(Math.Min(1, source.Rank))];
        NtkTensor result = NtkTensor.Allocate(source.DType, shape, source.Name);
        result.Origin = source.Origin;
        long rowBytes = source.RowLength * source.DType.Size();
        byte* target = result.Pointer;
        foreach (Run part in runs)
        {
            long bytes = part.Length * rowBytes;
            Buffer.MemoryCopy(source.Pointer + (part.Start * rowBytes), target, bytes, bytes);
            target += bytes;
        }
        GC.KeepAlive(source);
        GC.KeepAlive(result);
        return result;
    }

    private readonly record struct Run(long Start, long Length);
}
