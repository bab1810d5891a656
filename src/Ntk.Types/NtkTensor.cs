namespace Ntk;

/// <summary>A dense tensor in row-major order.</summary>
public sealed unsafe partial class NtkTensor : IDisposable
{
    private readonly TensorBuffer _buffer;
    private readonly long _offset;

    /// <summary>A view of <paramref name="buffer"/> from byte <paramref name="offset"/> on.</summary>
    internal NtkTensor(string? name, NtkDType dtype, int[] shape, TensorBuffer buffer, long offset = 0)
    {
        Name = name;
        DType = dtype;
        Shape = shape;
        _buffer = buffer;
        _offset = offset;
        Count = 1;
        foreach (int size in shape)
        {
            Count *= size;
        }
    }

    /// <summary>What the tensor is: an output's, a parameter's or a file entry's name.</summary>
    public string? Name { get; }

    /// <summary>The sizes of the axes.</summary>
    public int[] Shape { get; }

    /// <summary>The number of axes.</summary>
    public int Rank => Shape.Length;

    /// <summary>The number of elements.</summary>
    public long Count { get; }

    /// <summary>The element type.</summary>
    public NtkDType DType { get; }

    /// <summary>Bytes of the elements.</summary>
    internal long ByteCount => Count * DType.Size();

    /// <summary>The address of the first element; the tensor must be kept alive (<see cref="GC.KeepAlive"/>) while it is used.</summary>
    internal byte* Pointer => _buffer.Pointer + _offset;

    /// <summary>A zeroed tensor.</summary>
    internal static NtkTensor Allocate(NtkDType dtype, int[] shape, string? name = null)
    {
        long count = 1;
        foreach (int size in shape)
        {
            count *= size;
        }
        return new NtkTensor(name, dtype, shape, TensorBuffer.Allocate(count * dtype.Size()));
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
