using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels.Structure;

/// <summary>
/// What is known of a primitive's Jacobian with respect to a parameter, beyond what the primitive says: that it factors ("Fast Finite Width Neural
/// Tangent Kernel", section 3.4). A primitive without a rule costs time, never correctness: see <see cref="Dense"/>.
/// </summary>
internal abstract class StructureRule
{
    /// <summary>The rule for a primitive and operand; null for none, as for complex factors: their Jacobian pairs them with conjugates.</summary>
    public static StructureRule? For(Primitive primitive, int operand, TensorType output) => output.DType.IsComplex() ? null : (primitive, operand) switch
    {
        (DotGeneral, _) => DotRule.Instance,
        (Convolution, 1) => ConvolutionRule.Instance,
        (TransposedConvolution, 1) => TransposedConvolutionRule.Instance,
        (Gather, 0) => LookupRule.Instance,
        _ => null,
    };

    /// <summary>The factors' sizes.</summary>
    public abstract UseShape Shape(Primitive primitive, int operand, TensorType[] types, TensorType output, BatchAxis?[] axes, BatchAxis? outputAxis, long examples);

    /// <summary>The factors' sizes at a use.</summary>
    public UseShape Shape(UseSite site) =>
        Shape(site.Primitive, site.Operand, site.Point.OperandTypes, site.Point.OutputType, site.OperandAxes, site.OutputAxis, site.Examples);

    /// <summary>The factors.</summary>
    public abstract FactoredUse Apply(UseSite site);

    /// <summary>The explicit Jacobian, from the factors.</summary>
    /// <param name="site">The use.</param>
    /// <param name="room">Where to write a Jacobian of such a shape; null, or giving null, for a tensor of its own.</param>
    public JacobianUse Jacobian(UseSite site, Func<long[], Tensor?>? room = null)
    {
        if (site.Mask is not null)
        {
            return MaskedJacobian(site);
        }
        FactoredUse use = Apply(site);
        return new JacobianUse(use.Jacobian(room), use.Layout);
    }

    /// <summary>
    /// Whether the Jacobian of a use can be made of each example's mask, summed over positions, and then of the rows that all share: where these are the same at
    /// all positions that it sums over, as behind a global average. The rows then never meet the positions.
    /// </summary>
    /// <param name="primitive">The use's primitive.</param>
    /// <param name="operand">Which operand the parameter is.</param>
    /// <param name="parameter">The parameter's type.</param>
    /// <param name="rows">The shared rows.</param>
    public static bool TakesMask(Primitive primitive, int operand, TensorType parameter, Tensor rows) => primitive switch
    {
        Elementwise => Examples.Repeats(rows, Summed(parameter.Shape, (int)rows.dim() - 1)),
        Convolution when operand == 1 => Examples.Repeats(rows, Enumerable.Range(0, (int)rows.dim() - 2)),
        _ => false,
    };

    /// <summary>The explicit Jacobian of a use that <see cref="TakesMask"/>.</summary>
    protected virtual JacobianUse MaskedJacobian(UseSite site) => throw new NotSupportedException($"{site.Primitive.Name} takes no mask");

    /// <summary>The rows (K, G, parameter's shape) of a use without factors.</summary>
    /// <param name="site">The use.</param>
    /// <param name="forward">Whether the primitive's Jacobian is written out in forward mode and then contracted, where pulling the rows back would do.</param>
    /// <param name="cancellation">Stops between a primitive's tangents.</param>
    public static Tensor Dense(UseSite site, bool forward = false, CancellationToken cancellation = default)
    {
        // The pull-back of complex values is not the transpose of the Jacobian that complex tangents write out.
        forward &= !site.Point.OutputType.DType.IsComplex() && !site.Point.OperandTypes[site.Operand].DType.IsComplex();
        Pull pull = forward ? (Primitive primitive, int operand, Tensor cotangent, in Point point) => PullByTangents(primitive, operand, cotangent, point, cancellation) : static (Primitive primitive, int operand, Tensor cotangent, in Point point) => primitive.Vjp(operand, cotangent, point);
        if (site.OutputAxis is not { } axis)
        {
            return pull(site.Primitive, site.Operand, site.Cotangent, site.Point).unsqueeze(1);
        }
        return site.Primitive switch
        {
            Elementwise elementwise when site.Mask is { } mask => Masked(site, axis, elementwise, mask),
            Elementwise elementwise when !forward => Broadcasting(site, axis, elementwise),
            Broadcast when !forward => Reduce(site, axis, site.Cotangent),
            _ => ExampleByExample(site, pull),
        };
    }

    private delegate Tensor Pull(Primitive primitive, int operand, Tensor cotangent, in Point point);

