namespace Ntk;

public sealed unsafe partial class NtkTensor
{
    /// <summary>The same elements in another shape, without a copy; one size may be -1, what is left.</summary>
    /// <exception cref="NtkException">The shape has another number of elements.</exception>
    public NtkTensor Reshape(params int[] shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        var sizes = (int[])shape.Clone();
        int free = Array.IndexOf(sizes, -1);
        if (free >= 0)
        {
            sizes[free] = 1;
            long rest = NtkShape.Count(sizes);
            long size = rest == 0 ? -1 : Count / rest;
            sizes[free] = size is >= 0 and <= int.MaxValue ? (int)size : -1;
        }
        if (Array.Exists(sizes, d => d < 0) || NtkShape.Count(sizes) != Count)
        {
            throw new NtkException(NtkErrorId.ShapeMismatch, $"{Count:N0} elements of shape {NtkShape.Format(Shape)} do not fill the shape {NtkShape.Format(shape)}.");
        }
        return View(Name, sizes, 0);
    }

    /// <summary>The tensor with its axes in reverse order (a copy).</summary>
    public NtkTensor Transpose()
    {
        var axes = new int[Rank];
        for (int axis = 0; axis < axes.Length; axis++)
        {
            axes[axis] = axes.Length - 1 - axis;
        }
        return Transpose(axes);
    }

    /// <summary>The tensor with axis <c>axes[i]</c> as its axis i (a copy); negative axes count from the end.</summary>
    /// <exception cref="NtkException">Not each axis exactly once.</exception>
    public NtkTensor Transpose(params int[] axes)
    {
        ArgumentNullException.ThrowIfNull(axes);
        int[] order = Array.ConvertAll(axes, axis => axis < 0 ? axis + Rank : axis);
        int[] sorted = [.. order.Order()];
        for (int axis = 0; axis < Math.Max(Rank, sorted.Length); axis++)
        {
            if (sorted.Length != Rank || sorted[axis] != axis)
            {
                throw new NtkException(NtkErrorId.InvalidAxis, $"({string.Join(", ", axes)}) does not name each axis of {NtkShape.Format(Shape)} once.");
            }
        }
        NtkTensor result = Allocate(DType, Array.ConvertAll(order, axis => Shape[axis]), Name);
        var strides = new long[Rank];
        for (int axis = 0; axis < strides.Length; axis++)
        {
            strides[axis] = NtkShape.Count(Shape, order[axis] + 1);
        }
        switch (DType.Size())
        {
            case 1: Permute(Pointer, result.Pointer, result, strides); break;
            case 2: Permute((ushort*)Pointer, (ushort*)result.Pointer, result, strides); break;
            case 4: Permute((uint*)Pointer, (uint*)result.Pointer, result, strides); break;
            case 8: Permute((ulong*)Pointer, (ulong*)result.Pointer, result, strides); break;
            default: Permute((UInt128*)Pointer, (UInt128*)result.Pointer, result, strides); break;
        }
        GC.KeepAlive(this);
        return result;
    }

    private static void Permute<T>(T* source, T* target, NtkTensor result, long[] strides) where T : unmanaged
    {
        if (result.Rank == 0)
        {
            *target = *source;
            return;
        }
        int inner = result.Shape[^1];
        long stride = strides[^1];
        var index = new int[result.Rank - 1];
        long runs = inner == 0 ? 0 : result.Count / inner;
        for (long run = 0; run < runs; run++)
        {
            T* from = source;
            for (int axis = 0; axis < index.Length; axis++)
            {
                from += index[axis] * strides[axis];
            }
            for (int i = 0; i < inner; i++, from += stride)
            {
                *target++ = *from;
            }
            Advance(index, result.Shape);
        }
    }
}
