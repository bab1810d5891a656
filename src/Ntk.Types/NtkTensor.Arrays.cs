using System.Collections;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Ntk;

public sealed unsafe partial class NtkTensor
{
    /// <summary>The tensor of a .NET array: rectangular (<c>double[,]</c>), jagged (<c>double[][]</c>) or nested <c>object[]</c>; the element types' common type.</summary>
    /// <exception cref="NtkException">Rows of different lengths, or elements that are not numbers.</exception>
    public static NtkTensor FromArray(Array array) => FromArray(array, (string?)null);

    // Not public: PowerShell would take @(3, 2) for a name rather than for a shape.
    internal static NtkTensor FromArray(Array array, string? name)
    {
        ArgumentNullException.ThrowIfNull(array);
        if (Elements.DTypeOf(array.GetType().GetElementType()!) is { } dtype && array is not decimal[])
        {
            return CopyOf(array, dtype, ShapeOf(array), name);
        }
        var leaves = new List<Array>();
        int[] shape = Flatten(array, leaves);
        NtkTensor result = Allocate(CommonType(leaves), shape, name);
        byte* target = result.Pointer;
        foreach (Array leaf in leaves)
        {
            target += Store(leaf, target, result.DType);
        }
        GC.KeepAlive(result);
        return result;
    }

    /// <summary>The tensor of <paramref name="shape"/> with the elements of a flat array in row-major order; one size may be -1.</summary>
    /// <exception cref="NtkException">The shape has another number of elements, or they are not numbers.</exception>
    public static NtkTensor FromArray(Array flat, int[] shape, string? name = null) => FromArray(flat, name).Reshape(shape);

    /// <summary>The elements as a .NET array of the tensor's rank (a scalar: of one element); bfloat16 as <see cref="float"/>.</summary>
    public Array ToArray() => Fill(Array.CreateInstance(Elements.TypeOf(DType), Rank == 0 ? [1] : Shape));

    /// <summary>The elements in row-major order; bfloat16 as <see cref="float"/>.</summary>
    public Array ToFlatArray() => Fill(Array.CreateInstance(Elements.TypeOf(DType), Count));

    private Array Fill(Array array)
    {
        NtkDType dtype = DType switch { NtkDType.BFloat16 => NtkDType.Float32, NtkDType.Complex64 => NtkDType.Complex128, _ => DType };
        byte* source = Pointer;
        fixed (byte* target = &MemoryMarshal.GetArrayDataReference(array))
        {
            Elements.Convert(source, DType, target, dtype, Count);
        }
        GC.KeepAlive(this);
        return array;
    }

    private static NtkTensor CopyOf(Array array, NtkDType dtype, int[] shape, string? name)
    {
        NtkTensor result = Allocate(dtype, shape, name);
        fixed (byte* source = &MemoryMarshal.GetArrayDataReference(array))
        {
            Buffer.MemoryCopy(source, result.Pointer, result.ByteCount, result.ByteCount);
        }
        return result;
    }

    private static int[] ShapeOf(Array array)
    {
        var shape = new int[array.Rank];
        for (int axis = 0; axis < shape.Length; axis++)
        {
            shape[axis] = array.GetLength(axis);
        }
        return shape;
    }

    // Collects the innermost arrays in order and checks that the nesting is rectangular.
    private static int[] Flatten(Array array, List<Array> leaves)
    {
        int[] outer = ShapeOf(array);
        if (array.Length == 0 || !Nests(array))
        {
            leaves.Add(array);
            return outer;
        }
        int[]? inner = null;
        foreach (object? item in array)
        {
            int[] shape = item switch
            {
                Array nested => Flatten(nested, leaves),
                null => throw NotANumber(null),
                _ => throw new NtkException(NtkErrorId.ShapeMismatch, "Numbers and lists of numbers stand side by side; a tensor's rows all have one shape."),
            };
            if (inner is not null && !inner.AsSpan().SequenceEqual(shape))
            {
                throw new NtkException(NtkErrorId.ShapeMismatch, $"Rows of shapes {NtkShape.Format(inner)} and {NtkShape.Format(shape)} do not make a tensor.");
            }
            inner = shape;
        }
        return [.. outer, .. inner!];
    }

    private static bool Nests(Array array)
    {
        foreach (object? item in array)
        {
            return item is Array;
        }
        return false;
    }

    private static NtkDType CommonType(List<Array> leaves)
    {
        NtkDType? common = null;
        foreach (Array leaf in leaves)
        {
            Type element = leaf.GetType().GetElementType()!;
            if (Elements.DTypeOf(element) is { } known)
            {
                common = common is null ? known : NtkDTypes.Promote(common.Value, known);
                continue;
            }
            foreach (object? item in leaf)
            {
                NtkDType own = (item is null ? null : Elements.DTypeOf(item.GetType())) ?? throw NotANumber(item);
                common = common is null ? own : NtkDTypes.Promote(common.Value, own);
            }
        }
        return common ?? NtkDType.Float64;
    }

    // Returns the bytes written.
    private static long Store(Array leaf, byte* target, NtkDType to)
    {
        Type element = leaf.GetType().GetElementType()!;
        if (element != typeof(decimal) && Elements.DTypeOf(element) is { } from)
        {
            fixed (byte* source = &MemoryMarshal.GetArrayDataReference(leaf))
            {
                Elements.Convert(source, from, target, to, leaf.LongLength);
            }
            return leaf.LongLength * to.Size();
        }
        byte* at = target;
        foreach (object? item in (IEnumerable)leaf)
        {
            StoreOne(item!, at, to);
            at += to.Size();
        }
        return at - target;
    }

    private static void StoreOne(object item, byte* target, NtkDType to)
    {
        switch (item)
        {
            case int value: Elements.Convert((byte*)&value, NtkDType.Int32, target, to, 1); break;
            case double value: Elements.Convert((byte*)&value, NtkDType.Float64, target, to, 1); break;
            case decimal value: StoreOne((double)value, target, to); break;
            default:
                Array one = Array.CreateInstance(item.GetType(), 1);
                one.SetValue(item, 0);
                Store(one, target, to);
                break;
        }
    }

    private static NtkException NotANumber(object? item) => new(NtkErrorId.InvalidArgument, item is null
        ? "A tensor's element is missing ($null)."
        : string.Create(CultureInfo.InvariantCulture, $"'{item}' ({item.GetType().Name}) is not a number."));
}
