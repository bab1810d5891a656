using System.Collections;

namespace Ntk;

public sealed unsafe partial class NtkTensor : IEnumerable<NtkTensorRow>
{
    private string[]? _columns;

    /// <summary>Row <paramref name="index"/> of the first axis; -1 is the last.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public NtkTensorRow this[long index] => new(this, Position(index, 0, RowCount));

    /// <summary>The element of a tensor with two axes; negative indices count from the end.</summary>
    public object this[long i, long j] => Element([i, j]);

    /// <summary>The element of a tensor with three axes.</summary>
    public object this[long i, long j, long k] => Element([i, j, k]);

    /// <summary>The element of a tensor with four axes.</summary>
    public object this[long i, long j, long k, long l] => Element([i, j, k, l]);

    /// <summary>The element of a tensor with five axes.</summary>
    public object this[long i, long j, long k, long l, long m] => Element([i, j, k, l, m]);

    /// <summary>The element of a tensor with as many axes as there are indices.</summary>
    public object this[params long[] indices] => Element(indices);

    /// <summary>Rows <paramref name="start"/> … <paramref name="start"/> + <paramref name="length"/> - 1 of the first axis, without a copy; a negative start counts from the end.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many rows.</exception>
    public NtkTensor Slice(long start, long length)
    {
        if (Rank == 0)
        {
            throw new NtkException(NtkErrorId.InvalidAxis, "A scalar has no axis to slice.");
        }
        long first = start < 0 ? start + Shape[0] : start;
        if (first < 0 || length < 0 || length > Shape[0] - first)
        {
            throw new ArgumentOutOfRangeException(nameof(length), $"Rows {start} to {start + length - 1} are not all within axis 0 of {NtkShape.Format(Shape)}.");
        }
        var shape = (int[])Shape.Clone();
        shape[0] = (int)length;
        return View(Name, shape, first * RowLength);
    }

    /// <summary>The rows, light views on this tensor.</summary>
    public IEnumerator<NtkTensorRow> GetEnumerator()
    {
        ThrowIfDisposed();
        for (long row = 0; row < RowCount; row++)
        {
            yield return new NtkTensorRow(this, row);
        }
    }

    /// <summary>What a language that knows no type parameters finds for a row; the module sets PowerShell's wrapper, without which ConvertTo-Json within an object sees no columns.</summary>
    internal static Func<NtkTensorRow, object> RowFace { get; set; } = row => row;

    IEnumerator IEnumerable.GetEnumerator() => this.Select(RowFace).GetEnumerator();

    /// <summary>The names of a row's columns: <c>Value</c> for rank 1 (and a scalar), <c>0</c>, <c>1</c> … for rank 2, <c>0,0</c>, <c>0,1</c> … above.</summary>
    internal string[] Columns => _columns ??= NameColumns(Shape);

    /// <summary>Names the columns of the rows of a tensor of <paramref name="shape"/>.</summary>
    internal static string[] NameColumns(int[] shape)
    {
        if (shape.Length < 2)
        {
            return ["Value"];
        }
        var names = new string[NtkShape.Count(shape, 1)];
        var index = new int[shape.Length - 1];
        for (int column = 0; column < names.Length; column++)
        {
            names[column] = index.Length == 1 ? $"{column}" : string.Join(',', index);
            Advance(index, shape.AsSpan(1));
        }
        return names;
    }

    /// <summary>The view of row <paramref name="row"/> without its axis.</summary>
    internal NtkTensor RowView(long row) => Rank == 0 ? this : View(Name, Shape[1..], row * RowLength);

    /// <summary>The element number <paramref name="position"/> in row-major order, boxed.</summary>
    internal object ElementAt(long position)
    {
        object value = Elements.Read(Pointer, DType, position);
        GC.KeepAlive(this);
        return value;
    }

    /// <summary>Moves <paramref name="index"/> to the next position in row-major order.</summary>
    internal static void Advance(Span<int> index, ReadOnlySpan<int> shape)
    {
        for (int axis = index.Length - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--)
        {
            index[axis] = 0;
        }
    }

    /// <summary>Where an index of an axis points to, negative ones counted from the end.</summary>
    internal static long Position(long index, int axis, long size)
    {
        long position = index < 0 ? index + size : index;
        return position >= 0 && position < size ? position
            : throw new ArgumentOutOfRangeException(nameof(index), $"Index {index} is outside axis {axis}, which has {size} {(size == 1 ? "element" : "elements")}.");
    }

    /// <summary>The element of axes <paramref name="firstAxis"/> and on, from element <paramref name="origin"/>.</summary>
    internal object Element(ReadOnlySpan<long> indices, int firstAxis = 0, long origin = 0)
    {
        if (indices.Length != Rank - firstAxis)
        {
            throw new ArgumentException(
                $"{indices.Length} {(indices.Length == 1 ? "index" : "indices")} for {Rank - firstAxis} {(Rank - firstAxis == 1 ? "axis" : "axes")} of {NtkShape.Format(Shape)}.");
        }
        long position = 0;
        for (int axis = 0; axis < indices.Length; axis++)
        {
            int size = Shape[firstAxis + axis];
            position = (position * size) + Position(indices[axis], firstAxis + axis, size);
        }
        return ElementAt(origin + position);
    }
}
