using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Protos;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>A list of tensors; never changed, as TensorFlow's lists are values too.</summary>
/// <param name="Items">The elements; null where none was written.</param>
/// <param name="Type">The elements' type.</param>
/// <param name="ElementShape">The elements' sizes, −1 where unknown; null when the rank is unknown.</param>
internal sealed record TensorList(IReadOnlyList<Value?> Items, ScalarType Type, long[]? ElementShape)
{
    /// <summary>The number of elements.</summary>
    public int Count => Items.Count;

    /// <summary>The list with one element replaced.</summary>
    public TensorList With(long index, Value item)
    {
        if (index < 0 || index >= Count)
        {
            throw new ShapeException($"index {index} of a list of {Count}");
        }
        var items = Items.ToArray();
        items[index] = item;
        return this with { Items = items };
    }

    /// <summary>The list with other elements.</summary>
    public TensorList Of(IEnumerable<Value?> items) => this with { Items = items.ToArray() };

    /// <summary>An element; one never written is zero.</summary>
    public Value At(Trace trace, long index, long[]? shape = null)
    {
        if (index < 0 || index >= Count)
        {
            throw new ShapeException($"index {index} of a list of {Count}");
        }
        return Items[(int)index] ?? trace.Constant(tensor(0.0, Type).expand(ZeroShape(shape)));
    }

    /// <summary>All elements; those never written are zero.</summary>
    public Value[] All(Trace trace, long[]? shape = null) => Enumerable.Range(0, Count).Select(i => At(trace, i, shape)).ToArray();

    /// <summary>Element by element of two lists; what neither has is left out.</summary>
    public TensorList Combine(TensorList other, Func<Value, Value, Value> function) =>
        Of(Items.Zip(other.Items, (a, b) => a is null || b is null ? a ?? b : function(a, b)));

    private long[] ZeroShape(long[]? asked)
    {
        foreach (long[]? shape in new[] { Items.FirstOrDefault(i => i is not null)?.Shape, asked, ElementShape })
        {
            if (shape is not null && shape.All(d => d >= 0))
            {
                return shape;
            }
        }
        throw new ShapeException("an element of a list is read before it is written, and its shape is unknown");
    }
}

