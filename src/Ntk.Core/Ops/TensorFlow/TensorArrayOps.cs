using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Protos;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>
/// TF 1's arrays of tensors. TensorFlow keeps the elements behind the handle and passes a scalar, the flow, from one change to the next;
/// here the flow carries the elements.
/// </summary>
internal static class TensorArrayOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("TensorArrayV3", Create, "handle", "flow"),
        new("TensorArrayWriteV3", c => Grow(Flow(c, 3), c.KnownInt(1)).With(c.KnownInt(1), c[2])),
        new("TensorArrayReadV3", c => Flow(c, 2).At(c.Trace, c.KnownInt(1))),
        new("TensorArrayGatherV3", Gather),
        new("TensorArrayScatterV3", c => ListOps.Scatter(Flow(c, 3), c[2], c.Known(1), -1)),
        new("TensorArraySizeV3", c => c.Trace.Constant(tensor(Flow(c, 1).Count, ScalarType.Int32))),
        new("TensorArrayConcatV3", Concat, "value", "lengths"),
        new("TensorArraySplitV3", c => Flow(c, 3).Of(Lax.Split(c[1], 0, c.Known(2)))),
        new("TensorArrayCloseV3", _ => OpResult.Of()),
    ];

    private static TensorList Flow(OpContext c, int input) => c.Handle<TensorList>(input);

    // TensorArrayV3(size; dtype, element_shape)
    private static OpResult Create(OpContext c)
    {
        long[]? shape = c.Shape("element_shape")?.Select(d => (long)d).ToArray();
        TensorList list = ListOps.Unwritten(c.KnownInt(0), c.Type("dtype", DataType.DtFloat), shape);
        return OpResult.Of(c.Node, list);
    }

    private static TensorList Grow(TensorList list, int index) => index < list.Count ? list : ListOps.Resize(list, index + 1);

    private static OpResult Gather(OpContext c)
    {
        long[] indices = c.Known(1);
        TensorList list = Flow(c, 2);
        return indices.Length > 0 ? Lax.Stack(indices.Select(i => list.At(c.Trace, i)).ToArray(), 0)
            : c.Trace.Constant(zeros([0, .. (list.ElementShape ?? []).Select(d => Math.Max(d, 0))], list.Type));
    }

    private static OpResult Concat(OpContext c)
    {
        Value[] parts = Flow(c, 1).All(c.Trace);
        return new[] { Lax.Concat(parts, 0), c.Trace.Integers(parts.Select(p => p.Shape[0]).ToArray()) };
    }
}
