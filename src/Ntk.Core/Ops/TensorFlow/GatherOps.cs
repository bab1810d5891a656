using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Reading and writing at indices.</summary>
internal static class GatherOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("Gather", c => Lax.Gather(c[0], c[1], 0)),
        new("GatherV2", c => Gather(c, c[0], c.KnownInt(2))),
        new("ResourceGather", c => Gather(c, c.Tracer.Parameter(c.Handle<VariableHandle>(0)), (int)c.Int("batch_dims", 0))),
        new("GatherNd", c => GatherNd(c, c[0])),
        new("ResourceGatherNd", c => GatherNd(c, c.Tracer.Parameter(c.Handle<VariableHandle>(0)))),
        new("ScatterNd", c => Lax.ScatterNd(c[0], c[1], c.Known(2))),
        new("TensorScatterUpdate", Update),
        new("TensorScatterAdd", c => c[0] + Scatter(c, c[2])),
        new("TensorScatterSub", c => c[0] - Scatter(c, c[2])),
        new("TensorScatterMax", c => Extreme(c, largest: true)),
        new("TensorScatterMin", c => Extreme(c, largest: false)),
        new("ScatterNdNonAliasingAdd", c => c[0] + Scatter(c, c[2])),
        // Rows of the first axis. What else reads x reads it as it was.
        new("InplaceUpdate", c => Replace(c[0], Lax.ExpandDims(c[1], -1), c[2])),
        new("InplaceAdd", c => c[0] + Lax.ScatterNd(Lax.ExpandDims(c[1], -1), c[2], c[0].Shape)), new("InplaceSub", c => c[0] - Lax.ScatterNd(Lax.ExpandDims(c[1], -1), c[2], c[0].Shape)),
        new("SparseToDense", SparseToDense),
    ];

    // GatherV2(params, indices, axis; batch_dims)
    private static OpResult Gather(OpContext c, Value x, int axis)
    {
        int batch = (int)c.Int("batch_dims", 0);
        // Rows of other parts may name places that this table has not: they look at the first.
        return c.Inputs[1] is PartOfRows part && axis == 0 && batch == 0
            ? OpResult.Of(part.With(places => Lax.Gather(x, Lax.Select(part.Own(1), places, Lax.ScalarLike(places, 0)), 0))) : Lax.Gather(x, c[1], axis, batch);
    }

    private static OpResult GatherNd(OpContext c, Value x)
    {
        string policy = c.Text("bad_indices_policy", "");
        return policy is "" or "DEFAULT" or "ERROR" ? Lax.GatherNd(x, c[1], (int)c.Int("batch_dims", 0)) : throw OpContext.Unsupported($"bad_indices_policy = {policy}");
    }

    private static Value Scatter(OpContext c, Value updates)
    {
        CheckPolicy(c);
        return Lax.ScatterNd(c[1], updates, c[0].Shape);
    }

    private static void CheckPolicy(OpContext c)
    {
        string policy = c.Text("bad_indices_policy", "");
        if (policy is not ("" or "DEFAULT" or "ERROR"))
        {
            throw OpContext.Unsupported($"bad_indices_policy = {policy}");
        }
    }

    // TensorScatterUpdate(x, indices, updates): of updates at the same place the last one counts.
    private static OpResult Update(OpContext c)
    {
        CheckPolicy(c);
        return Replace(c[0], c[1], c[2]);
    }

    private static Value Replace(Value x, Value indices, Value updates)
    {
        (indices, updates) = LastOfEach(indices, updates);
        Value touched = Lax.ScatterNd(indices, ArrayOps.Filled(updates, updates.Shape, 1), x.Shape);
        return Lax.Select(Lax.NotEqual(touched, Lax.ScalarLike(touched, 0)), Lax.ScatterNd(indices, updates, x.Shape), x);
    }

    private static (Value Indices, Value Updates) LastOfEach(Value indices, Value updates)
    {
        int depth = (int)indices.Shape[^1], rows = (int)(depth == 0 ? 1 : indices.Type.Count / depth);
        if (!indices.IsKnown() || depth == 0)
        {
            return (indices, updates);
        }
        long[] flat = indices.KnownIntegers();
        var last = new Dictionary<string, long>();
        for (int i = 0; i < rows; i++)
        {
            last[string.Join(",", flat.AsSpan(i * depth, depth).ToArray())] = i;
        }
        if (last.Count == rows)
        {
            return (indices, updates);
        }
        Value kept = indices.Trace.Integers(last.Values.Order().ToArray());
        long[] behind = updates.Shape[(indices.Rank - 1)..];
        return (Lax.Gather(Lax.Reshape(indices, rows, depth), kept, 0), Lax.Gather(Lax.Reshape(updates, [rows, .. behind]), kept, 0));
    }

    private static OpResult Extreme(OpContext c, bool largest)
    {
        CheckPolicy(c);
        Value x = c[0], indices = c[1], updates = c[2];
        int depth = (int)indices.Shape[^1];
        long[] indexed = x.Shape[..depth], behind = x.Shape[depth..];
        long places = Shapes.Count(indexed), rows = indices.Type.Count / Math.Max(depth, 1);
        Value linear = c.Trace.Constant(arange(places, ScalarType.Int64).reshape(indexed));
        Value place = Lax.GatherNd(linear, Lax.Reshape(indices, rows, depth));
        Value best = SegmentOps.Extreme(Lax.Reshape(updates, [rows, .. behind]), place, places, largest);
        best = Lax.Reshape(best, x.Shape);
        return largest ? Lax.Maximum(x, best) : Lax.Minimum(x, best);
    }

    // SparseToDense(indices, shape, values, default)
    private static OpResult SparseToDense(OpContext c)
    {
        long[] shape = c.Known(1);
        Value indices = c[0].Rank == 2 ? c[0] : Lax.Reshape(c[0], c[0].Rank == 0 ? [1, 1] : [c[0].Shape[0], 1]);
        Value values = Lax.BroadcastTo(c[2], indices.Shape[0]);
        return Replace(Lax.BroadcastTo(c[3], shape), indices, values);
    }
}
