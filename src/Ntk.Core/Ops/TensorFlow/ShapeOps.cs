using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Protos;
using static Ntk.Core.Ops.TensorFlow.ElementwiseOps;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Shapes, and the same elements under other shapes.</summary>
internal static class ShapeOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("Shape", c => Shape(c, c[0])), new("ShapeN", c => c.Values().Select(v => Shape(c, v)).ToArray()),
        new("Size", c => c.Trace.Constant(tensor(c[0].Type.Count, c.Type("out_type", DataType.DtInt32)))),
        new("Rank", c => c.Trace.Constant(tensor(c[0].Rank, ScalarType.Int32))),
        new("Reshape", c => Lax.Reshape(c[0], Sizes(c[0], c.Known(1)))),
        new("ExpandDims", c => Lax.ExpandDims(c[0], c.KnownInt(1))),
        new("Squeeze", Squeeze),
        new("Transpose", c => Lax.Transpose(c[0], Permutation(c))),
        new("ConjugateTranspose", c => Lax.Conjugate(Lax.Transpose(c[0], Permutation(c)))),
        new("BroadcastTo", c => Lax.BroadcastTo(c[0], c.Known(1))),
        new("BroadcastArgs", c => Vector(c[0], Shapes.Broadcast(c.Known(0), c.Known(1)))),
        new("EnsureShape", EnsureShape),
        new("InvertPermutation", InvertPermutation), new("UnravelIndex", UnravelIndex), new("ConcatOffset", ConcatOffset),
    ];

    /// <summary>Sizes as a known vector.</summary>
    public static Value Vector(Value like, long[] sizes) => like.Trace.Constant(tensor(sizes, ScalarType.Int64).to(like.DType));

    // Lax fills in one size of −1; TensorFlow forbids what does not divide.
    private static long[] Sizes(Value x, long[] sizes)
    {
        if (sizes.Count(s => s == -1) > 1 || sizes.Any(s => s < -1))
        {
            throw new ShapeException($"the shape {Shapes.Format(sizes)} has more than one free size");
        }
        return sizes;
    }

    private static Value Shape(OpContext c, Value x) => c.Trace.Constant(tensor(x.Shape, ScalarType.Int64).to(c.Type("out_type", DataType.DtInt32)));

    private static OpResult Squeeze(OpContext c)
    {
        // The attribute is called squeeze_dims; axis is Python's name of it.
        long[] axes = c.Ints("squeeze_dims");
        return Lax.Squeeze(c[0], axes.Length == 0 ? c.Ints("axis") : axes);
    }

    private static int[] Permutation(OpContext c) => Array.ConvertAll(c.Known(1), a => Shapes.Axis(a, c[0].Rank));

    private static OpResult EnsureShape(OpContext c)
    {
        int[]? shape = c.Shape("shape");
        if (shape is not null && (shape.Length != c[0].Rank || shape.Where((d, i) => d >= 0 && d != c[0].Shape[i]).Any()))
        {
            throw new ShapeException($"the graph wants the shape {NtkShape.Format(shape)} here, this is {Shapes.Format(c[0].Shape)}");
        }
        return c[0];
    }

    private static OpResult InvertPermutation(OpContext c)
    {
        long[] order = c.Known(0), inverse = new long[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            inverse[order[i]] = i;
        }
        return Vector(c[0], inverse);
    }

    // UnravelIndex(indices, dims) → (dims, …indices)
    private static OpResult UnravelIndex(OpContext c)
    {
        long[] dims = c.Known(1);
        var parts = new Value[dims.Length];
        Value rest = c[0];
        for (int i = dims.Length - 1; i >= 0; i--)
        {
            Value size = Lax.ScalarLike(rest, dims[i]);
            parts[i] = Lax.FloorMod(rest, size);
            rest = Lax.FloorDivide(rest, size);
        }
        return Lax.Stack(parts, 0);
    }

    // ConcatOffset(axis, shapes…): where each piece begins in the whole.
    private static OpResult ConcatOffset(OpContext c)
    {
        int axis = Shapes.Axis(c.KnownInt(0), c.Known(1).Length);
        long offset = 0;
        return Enumerable.Range(1, c.Count - 1).Select(i =>
        {
            long[] shape = c.Known(i), begin = new long[shape.Length];
            begin[axis] = offset;
            offset += shape[axis];
            return Vector(c[i], begin);
        }).ToArray();
    }
}
