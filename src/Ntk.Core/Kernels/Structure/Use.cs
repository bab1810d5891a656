using Ntk.Core.Autodiff;
using Ntk.Core.Tensors;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels.Structure;

/// <summary>
/// How a parameter's Jacobian at one of its uses factors: for each example, row and position it is the outer product of an activation (channel
/// block, I) and a cotangent (channel block, J), summed over S positions. Sizes only.
/// </summary>
/// <param name="Blocks">C: blocks of the parameter that never meet (groups, features of a scale).</param>
/// <param name="Positions">S: positions an example, over which the Jacobian sums.</param>
/// <param name="Inner">I: the activation's part of a block.</param>
/// <param name="Outer">J: the cotangent's part of a block.</param>
/// <param name="Order">How the parameter's axes lie in (C, I, J): uses add up in factors only where they lie alike, as a square matrix and its transpose do not.</param>
/// <param name="IsLookup">Whether the activation is a table lookup: one-hot, never written out.</param>
internal sealed record UseShape(long Blocks, long Positions, long Inner, long Outer, string Order, bool IsLookup = false)
{
    /// <summary>The parameter's number of scalars.</summary>
    public long Count => Blocks * Inner * Outer;

    /// <summary>The factors' number of elements, an example.</summary>
    public long FactorCount(long rows) => Blocks * Positions * ((IsLookup ? 1 : Inner) + (rows * Outer));

    /// <summary>
    /// Operations of bringing cotangents that all examples share to one example's activation, once for each side of a pair (see <see cref="Contraction"/>):
    /// directly, or as their products at all pairs of positions.
    /// </summary>
    /// <param name="columns">Rows times J.</param>
    /// <param name="examples">How many examples' activations they meet.</param>
    public double SharedFlops(double columns, double examples) =>
        2.0 * Blocks * Positions * (PairsSharedPositions(columns, examples) ? Positions * (Inner + (columns / examples)) : 2 * Inner * columns);

    /// <summary>Whether shared cotangents are multiplied with one another before they meet activations.</summary>
    /// <inheritdoc cref="SharedFlops"/>
    public bool PairsSharedPositions(double columns, double examples) => Positions * ((examples * Inner) + columns) < 2 * examples * Inner * columns;
}

/// <summary>Where a parameter meets data: the equation, its cotangent and the values there.</summary>
/// <param name="Primitive">The equation's primitive.</param>
/// <param name="Operand">Which operand the parameter is.</param>
/// <param name="Cotangent">(K, output's shape), of all examples or, when <paramref name="Shared"/>, of one that stands for all.</param>
/// <param name="Shared">Whether all examples have the same cotangent.</param>
/// <param name="Point">Values and types (of the program of N examples).</param>
/// <param name="OperandAxes">Where the operands carry the examples.</param>
/// <param name="OutputAxis">Where the output carries them; null for the whole batch as one.</param>
/// <param name="Examples">N; 1 for the whole batch as one.</param>
/// <param name="Unit">The same equation in the program of one example; null when there is none.</param>
/// <param name="Mask">What each example multiplies a shared cotangent by (output's shape); null for nothing.</param>
internal sealed record UseSite(Primitive Primitive, int Operand, Tensor Cotangent, bool Shared, Point Point, BatchAxis?[] OperandAxes, BatchAxis? OutputAxis,
    long Examples, UnitEquation? Unit, Tensor? Mask = null)
{
    /// <summary>How many examples the cotangent holds.</summary>
    public long CotangentExamples => Shared ? 1 : Examples;

    /// <summary>The parameter's shape.</summary>
    public long[] ParameterShape => Point.OperandTypes[Operand].Shape;
}

/// <summary>An equation of the program of one example.</summary>
/// <param name="Primitive">Its primitive.</param>
/// <param name="OperandTypes">Its operands' types.</param>
/// <param name="OutputType">Its output's type.</param>
/// <param name="Constants">Its constant operands' values; null elsewhere.</param>
internal sealed record UnitEquation(Primitive Primitive, TensorType[] OperandTypes, TensorType OutputType, Tensor?[] Constants);

/// <summary>A use of a parameter in factors (see <see cref="UseShape"/>).</summary>
/// <param name="Activation">(G, C, S, I), G = N or 1; for a lookup (G, S) of table rows; null for ones with I = 1 and S summed away.</param>
/// <param name="Cotangent">(K, G, C, S, J), G = N or 1.</param>
/// <param name="Layout">From (C, I, J) to the parameter's own shape.</param>
/// <param name="Shape">The sizes.</param>
/// <param name="Mask">What each example multiplies a cotangent that all share by: (G, J), where C = S = 1; null for nothing.</param>
/// <param name="Shift">Whether a shift added to the product is contracted with it: a column of ones beside the activation.</param>
/// <param name="ByRows">Whether the Jacobian is written out to be contracted, some rows at a time.</param>
internal sealed record FactoredUse(Tensor Activation, Tensor Cotangent, ParameterLayout Layout, UseShape Shape, Tensor? Mask = null, bool Shift = false, bool ByRows = false)
{
    // Elements of a product that are still in the cache when they are copied to where they belong.
    private const long CachedElements = 1 << 20;

