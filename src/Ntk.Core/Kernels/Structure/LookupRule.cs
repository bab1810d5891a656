using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels.Structure;

/// <summary>
/// A table looked up along its first axis (embeddings): the activation is one-hot and is kept as the row's index, so that a large vocabulary costs
/// what the batch's words cost.
/// </summary>
internal sealed class LookupRule : StructureRule
{
    public static readonly LookupRule Instance = new();

    public override UseShape Shape(Primitive primitive, int operand, TensorType[] types, TensorType output, BatchAxis?[] axes, BatchAxis? outputAxis, long examples)
    {
        int axis = ((Gather)primitive).Axis;
        long rows = types[0].Shape[axis];
        return new UseShape(1, types[1].Count / (outputAxis is null ? 1 : examples), rows, types[0].Count / Math.Max(1, rows), $"{axis}", IsLookup: true);
    }

    public override FactoredUse Apply(UseSite site)
    {
        int axis = ((Gather)site.Primitive).Axis;
        long[] table = site.ParameterShape;
        int lookups = site.Point.OperandTypes[1].Rank;
        int[] positions = Enumerable.Range(0, lookups).ToArray(), looked = Enumerable.Range(axis, lookups).ToArray();
        int[] rest = Enumerable.Range(0, site.Point.OutputType.Rank).Except(looked).ToArray();
        using Tensor indices = site.Point[1].to(ScalarType.Int64);
        Tensor activation = Examples.Arrange(indices, 0, site.OperandAxes[1], site.OperandAxes[1] is null ? 1 : site.Examples, positions);
        Tensor cotangent = Examples.Arrange(site.Cotangent, 1, site.OutputAxis, site.CotangentExamples, [], looked, rest);
        // (V, rest) against the table's own order.
        int[] listed = [axis, .. Enumerable.Range(0, table.Length).Where(a => a != axis)];
        var order = new int[table.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[listed[i]] = i;
        }
        return new FactoredUse(activation, cotangent, new ParameterLayout(Array.ConvertAll(listed, a => table[a]), order, 1),
            Shape(site));
    }
}
