namespace Ntk;

/// <summary>A dense tensor in row-major order. One object when assigned, its rows when enumerated or piped.</summary>
public sealed unsafe partial class NtkTensor : IDisposable
{
    private readonly TensorBuffer _buffer;
    private readonly long _offset;
    private int _disposed;

    /// <summary>A view of <paramref name="buffer"/> from byte <paramref name="offset"/> on.</summary>
    internal NtkTensor(string? name, NtkDType dtype, int[] shape, TensorBuffer buffer, long offset = 0)
    {
        Name = name;
        DType = dtype;
        Shape = shape;
        _buffer = buffer;
        _offset = offset;
        Count = NtkShape.Count(shape);
        buffer.Share();
    }

    /// <summary>What the tensor is: an output's, a parameter's or a file entry's name.</summary>
    public string? Name { get; }

    /// <summary>The model that it is a kernel or output of, where it was computed in this session; a picture's title says it.</summary>
    internal string? Origin { get; set; }

    /// <summary>The sizes of the axes.</summary>
    public int[] Shape { get; }

    /// <summary>The number of axes.</summary>
    public int Rank => Shape.Length;

    /// <summary>The number of elements.</summary>
    public long Count { get; }

    /// <summary>The element type.</summary>
    public NtkDType DType { get; }

    /// <summary>Whether the elements are gone.</summary>
    internal bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    /// <summary>Bytes of the elements.</summary>
    internal long ByteCount => Count * DType.Size();

    /// <summary>The number of rows: the size of the first axis, 1 for a scalar.</summary>
    internal long RowCount => Shape.Length == 0 ? 1 : Shape[0];

    /// <summary>The number of elements in a row.</summary>
    internal long RowLength => NtkShape.Count(Shape, 1);

    /// <summary>The address of the first element; the tensor must be kept alive (<see cref="GC.KeepAlive"/>) while it is used.</summary>
    internal byte* Pointer
    {
        get
        {
            ThrowIfDisposed();
            return _buffer.Pointer + _offset;
        }
    }

    /// <summary>A zeroed tensor.</summary>
    internal static NtkTensor Allocate(NtkDType dtype, int[] shape, string? name = null) =>
        new(name, dtype, shape, TensorBuffer.Allocate(checked(NtkShape.Count(shape) * dtype.Size())));

    /// <summary>The same elements under another name, without a copy.</summary>
    public NtkTensor WithName(string? name) => View(name, Shape, 0);

    /// <summary>Releases this tensor; its memory goes when every view of it is released.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _buffer.Release();
        }
    }

    private NtkTensor View(string? name, int[] shape, long firstElement)
    {
        ThrowIfDisposed();
        return new NtkTensor(name, DType, shape, _buffer, _offset + (firstElement * DType.Size())) { Origin = Origin };
    }

    private void ThrowIfDisposed()
    {
        if (IsDisposed)
        {
            throw new ObjectDisposedException(nameof(NtkTensor),
                $"The tensor {(Name is null ? "" : $"'{Name}' ")}{NtkShape.Format(Shape)} was disposed; its elements are gone.");
        }
    }
}