    // The operand's elements one by one as tangents, as many at once as there are rows: that takes no more memory than pulling the rows back.
    private static Tensor PullByTangents(Primitive primitive, int operand, Tensor cotangent, in Point point, CancellationToken cancellation)
    {
        TensorType type = point.OperandTypes[operand];
        using Tensor rows = cotangent.reshape(cotangent.shape[0], -1);
        long most = Math.Min(rows.shape[0], type.Count);
        // Made once: many small results between large temporaries would tear the heap to pieces.
        Tensor result = empty([rows.shape[0], type.Count], type.DType), all = zeros([most, type.Count], type.DType);
        for (long start = 0; start < type.Count; start += most)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            long count = Math.Min(most, type.Count - start);
            Tensor basis = all.narrow(0, 0, count), ones = basis.narrow(1, start, count).diagonal();
            ones.fill_(1);
            Tensor columns = primitive.Jvp(operand, basis.reshape(Shapes.Prepend(count, type.Shape)), point).reshape(count, -1);
            result.narrow(1, start, count).copy_(rows.mm(columns.t()));
            ones.fill_(0);
        }
        all.Dispose();
        return result.reshape(Shapes.Prepend(rows.shape[0], type.Shape));
    }

    // An operand that is broadcast along the examples: the local derivative applied without summing, then summed within each example.
    private static Tensor Broadcasting(UseSite site, BatchAxis axis, Elementwise elementwise)
    {
        bool readsExamples = elementwise.VjpReadsOutput(site.Operand);
        for (int i = 0; i < site.OperandAxes.Length; i++)
        {
            readsExamples |= site.OperandAxes[i] is not null && elementwise.VjpReads(site.Operand, i);
        }
        Tensor cotangent = site.Shared && readsExamples ? Examples.Spread(site.Cotangent, axis, site.Examples) : site.Cotangent;
        return Reduce(site, axis, elementwise.VjpUnreduced(site.Operand, cotangent, site.Point));
    }

    // Each example's mask is summed once, and then met by the rows.
    private static Tensor Masked(UseSite site, BatchAxis axis, Elementwise elementwise, Tensor mask)
    {
        using Tensor local = elementwise.VjpUnreduced(site.Operand, mask.unsqueeze(0), site.Point), sums = Reduce(site, axis, local);
        Tensor rows = site.Cotangent;
        foreach (int summed in Summed(site.ParameterShape, (int)rows.dim() - 1))
        {
            rows = rows.narrow(summed + 1, 0, 1);
        }
        return rows.reshape([rows.shape[0], 1, .. site.ParameterShape]) * sums;
    }

    // The axes, counted without the rows, that a parameter of such a shape is broadcast along.
    private static IEnumerable<int> Summed(long[] parameter, int rank) => Enumerable.Range(0, rank).Where(i => i < rank - parameter.Length || parameter[i - rank + parameter.Length] == 1);

    private static Tensor Reduce(UseSite site, BatchAxis axis, Tensor rows)
    {
        long[] shape = rows.shape, own = site.ParameterShape;
        long examples = shape[axis.Axis + 1] / (axis.Outer * axis.Inner);
        int[] summed = Summed(own, shape.Length - 1).Union([axis.Axis]).ToArray();
        int[] kept = Enumerable.Range(0, shape.Length - 1).Except(summed).ToArray();
        using Tensor arranged = Examples.Arrange(rows, 1, axis, examples, summed, kept);
        using Tensor sum = arranged.sum(2);
        return sum.reshape([shape[0], examples, .. own]);
    }

    private static Tensor ExampleByExample(UseSite site, Pull pull)
    {
        if (site.Unit is not { } unit)
        {
            return WithTheOthersSilent(site, pull);
        }
        var rows = new Tensor[site.Examples];
        for (long n = 0; n < site.Examples; n++)
        {
            using Tensor cotangent = Examples.Pick(site.Cotangent, 1, site.OutputAxis, site.CotangentExamples, site.Shared ? 0 : n);
            var operands = new Tensor?[site.OperandAxes.Length];
            for (int i = 0; i < operands.Length; i++)
            {
                operands[i] = unit.Constants[i] ?? (site.Point.Operands[i] is { } value ? Examples.Pick(value, 0, site.OperandAxes[i], site.Examples, n) : null);
            }
            Tensor? output = site.Point.Output is { } result ? Examples.Pick(result, 0, site.OutputAxis, site.Examples, n) : null;
            rows[n] = pull(unit.Primitive, site.Operand, cotangent, new Point(operands, output, unit.OperandTypes, unit.OutputType));
        }
        return stack(rows, 1);
    }

    // Without the program of one example: all of them, their cotangents zero but for one.
    private static Tensor WithTheOthersSilent(UseSite site, Pull pull)
    {
        BatchAxis axis = site.OutputAxis!.Value;
        Tensor cotangent = site.Shared ? Examples.Spread(site.Cotangent, axis, site.Examples) : site.Cotangent;
        long[] shape = cotangent.shape;
        var rows = new Tensor[site.Examples];
        for (long n = 0; n < site.Examples; n++)
        {
            Tensor only = zeros_like(cotangent);
            long[] wide = [.. shape[..(axis.Axis + 1)], axis.Outer, site.Examples, axis.Inner, .. shape[(axis.Axis + 2)..]];
            only.view(wide).narrow(axis.Axis + 2, n, 1).copy_(cotangent.reshape(wide).narrow(axis.Axis + 2, n, 1));
            rows[n] = pull(site.Primitive, site.Operand, only, site.Point);
        }
        return stack(rows, 1);
    }
}
