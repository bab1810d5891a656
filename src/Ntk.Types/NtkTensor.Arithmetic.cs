using System.Numerics;
using System.Runtime.CompilerServices;

namespace Ntk;

// Operators on an enumerable type are PowerShell's own ($k + $k joins the rows), so arithmetic is methods.
public sealed unsafe partial class NtkTensor
{
    /// <summary>The elementwise sum; shapes broadcast and types promote as NumPy's do.</summary>
    /// <exception cref="NtkException">Shapes that do not broadcast.</exception>
    public NtkTensor Add(NtkTensor other) => Combine<Addition>(other, nameof(Add));

    /// <summary>A number added to each element; a whole number keeps an integer type, any number a floating-point type.</summary>
    public NtkTensor Add(double value) => Add(Scalar(value));

    /// <summary>The elementwise difference.</summary>
    public NtkTensor Subtract(NtkTensor other) => Combine<Subtraction>(other, nameof(Subtract));

    /// <summary>A number subtracted from each element.</summary>
    public NtkTensor Subtract(double value) => Subtract(Scalar(value));

    /// <summary>The elementwise product.</summary>
    public NtkTensor Multiply(NtkTensor other) => Combine<Multiplication>(other, nameof(Multiply));

    /// <summary>Each element times a number.</summary>
    public NtkTensor Multiply(double value) => Multiply(Scalar(value));

    /// <summary>The elementwise quotient; of integers, in float64.</summary>
    public NtkTensor Divide(NtkTensor other)
    {
        ArgumentNullException.ThrowIfNull(other);
        bool integers = !(DType.IsFloat() || DType.IsComplex() || other.DType.IsFloat() || other.DType.IsComplex());
        return integers ? AsType(NtkDType.Float64).Divide(other.AsType(NtkDType.Float64)) : Combine<Division>(other, nameof(Divide));
    }

    /// <summary>Each element divided by a number; integers in float64.</summary>
    public NtkTensor Divide(double value) => Divide(Scalar(value));

    /// <summary>The elements as <paramref name="dtype"/>: fractions are cut off, what is out of range saturates. The tensor itself where the type is the same.</summary>
    /// <exception cref="NtkException">Complex to real, or text.</exception>
    public NtkTensor AsType(NtkDType dtype)
    {
        if (dtype == DType)
        {
            return this;
        }
        NtkTensor result = Allocate(dtype, Shape, Name);
        Elements.Convert(Pointer, DType, result.Pointer, dtype, Count);
        GC.KeepAlive(this);
        return result;
    }

    // A bare number takes the tensor's type where that can hold it, so that $k.Multiply(2) stays what it was.
    private NtkTensor Scalar(double value)
    {
        NtkDType dtype = DType.IsFloat() || DType.IsComplex() ? DType
            : value == Math.Truncate(value) && Math.Abs(value) <= 1L << 53 ? NtkDTypes.Promote(DType, NtkDType.Int64)
            : NtkDType.Float64;
        NtkTensor scalar = Allocate(NtkDType.Float64, []);
        *(double*)scalar.Pointer = value;
        NtkTensor cast = scalar.AsType(dtype);
        return DType.IsInteger() && cast.AsType(DType).AsType(dtype).Equals(cast) ? cast.AsType(DType) : cast;
    }

