namespace Ntk;

/// <summary>Puts rows that came one by one together again: one tensor for each tensor that they are rows of, rows in the order in which they came.</summary>
internal sealed unsafe class NtkTensorAssembler
{
    private readonly Dictionary<NtkTensor, List<Run>> _sources = new(ReferenceEqualityComparer.Instance);
    private readonly List<NtkTensor> _order = [];

    /// <summary>Whether nothing was added.</summary>
    public bool IsEmpty => _order.Count == 0;

    /// <summary>Takes one row. Only its place is kept: rows that follow one another are one run.</summary>
    public void Add(NtkTensorRow row) => Add(row.Source, row.Index, 1);

    /// <summary>Takes every row of a tensor.</summary>
    public void Add(NtkTensor tensor) => Add(tensor, 0, tensor.RowCount);

    /// <summary>The tensors, in the order of their first rows. One whose rows came complete is the tensor itself, rows in sequence are a view, others a copy.</summary>
    public IReadOnlyList<NtkTensor> Complete() => _order.ConvertAll(source => Join(source, _sources[source]));

    private void Add(NtkTensor source, long start, long length)
    {
        if (!_sources.TryGetValue(source, out List<Run>? runs))
        {
            _sources.Add(source, runs = []);
            _order.Add(source);
        }
        if (runs.Count > 0 && runs[^1] is var last && last.Start + last.Length == start)
        {
            runs[^1] = last with { Length = last.Length + length };
        }
        else
        {
            runs.Add(new Run(start, length));
        }
    }

    private static NtkTensor Join(NtkTensor source, List<Run> runs)
    {
        if (runs is [var run])
        {
            return run.Length == source.RowCount ? source : source.Slice(run.Start, run.Length);
        }
        int[] shape = [checked((int)runs.Sum(r => r.Length)), .. source.Shape.AsSpan(Math.Min(1, source.Rank))];
        NtkTensor result = NtkTensor.Allocate(source.DType, shape, source.Name);
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
