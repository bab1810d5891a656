using Ntk.Core.Autodiff.Primitives;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <summary>How a resized image's elements come from the original's.</summary>
public enum Interpolation
{
    /// <summary>The nearest element.</summary>
    Nearest,
    /// <summary>A line between the two nearest.</summary>
    Linear,
    /// <summary>A cubic through the four nearest.</summary>
    Cubic,
    /// <summary>The mean over the area.</summary>
    Area,
}

/// <content>Resizing along an axis, with TensorFlow's three conventions of where an element lies.</content>
public static partial class Lax
{
    // TensorFlow looks the cubic's weights up in a table of this size.
    private const int CubicSteps = 1024;

    /// <summary>One axis resized; a linear map of the axis, so two axes take two calls.</summary>
    /// <param name="x">The image.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="size">Its new size.</param>
    /// <param name="interpolation">How.</param>
    /// <param name="alignCorners">Whether the first and last elements' centers stay in place.</param>
    /// <param name="halfPixelCenters">Whether elements are areas with centers at one half.</param>
    public static Value Resize(Value x, int axis, long size, Interpolation interpolation, bool alignCorners = false, bool halfPixelCenters = false)
    {
        axis = Shapes.Axis(axis, x.Rank);
        long from = x.Shape[axis];
        if (from == 0 || size < 1)
        {
            throw new ShapeException($"resizing an axis from {from} to {size}");
        }
        float scale = Scale(from, size, alignCorners);
        float Place(long i) => Lax.Place(i, scale, halfPixelCenters);
        if (interpolation == Interpolation.Nearest)
        {
            var index = new long[size];
            for (long i = 0; i < size; i++)
            {
                float place = halfPixelCenters ? (i + 0.5f) * scale : i * scale;
                index[i] = Math.Clamp((long)(alignCorners ? MathF.Round(place, MidpointRounding.AwayFromZero) : MathF.Floor(place)), 0, from - 1);
            }
            bool whole = size % from == 0 && index.Select((k, i) => k == i / (size / from)).All(same => same);
            return whole ? Repeat(x, axis, size / from) : Gather(x, x.Trace.Integers(index), axis);
        }
        if (size == from && interpolation != Interpolation.Cubic)
        {
            return x;
        }
        var weights = new double[size, from];
        for (long i = 0; i < size; i++)
        {
            foreach ((long k, float w) in interpolation switch
            {
                Interpolation.Linear => LinearWeights(Place(i), from),
                Interpolation.Cubic => CubicWeights(Place(i), from, halfPixelCenters),
                _ => AreaWeights(i, scale),
            })
            {
                weights[i, Math.Clamp(k, 0, from - 1)] += w;
            }
        }
        return Weighted(x, axis, weights);
    }

    /// <summary>Images (N, H, W, C) of float64 resized linearly, rounded to float32 as in TensorFlow, whose op for this has no other result.</summary>
    /// <param name="x">The images.</param>
    /// <param name="height">Their new height.</param>
    /// <param name="width">Their new width.</param>
    /// <param name="alignCorners">Whether the first and last elements' centers stay in place.</param>
    /// <param name="halfPixelCenters">Whether elements are areas with centers at one half.</param>
    public static Value ResizeRounded(Value x, long height, long width, bool alignCorners = false, bool halfPixelCenters = false)
    {
        LinearPlaces Places(long from, long size)
        {
            if (from == 0 || size < 1)
            {
                throw new ShapeException($"resizing an axis from {from} to {size}");
            }
            float scale = Scale(from, size, alignCorners);
            float[] places = Enumerable.Range(0, (int)size).Select(i => Place(i, scale, halfPixelCenters)).ToArray();
            return new LinearPlaces(from, Array.ConvertAll(places, p => Math.Max(0, (long)MathF.Floor(p))), Array.ConvertAll(places, p => Math.Min(from - 1, (long)MathF.Ceiling(p))),
                Array.ConvertAll(places, p => p - MathF.Floor(p)));
        }
        return x.Trace.Apply(new BilinearResize(Places(x.Shape[1], height), Places(x.Shape[2], width)), x);
    }

    /// <summary>An axis whose new elements are weighted sums of the old ones.</summary>
    /// <param name="x">The value.</param>
    /// <param name="axis">The axis.</param>
    /// <param name="weights">(new size, old size)</param>
    public static Value Weighted(Value x, int axis, double[,] weights)
    {
        axis = Shapes.Axis(axis, x.Rank);
        Value matrix = x.Trace.Constant(ToTensor(weights, x.DType));
        // (other axes, size) → the axis back in its place
        return MoveAxis(DotGeneral(x, matrix, [axis], [1]), -1, axis);
    }

    // TensorFlow computes places in float32, and so decides what is nearest.
    private static float Scale(long from, long size, bool alignCorners) => alignCorners && size > 1 ? (from - 1) / (float)(size - 1) : from / (float)size;

    private static float Place(long i, float scale, bool halfPixelCenters) => halfPixelCenters ? ((i + 0.5f) * scale) - 0.5f : i * scale;

    private static Tensor ToTensor(double[,] values, ScalarType type) => tensor(values, ScalarType.Float64).to(type);

    private static (long, float)[] LinearWeights(float place, long from)
    {
        float floor = MathF.Floor(place), between = place - floor;
        return [((long)floor, 1 - between), (Math.Min((long)MathF.Ceiling(place), from - 1), between)];
    }

    // Keys' cubic with a = −1/2 leaves out what lies outside; the older one with a = −3/4 repeats the edge.
    private static (long, float)[] CubicWeights(float place, long from, bool keys)
    {
        float a = keys ? -0.5f : -0.75f;
        long at = (long)MathF.Floor(place);
        float x = MathF.Round((place - at) * CubicSteps, MidpointRounding.ToEven) / CubicSteps;
        float Near(float t) => ((((a + 2) * t) - (a + 3)) * t * t) + 1;
        float Far(float t) => ((((a * (t + 1)) - (5 * a)) * (t + 1)) + (8 * a)) * (t + 1) - (4 * a);
        (long Index, float Weight)[] weights = [(at - 1, Far(x)), (at, Near(x)), (at + 1, Near(1 - x)), (at + 2, Far(1 - x))];
        if (!keys)
        {
            return weights;
        }
        weights = Array.FindAll(weights, w => w.Index >= 0 && w.Index < from);
        float sum = weights.Sum(w => w.Weight);
        return Array.ConvertAll(weights, w => (w.Index, w.Weight / sum));
    }

    private static IEnumerable<(long, float)> AreaWeights(long i, float scale)
    {
        float low = i * scale, high = (i + 1) * scale;
        for (long k = (long)MathF.Floor(low); k < (long)MathF.Ceiling(high); k++)
        {
            yield return (k, (Math.Min(k + 1, high) - Math.Max(k, low)) / scale);
        }
    }
}