    private NtkTensor Combine<TOperation>(NtkTensor other, string operation) where TOperation : IOperation
    {
        ArgumentNullException.ThrowIfNull(other);
        NtkDType dtype = NtkDTypes.Promote(DType, other.DType);
        // Types without arithmetic of their own are computed in the next wider one.
        NtkDType compute = dtype switch
        {
            NtkDType.BFloat16 => NtkDType.Float32,
            NtkDType.Complex64 => NtkDType.Complex128,
            NtkDType.Bool => NtkDType.Int32,
            _ => dtype,
        };
        if (dtype == NtkDType.Bool)
        {
            dtype = NtkDType.Int32;
        }
        NtkTensor left = AsType(compute), right = other.AsType(compute);
        NtkTensor result = Allocate(compute, BroadcastShape(other, operation), Name ?? other.Name);
        switch (compute)
        {
            case NtkDType.Float16: Combine<Half, TOperation>(left, right, result); break;
            case NtkDType.Float32: Combine<float, TOperation>(left, right, result); break;
            case NtkDType.Float64: Combine<double, TOperation>(left, right, result); break;
            case NtkDType.Int8: Combine<sbyte, TOperation>(left, right, result); break;
            case NtkDType.Int16: Combine<short, TOperation>(left, right, result); break;
            case NtkDType.Int32: Combine<int, TOperation>(left, right, result); break;
            case NtkDType.Int64: Combine<long, TOperation>(left, right, result); break;
            case NtkDType.UInt8: Combine<byte, TOperation>(left, right, result); break;
            case NtkDType.UInt16: Combine<ushort, TOperation>(left, right, result); break;
            case NtkDType.UInt32: Combine<uint, TOperation>(left, right, result); break;
            case NtkDType.UInt64: Combine<ulong, TOperation>(left, right, result); break;
            case NtkDType.Complex128: Combine<Complex, TOperation>(left, right, result); break;
            default: throw Elements.NoNumbers(compute);
        }
        GC.KeepAlive(left);
        GC.KeepAlive(right);
        return result.AsType(dtype);
    }

    private int[] BroadcastShape(NtkTensor other, string operation)
    {
        var shape = new int[Math.Max(Rank, other.Rank)];
        for (int axis = 1; axis <= shape.Length; axis++)
        {
            int a = axis > Rank ? 1 : Shape[^axis], b = axis > other.Rank ? 1 : other.Shape[^axis];
            if (a != b && a != 1 && b != 1)
            {
                throw new NtkException(NtkErrorId.ShapeMismatch, $"{operation}: the shapes {NtkShape.Format(Shape)} and {NtkShape.Format(other.Shape)} do not broadcast.");
            }
            shape[^axis] = a == 1 ? b : a;
        }
        return shape;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Combine<T, TOperation>(NtkTensor left, NtkTensor right, NtkTensor result)
        where T : unmanaged, INumberBase<T>
        where TOperation : IOperation
    {
        int inner = result.Rank == 0 ? 1 : result.Shape[^1];
        long runs = inner == 0 ? 0 : result.Count / inner;
        long[] leftStrides = BroadcastStrides(left, result.Rank), rightStrides = BroadcastStrides(right, result.Rank);
        long leftStep = result.Rank == 0 ? 0 : leftStrides[^1], rightStep = result.Rank == 0 ? 0 : rightStrides[^1];
        var index = new int[Math.Max(result.Rank - 1, 0)];
        T* target = (T*)result.Pointer;
        for (long run = 0; run < runs; run++)
        {
            T* a = (T*)left.Pointer, b = (T*)right.Pointer;
            for (int axis = 0; axis < index.Length; axis++)
            {
                a += index[axis] * leftStrides[axis];
                b += index[axis] * rightStrides[axis];
            }
            for (int i = 0; i < inner; i++, a += leftStep, b += rightStep)
            {
                *target++ = TOperation.Apply(*a, *b);
            }
            Advance(index, result.Shape);
        }
    }

    private static long[] BroadcastStrides(NtkTensor tensor, int rank)
    {
        var strides = new long[rank];
        for (int axis = 1; axis <= tensor.Rank; axis++)
        {
            strides[^axis] = tensor.Shape[^axis] == 1 ? 0 : NtkShape.Count(tensor.Shape, tensor.Rank - axis + 1);
        }
        return strides;
    }

    private interface IOperation
    {
        static abstract T Apply<T>(T a, T b) where T : INumberBase<T>;
    }

    private readonly struct Addition : IOperation { public static T Apply<T>(T a, T b) where T : INumberBase<T> => a + b; }

    private readonly struct Subtraction : IOperation { public static T Apply<T>(T a, T b) where T : INumberBase<T> => a - b; }

    private readonly struct Multiplication : IOperation { public static T Apply<T>(T a, T b) where T : INumberBase<T> => a * b; }

    private readonly struct Division : IOperation { public static T Apply<T>(T a, T b) where T : INumberBase<T> => a / b; }
}