/// <summary>TF 2's lists of tensors, which loops collect their results in.</summary>
internal static class ListOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("TensorListReserve", c => Empty(c, 0, c.KnownInt(1))), new("EmptyTensorList", c => Empty(c, 0, 0)),
        new("TensorListFromTensor", c => FromValues(Lax.Unstack(c[0], 0), c[0].DType, c[0].Shape[1..])),
        new("TensorListStack", Stack), new("TensorListConcat", c => Concat(c, null), "tensor", "lengths"),
        new("TensorListConcatV2", c => Concat(c, Sizes(c, 1)), "tensor", "lengths"),
        new("TensorListSplit", c => FromValues(Lax.Split(c[0], 0, c.Known(2)), c[0].DType, null)),
        new("TensorListGetItem", c => c[1].IsKnown() ? List(c).At(c.Trace, c.KnownInt(1), Sizes(c, 2)) : Lax.Gather(Lax.Stack(List(c).All(c.Trace, Sizes(c, 2)), 0), c[1], 0)),
        new("TensorListSetItem", SetItem),
        new("TensorListPushBack", c => List(c).Of(List(c).Items.Append(c[1]))),
        new("TensorListPopBack", c => OpResult.Of(List(c).Of(List(c).Items.SkipLast(1)), List(c).At(c.Trace, List(c).Count - 1, Sizes(c, 1))), "output_handle", "tensor"),
        new("TensorListLength", c => c.Trace.Constant(tensor(List(c).Count, ScalarType.Int32))),
        new("TensorListResize", c => Resize(List(c), c.KnownInt(1))),
        new("TensorListElementShape", c => c.Trace.Constant(tensor(List(c).ElementShape ?? [-1], ScalarType.Int64).to(c.Type("shape_type", DataType.DtInt32)))),
        new("TensorListGather", c => Lax.Stack(c.Known(1).Select(i => List(c).At(c.Trace, i, Sizes(c, 2))).ToArray(), 0)),
        new("TensorListScatter", c => Scatter(FromValues([], c[0].DType, null), c[0], c.Known(1), -1)),
        new("TensorListScatterV2", c => Scatter(FromValues([], c[0].DType, null), c[0], c.Known(1), c.KnownInt(3))),
        new("TensorListScatterIntoExistingList", c => Scatter(List(c), c[1], c.Known(2), -1)),
        new("TensorListConcatLists", c => List(c).Of([.. List(c).Items, .. c.Handle<TensorList>(1).Items])),
    ];

    /// <summary>A list of values.</summary>
    public static TensorList FromValues(IReadOnlyList<Value> values, ScalarType type, long[]? shape) => new(values, type, shape);

    /// <summary>A list whose elements are not yet written.</summary>
    public static TensorList Unwritten(int count, ScalarType type, long[]? shape) => new(new Value?[count], type, shape);

    /// <summary>A list made longer or shorter.</summary>
    public static TensorList Resize(TensorList list, int count) => list.Of(Enumerable.Range(0, count).Select(i => i < list.Count ? list.Items[i] : null));

    /// <summary>A list with the slices of a value written at indices.</summary>
    public static TensorList Scatter(TensorList list, Value slices, long[] indices, int count)
    {
        int needed = (int)Math.Max(count, indices.Length == 0 ? 0 : indices.Max() + 1);
        if (needed > list.Count)
        {
            list = Resize(list, needed);
        }
        Value[] parts = Lax.Unstack(slices, 0);
        for (int i = 0; i < indices.Length; i++)
        {
            list = list.With(indices[i], parts[i]);
        }
        return list;
    }

    private static TensorList List(OpContext c) => c.Handle<TensorList>(0);

    private static TensorList Empty(OpContext c, int shapeInput, int count)
    {
        // A list of lists holds no numbers itself.
        ScalarType type = c.FileType("element_dtype", DataType.DtFloat) is { } file ? c.Trace.TypeOf(file) : throw OpContext.Unsupported("a list of lists");
        return Unwritten(count, type, Sizes(c, shapeInput));
    }

    // An element shape is a vector, or −1 when the rank is unknown.
    private static long[]? Sizes(OpContext c, int input) => input >= c.Count || !c[input].IsKnown() || c[input].Rank == 0 ? null : c.Known(input);

    private static OpResult Stack(OpContext c)
    {
        _ = c.Int("num_elements", -1);
        TensorList list = List(c);
        if (list.Count > 0)
        {
            return Lax.Stack(list.All(c.Trace, Sizes(c, 1)), 0);
        }
        long[] shape = Sizes(c, 1) ?? list.ElementShape ?? [];
        return c.Trace.Constant(zeros([0, .. shape.Select(d => Math.Max(d, 0))], list.Type));
    }

    private static OpResult SetItem(OpContext c)
    {
        TensorList list = List(c);
        bool grows = c.Bool("resize_if_index_out_of_bounds");
        if (!c[1].IsKnown())
        {
            // Every element may be the one that is written.
            return list.Of(list.All(c.Trace, c[2].Shape).Select((item, i) => Lax.Select(Lax.Equal(c[1], Lax.ScalarLike(c[1], i)), c[2], item)).ToArray());
        }
        int index = c.KnownInt(1);
        return (grows && index >= list.Count ? Resize(list, index + 1) : list).With(index, c[2]);
    }

    private static OpResult Concat(OpContext c, long[]? shape)
    {
        TensorList list = List(c);
        Value[] parts = list.All(c.Trace, shape);
        Value lengths = c.Trace.Integers(parts.Select(p => p.Shape[0]).ToArray());
        return new[] { parts.Length == 0 ? c.Trace.Constant(zeros([0], list.Type)) : Lax.Concat(parts, 0), lengths };
    }
}
