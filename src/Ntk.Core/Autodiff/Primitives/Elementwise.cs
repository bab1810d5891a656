using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>
/// A primitive that works element by element on operands that broadcast together: it gives a value and, for each operand, a way to multiply by
/// the local derivative; both modes follow from that.
/// </summary>
public abstract class Elementwise : Primitive
{
    /// <summary>Multiplies <paramref name="rows"/> (R, output's or broadcast operand's shape) by the derivative with respect to an operand.</summary>
    protected abstract Tensor Scale(int operand, Tensor rows, in Point point);

    /// <summary>The output's element type.</summary>
    protected virtual ScalarType Result(ReadOnlySpan<TensorType> operands)
    {
        for (int i = 1; i < operands.Length; i++)
        {
            if (operands[i].DType != operands[0].DType)
            {
                throw Mismatch($"operands of types {operands[0].DType} and {operands[i].DType}");
            }
        }
        return operands[0].DType;
    }

    /// <inheritdoc/>
    public sealed override TensorType Infer(ReadOnlySpan<TensorType> operands)
    {
        long[] shape = operands[0].Shape;
        for (int i = 1; i < operands.Length; i++)
        {
            shape = Shapes.Broadcast(shape, operands[i].Shape);
        }
        return new TensorType(Result(operands), shape);
    }

    /// <inheritdoc/>
    public sealed override Tensor Jvp(int operand, Tensor tangent, in Point point)
    {
        Tensor aligned = AlignRows(tangent, point.OperandTypes[operand].Rank, point.OutputType.Rank);
        // Rules are written for cotangents, which meet the conjugate of a complex derivative.
        bool complex = aligned.is_complex();
        Tensor result = Scale(operand, complex ? aligned.conj() : aligned, point);
        result = complex && result.is_complex() ? result.conj() : result;
        // A smaller operand's tangent spreads over the whole output, in which the other operands may take no part.
        long[] full = Shapes.Prepend(result.shape[0], point.OutputType.Shape);
        return result.shape.AsSpan().SequenceEqual(full) ? result : result.expand(full);
    }

    /// <inheritdoc/>
    public sealed override Tensor Vjp(int operand, Tensor cotangent, in Point point)
    {
        using Tensor scaled = Scale(operand, cotangent, point);
        return Unbroadcast(scaled, point.OperandTypes[operand].Shape).alias();
    }

    /// <summary>The operand's cotangent before it is summed over the axes along which the operand was broadcast: (K, output's shape).</summary>
    internal Tensor VjpUnreduced(int operand, Tensor cotangent, in Point point) => Scale(operand, cotangent, point);

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site)
    {
        int rank = site.Output.Rank;
        BatchAxis? found = null;
        for (int i = 0; i < site.Axes.Length; i++)
        {
            if (site.Axes[i] is { } own)
            {
                BatchAxis aligned = own.On(own.Axis + rank - site.Operands[i].Rank);
                if (found is { } other && other != aligned)
                {
                    return null;
                }
                found = aligned;
            }
        }
        BatchAxis axis = found!.Value;
        for (int i = 0; i < site.Axes.Length; i++)
        {
            int own = axis.Axis - rank + site.Operands[i].Rank;
            if (site.Axes[i] is null && own >= 0 && site.Operands[i].Shape[own] != 1 && !site.Introduce(i, axis.On(own)))
            {
                return null;
            }
        }
        // An operand of one example that another operand spreads over several is not one example each.
        return site.Output.Shape[axis.Axis] == site.Size * axis.Outer * axis.Inner ? axis : null;
    }

    /// <summary>The complex conjugate; a real tensor itself.</summary>
    protected static Tensor Conjugate(Tensor x) => x.is_complex() ? x.conj() : x;

    /// <summary>Sums rows (K, larger shape) over the axes along which <paramref name="shape"/> was broadcast.</summary>
    internal static Tensor Unbroadcast(Tensor rows, long[] shape)
    {
        long[] from = rows.shape;
        int extra = from.Length - 1 - shape.Length;
        var axes = new List<long>();
        for (int i = 1; i < from.Length; i++)
        {
            int own = i - 1 - extra;
            if (own < 0 || (shape[own] == 1 && from[i] != 1))
            {
                axes.Add(i);
            }
        }
        if (axes.Count == 0)
        {
            return rows;
        }
        using Tensor sum = rows.sum(axes.ToArray(), keepdim: true);
        return extra == 0 ? sum.alias() : sum.reshape(Shapes.Prepend(from[0], shape));
    }

    /// <summary>Inserts axes of size one after the rows' axis, so that rows of a value of a lower rank broadcast like the value itself.</summary>
    internal static Tensor AlignRows(Tensor rows, int rank, int outputRank)
    {
        if (rank == outputRank)
        {
            return rows;
        }
        long[] own = rows.shape;
        var shape = new long[outputRank + 1];
        Array.Fill(shape, 1L);
        shape[0] = own[0];
        Array.Copy(own, 1, shape, shape.Length - rank, rank);
        return rows.reshape(shape);
    }
}
