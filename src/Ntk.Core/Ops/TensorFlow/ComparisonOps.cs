using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Protos;
using static Ntk.Core.Ops.TensorFlow.ElementwiseOps;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Comparisons, logic and choices.</summary>
internal static class ComparisonOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("Equal", c => Equality(c, Lax.Equal)), new("NotEqual", c => Equality(c, Lax.NotEqual)),
        Two("Less", Lax.Less), Two("LessEqual", Lax.LessEqual), Two("Greater", Lax.Greater), Two("GreaterEqual", Lax.GreaterEqual),
        new("ApproximateEqual", c => Lax.Less(Lax.Abs(c[0] - c[1]), Lax.ScalarLike(c[0], c.Float("tolerance", 1e-5f)))),
        new("ToBool", c => c[0].Rank > 0 ? c.Trace.Constant(tensor(c[0].Type.Count > 0)) : Lax.NotEqual(c[0], Lax.ScalarLike(c[0], 0))),
        Two("LogicalAnd", Lax.And), Two("LogicalOr", Lax.Or), One("LogicalNot", Lax.Not), Two("LogicalXor", Lax.Xor),
        One("IsFinite", Lax.IsFinite), One("IsNan", Lax.IsNan), One("IsInf", Lax.IsInf),
        new("Select", Select), new("SelectV2", c => Lax.Select(c[0], c[1], c[2])),
        new("Bucketize", Bucketize), new("LowerBound", c => Bound(c, Lax.Less)), new("UpperBound", c => Bound(c, Lax.LessEqual)),
        new("InTopK", c => InTopK(c, (int)c.Int("k", 1))), new("InTopKV2", c => InTopK(c, c.KnownInt(2))),
    ];

    private static OpResult Equality(OpContext c, Func<Value, Value, Value> compare)
    {
        bool strict = c.Bool("incompatible_shape_error", true);
        try
        {
            return compare(c[0], c[1]);
        }
        catch (ShapeException) when (!strict)
        {
            // Tensors of incompatible shapes are simply not equal.
            return c.Trace.Constant(tensor(c.Node.Op == "NotEqual"));
        }
    }

    // Select(condition, t, e) without broadcasting: a vector condition chooses whole rows.
    private static OpResult Select(OpContext c)
    {
        Value condition = c[0];
        if (condition.Rank == 1 && c[1].Rank > 1)
        {
            condition = Lax.Reshape(condition, [condition.Shape[0], .. Enumerable.Repeat(1L, c[1].Rank - 1)]);
        }
        return Lax.Select(condition, c[1], c[2]);
    }

    // Bucketize(x; boundaries): how many boundaries are not above x.
    private static OpResult Bucketize(OpContext c)
    {
        double[] boundaries = c.Floats("boundaries");
        Value x = Lax.Cast(c[0], c.Trace.FloatType);
        Value limits = c.Trace.Constant(tensor(boundaries, c.Trace.FloatType));
        Value hit = Lax.GreaterEqual(Lax.ExpandDims(x, -1), limits);
        return Lax.Sum(Lax.Cast(hit, ScalarType.Int32), [-1]);
    }

    // LowerBound/UpperBound(sorted (B, M), values (B, N)): how many sorted elements lie before each value.
    private static OpResult Bound(OpContext c, Func<Value, Value, Value> before)
    {
        Value hit = before(Lax.ExpandDims(c[0], 1), Lax.ExpandDims(c[1], 2));
        return Lax.Sum(Lax.Cast(hit, c.Type("out_type", DataType.DtInt32)), [2]);
    }

    // InTopK(predictions (N, C), targets (N)): whether fewer than k predictions exceed the target's.
    private static OpResult InTopK(OpContext c, int k)
    {
        Value own = Lax.Gather(c[0], c[1], 1, 1);
        Value above = Lax.Sum(Lax.Cast(Lax.Greater(c[0], Lax.ExpandDims(own, 1)), ScalarType.Int32), [1]);
        return Lax.And(Lax.Less(above, Lax.ScalarLike(above, k)), Lax.IsFinite(own));
    }
}
