using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>Python's <c>x[a:b, …, None, i]</c> as files of Keras write it.</summary>
internal static class Slicing
{
    /// <summary>Applies an index expression.</summary>
    public static Value Index(Value x, object? key)
    {
        object?[] items = key is List<object?> list && !IsSlice(key) ? list.ToArray() : [key];
        int named = items.Count(i => !IsEllipsis(i) && !IsNewAxis(i));
        int axis = 0;
        foreach (object? item in items)
        {
            switch (item)
            {
                case var _ when IsNewAxis(item):
                    x = Lax.ExpandDims(x, axis++);
                    break;
                case var _ when IsEllipsis(item):
                    axis += x.Rank - axis - Remaining(items, item);
                    break;
                case long index:
                    x = Lax.Index(x, axis, index);
                    break;
                case Flow { Value: { } value } when value.IsKnown() && value.Rank == 0:
                    x = Lax.Index(x, axis, (long)value.KnownScalar());
                    break;
                case Flow { Value: { } value } when named == 1:
                    x = Lax.Gather(x, value, axis);
                    break;
                default:
                    (long? start, long? stop, long? step) = Bounds(item);
                    x = Range(x, axis++, start, stop, step ?? 1);
                    break;
            }
        }
        return x;
    }

    private static int Remaining(object?[] items, object? ellipsis) =>
        items.SkipWhile(i => !ReferenceEquals(i, ellipsis)).Skip(1).Count(i => !IsNewAxis(i));

    private static Value Range(Value x, int axis, long? start, long? stop, long step)
    {
        long size = x.Shape[axis];
        if (step < 0)
        {
            long last = start is null ? size - 1 : Math.Min(start < 0 ? start.Value + size : start.Value, size - 1), end = stop is null ? -1 : Math.Max(stop < 0 ? stop.Value + size : stop.Value, -1);
            long taken = Math.Max(0, (last - end - step - 1) / -step);
            return taken == 0 ? Lax.SliceAxis(x, axis, 0, 0) : Lax.Reverse(Lax.SliceAxis(x, axis, last + ((taken - 1) * step), taken, -step), axis);
        }
        long from = Math.Clamp(start is null ? 0 : start < 0 ? start.Value + size : start.Value, 0, size), to = Math.Clamp(stop is null ? size : stop < 0 ? stop.Value + size : stop.Value, 0, size);
        return Lax.SliceAxis(x, axis, from, Math.Max(0, (to - from + step - 1) / step), step);
    }

    // {"start": …, "stop": …, "step": …} of Keras 2, {"class_name": "__slice__"} of Keras 3.
    private static (long? Start, long? Stop, long? Step) Bounds(object? item)
    {
        static long? Whole(object? value) => value switch
        {
            null => null,
            long whole => whole,
            Flow { Value: { } known } when known.IsKnown() => (long)known.KnownScalar(),
            _ => throw new ShapeException("an index depends on the data"),
        };
        if (item is Dictionary<string, object?> map)
        {
            if (map.TryGetValue("config", out object? config) && config is Dictionary<string, object?> inner)
            {
                map = inner;
            }
            if (map.TryGetValue("value", out object? value) && value is List<object?> { Count: 3 } three)
            {
                return (Whole(three[0]), Whole(three[1]), Whole(three[2]));
            }
            if (map.ContainsKey("start") || map.ContainsKey("stop") || map.ContainsKey("step"))
            {
                return (Whole(map.GetValueOrDefault("start")), Whole(map.GetValueOrDefault("stop")), Whole(map.GetValueOrDefault("step")));
            }
        }
        throw new ShapeException("an index of this kind is not supported");
    }

    private static bool IsSlice(object? key) => key is Dictionary<string, object?>;

    private static bool IsNewAxis(object? item) => item is null || item is Dictionary<string, object?> map && map.GetValueOrDefault("class_name") is "__none__";

    private static bool IsEllipsis(object? item) => item is "..." or "Ellipsis" ||
        item is Dictionary<string, object?> map && (map.GetValueOrDefault("class_name") is "__ellipsis__" || map.GetValueOrDefault("type") is "ellipsis");
}
