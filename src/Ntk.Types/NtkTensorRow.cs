namespace Ntk;

/// <summary>
/// One index of a tensor's first axis: a light view that keeps its tensor alive. In PowerShell its elements are properties: <c>Value</c>, or <c>0</c>, <c>1</c> …,
/// or <c>0,0</c>, <c>0,1</c> …; a row of a single element also stands for its number.
/// </summary>
/// <remarks>Public .NET properties would show beside the columns, so there are none.</remarks>
public sealed partial class NtkTensorRow
{
    internal NtkTensorRow(NtkTensor source, long index)
    {
        Source = source;
        Index = index;
    }

    /// <summary>The tensor that this is a row of.</summary>
    internal NtkTensor Source { get; }

    /// <summary>Which row of <see cref="Source"/>.</summary>
    internal long Index { get; }

    /// <summary>The number of columns.</summary>
    internal long Length => Source.RowLength;

    /// <summary>The element of a row with one axis; a negative index counts from the end.</summary>
    public object this[long i] => Source.Element([i], 1, Index * Length);

    /// <summary>The element of a row with two axes.</summary>
    public object this[long i, long j] => Source.Element([i, j], 1, Index * Length);

    /// <summary>The element of a row with three axes.</summary>
    public object this[long i, long j, long k] => Source.Element([i, j, k], 1, Index * Length);

    /// <summary>The element of a row with as many axes as there are indices.</summary>
    public object this[params long[] indices] => Source.Element(indices, 1, Index * Length);

    /// <summary>The tensor that this is a row of.</summary>
    public NtkTensor GetTensor() => Source;

    /// <summary>Which row of its tensor this is.</summary>
    public long GetIndex() => Index;

    /// <summary>The row as a tensor without the first axis, without a copy.</summary>
    public NtkTensor ToTensor() => Source.RowView(Index);

    /// <summary>The elements as a .NET array of the row's rank.</summary>
    public Array ToArray() => ToTensor().ToArray();

    /// <summary>The elements in row-major order.</summary>
    public Array ToFlatArray() => ToTensor().ToFlatArray();

    /// <summary>The element in column <paramref name="column"/>, boxed.</summary>
    internal object ColumnValue(long column) => Source.ElementAt((Index * Length) + column);
}
