using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels.Structure;

/// <summary>
/// A parameter in a product (dense layers, einsum, attention projections): C are the product's batch axes, I the contracted ones, J the parameter's
/// own, S whatever else the data has.
/// </summary>
internal sealed class DotRule : StructureRule
{
    public static readonly DotRule Instance = new();

    public override UseShape Shape(Primitive primitive, int operand, TensorType[] types, TensorType output, BatchAxis?[] axes, BatchAxis? outputAxis, long examples)
    {
        var dot = (DotGeneral)primitive;
        TensorType own = types[operand], other = types[1 - operand];
        long blocks = Size(own, dot.BatchAxes(operand)), inner = Size(own, dot.Contracted(operand)), outer = Size(own, dot.Free(operand, own.Rank));
        long positions = Size(other, dot.Free(1 - operand, other.Rank)) / (outputAxis is null ? 1 : examples);
        return new UseShape(blocks, positions, inner, outer, string.Join(',', Listed(dot, operand, own.Rank)));
    }

    public override FactoredUse Apply(UseSite site)
    {
        var dot = (DotGeneral)site.Primitive;
        int operand = site.Operand, other = 1 - operand;
        TensorType own = site.Point.OperandTypes[operand], data = site.Point.OperandTypes[other];
        int[] ownFree = dot.Free(operand, own.Rank), dataFree = dot.Free(other, data.Rank);
        int batch = dot.BatchAxes(0).Length;
        int[] blockAxes = Range(0, batch);
        int[] ownAxes = Range(batch + (operand == 0 ? 0 : dataFree.Length), ownFree.Length), dataAxes = Range(batch + (operand == 0 ? ownFree.Length : 0), dataFree.Length);
        // Contracted axes are listed pair by pair, so the data's order is the parameter's.
        Tensor activation = Examples.Arrange(site.Point[other], 0, site.OperandAxes[other], site.Examples, dot.BatchAxes(other), dataFree, dot.Contracted(other));
        Tensor cotangent = Examples.Arrange(site.Cotangent, 1, site.OutputAxis, site.CotangentExamples, blockAxes, dataAxes, ownAxes);
        int[] listed = Listed(dot, operand, own.Rank);
        var order = new int[own.Rank];
        for (int i = 0; i < order.Length; i++)
        {
            order[listed[i]] = i;
        }
        var layout = new ParameterLayout(Array.ConvertAll(listed, a => own.Shape[a]), order, own.Rank - ownFree.Length);
        Tensor? mask = site.Mask is null ? null : Examples.Arrange(site.Mask, 0, site.OutputAxis, site.Examples, [.. blockAxes, .. dataAxes, .. ownAxes]);
        return new FactoredUse(activation, cotangent, layout,
            Shape(site), mask);
    }

    // The parameter's axes as they lie in (C, I, J).
    private static int[] Listed(DotGeneral dot, int operand, int rank) => [.. dot.BatchAxes(operand), .. dot.Contracted(operand), .. dot.Free(operand, rank)];

    private static long Size(TensorType type, int[] axes) => axes.Aggregate(1L, (n, a) => n * type.Shape[a]);

    private static int[] Range(int start, int count) => Enumerable.Range(start, count).ToArray();
}