    /// <summary>The same use with each example's cotangent in full.</summary>
    public FactoredUse WithoutMask() => Mask is null ? this : this with { Cotangent = Cotangent * Mask.reshape(1, Mask.shape[0], 1, 1, -1), Mask = null };

    /// <summary>Some of the positions.</summary>
    public FactoredUse Positions(long start, long count) => count == Cotangent.shape[3] ? this : this with
    {
        Activation = Shape.IsLookup ? Activation.narrow(1, start, count) : Activation.narrow(2, start, count),
        Cotangent = Cotangent.narrow(3, start, count),
    };

    /// <summary>Some of the rows.</summary>
    public FactoredUse Rows(long start, long count) => count == Cotangent.shape[0] ? this : this with { Cotangent = Cotangent.narrow(0, start, count) };

    /// <summary>The explicit Jacobian (G, C · I, K, J).</summary>
    /// <param name="room">Where to write a Jacobian of such a shape; null, or giving null, for a tensor of its own.</param>
    public Tensor Jacobian(Func<long[], Tensor?>? room = null)
    {
        long[] d = Cotangent.shape;
        long rows = d[0], blocks = d[2], positions = d[3], outer = d[4];
        if (Shape.IsLookup)
        {
            return LookupJacobian();
        }
        long[] a = Activation.shape;
        long inner = a[3], examples = Math.Max(a[0], d[1]);
        // (G · C, I, S) · (G · C, S, K · J): all rows side by side in one product.
        using Tensor right = Cotangent.permute(1, 2, 3, 0, 4).reshape(d[1] * blocks, positions, rows * outer);
        if (positions == 1 && blocks == 1)
        {
            return (Activation.reshape(a[0], inner, 1) * right.reshape(d[1], 1, rows * outer)).reshape(examples, inner, rows, outer);
        }
        using Tensor left = Activation.permute(0, 1, 3, 2).reshape(a[0] * blocks, inner, positions);
        if (a[0] == d[1])
        {
            if (room?.Invoke([examples, blocks * inner, rows, outer]) is { } place)
            {
                using Tensor products = place.view(examples * blocks, inner, rows * outer);
                long most = Math.Max(1, CachedElements / (inner * rows * outer));
                for (long start = 0; start < examples * blocks; start += most)
                {
                    long count = Math.Min(most, (examples * blocks) - start);
                    using Tensor some = products.narrow(0, start, count), one = left.narrow(0, start, count), other = right.narrow(0, start, count), product = one.bmm(other);
                    some.copy_(product);
                }
                return place;
            }
            return left.bmm(right).reshape(examples, blocks * inner, rows, outer);
        }
        using Tensor leftWide = left.reshape(a[0], blocks, inner, positions), rightWide = right.reshape(d[1], blocks, positions, rows * outer);
        return leftWide.matmul(rightWide).reshape(examples, blocks * inner, rows, outer);
    }

    // (G, V, K, J): each position's cotangent added to its table row.
    private Tensor LookupJacobian()
    {
        long[] d = Cotangent.shape;
        long rows = d[0], positions = d[3], outer = d[4], examples = Activation.shape[0];
        Tensor values = Cotangent.reshape(rows, d[1], positions, outer).permute(1, 2, 0, 3).expand(examples, positions, rows, outer);
        Tensor result = zeros([examples * Shape.Inner, rows, outer], Cotangent.dtype);
        Tensor places = (Activation + (arange(examples, ScalarType.Int64).unsqueeze(1) * Shape.Inner)).reshape(-1);
        result.index_add_(0, places, values.reshape(examples * positions, rows, outer), 1);
        return result.reshape(examples, Shape.Inner, rows, outer);
    }
}

/// <summary>A use of a parameter as its explicit Jacobian.</summary>
/// <param name="Data">(G, C · I, K, J).</param>
/// <param name="Layout">From those axes to the parameter's own shape.</param>
internal sealed record JacobianUse(Tensor Data, ParameterLayout Layout);

/// <summary>How (C, I, J) of a factored use lie in the parameter.</summary>
/// <param name="Sizes">The axes of C, I and J, one after the other, unmerged.</param>
/// <param name="Order">For each axis of the parameter its place among them.</param>
/// <param name="InnerAxes">How many of <paramref name="Sizes"/> belong to C and I.</param>
internal sealed record ParameterLayout(long[] Sizes, int[] Order, int InnerAxes)
{
    /// <summary>A Jacobian (G, C · I, K, J) as rows (K, G, parameter's shape).</summary>
    public Tensor ToRows(Tensor jacobian)
    {
        long[] shape = jacobian.shape;
        Tensor wide = jacobian.reshape([shape[0], .. Sizes[..InnerAxes], shape[2], .. Sizes[InnerAxes..]]);
        long[] order = [InnerAxes + 1, 0, .. Order.Select(o => (long)(o < InnerAxes ? o + 1 : o + 2))];
        return wide.permute(order);
    }
}
