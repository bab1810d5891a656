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

/// <summary>How resized images of float64 are rounded to float32.</summary>
public enum ResizeRounding
{
    /// <summary>Not at all.</summary>
    None,
    /// <summary>As by an op that takes float64.</summary>
    Result,
    /// <summary>As by an op that takes float32, and so sums in float32 what it pulls back.</summary>
    Whole,
}

/// <content>Resizing images, with TensorFlow's three conventions of where an element lies.</content>
public static partial class Lax
{
    /// <summary>Images (N, H, W, C) of another height and width.</summary>
    /// <param name="x">The images.</param>
    /// <param name="height">Their new height.</param>
    /// <param name="width">Their new width.</param>
    /// <param name="interpolation">How.</param>
    /// <param name="alignCorners">Whether the first and last elements' centers stay in place.</param>
    /// <param name="halfPixelCenters">Whether elements are areas with centers at one half.</param>
    /// <param name="rounding">How images of float64 are rounded to float32 as in TensorFlow, whose ops have no other result; the nearest element never is.</param>
    public static Value Resize(Value x, long height, long width, Interpolation interpolation, bool alignCorners = false, bool halfPixelCenters = false, ResizeRounding rounding = ResizeRounding.None)
    {
        CheckResize(x, height, width);
        if (interpolation == Interpolation.Nearest)
        {
            return Nearest(Nearest(x, 1, height, alignCorners, halfPixelCenters), 2, width, alignCorners, halfPixelCenters);
        }
        AxisSampling Axis(int axis, long size) => AxisSampling.Of(interpolation, x.Shape[axis], size, alignCorners, halfPixelCenters);
        ResizeKind kind = interpolation switch { Interpolation.Linear => ResizeKind.Linear, Interpolation.Area => ResizeKind.Area, _ => ResizeKind.Cubic };
        return Resize(x, Axis(1, height), Axis(2, width), kind, rounding);
    }

    /// <summary>Images (N, H, W, C) scaled and moved, and sampled with a kernel.</summary>
    /// <param name="x">The images.</param>
    /// <param name="size">Their new height and width.</param>
    /// <param name="kernel">TensorFlow's name of the kernel.</param>
    /// <param name="scale">How much larger the rows and columns become.</param>
    /// <param name="translation">By how much they move afterwards.</param>
    /// <param name="antialias">Whether the kernel widens where the image becomes smaller.</param>
    /// <param name="rounding">How images of float64 are rounded to float32 as in TensorFlow.</param>
    public static Value ScaleAndTranslate(Value x, ReadOnlySpan<long> size, string kernel, ReadOnlySpan<float> scale, ReadOnlySpan<float> translation, bool antialias, ResizeRounding rounding = ResizeRounding.None)
    {
        CheckResize(x, size[0], size[1]);
        return Resize(x, AxisSampling.Of(kernel, x.Shape[1], size[0], scale[0], translation[0], antialias), AxisSampling.Of(kernel, x.Shape[2], size[1], scale[1], translation[1], antialias), ResizeKind.Sampled, rounding);
    }

    private static void CheckResize(Value x, long height, long width)
    {
        if (x.Rank != 4 || x.Shape[1] == 0 || x.Shape[2] == 0 || height < 1 || width < 1)
        {
            throw new ShapeException($"resizing images {Shapes.Format(x.Shape)} to {height} x {width}");
        }
    }

    private static Value Resize(Value x, AxisSampling rows, AxisSampling columns, ResizeKind kind, ResizeRounding rounding) => rounding != ResizeRounding.None && x.DType == ScalarType.Float64
        ? x.Trace.Apply(new RoundedResize(rows, columns, kind, rounding == ResizeRounding.Whole), x)
        : Sampled(Sampled(x, 1, rows), 2, columns);

    // An axis whose new elements are weighted sums of the old ones: (other axes, size) → the axis back in its place.
    private static Value Sampled(Value x, int axis, AxisSampling sampling) => sampling.IsIdentity ? x
        : MoveAxis(DotGeneral(x, x.Trace.Constant(tensor(sampling.Matrix(), ScalarType.Float64).to(x.DType)), [axis], [1]), -1, axis);

    // TensorFlow computes places in float32, and so decides what is nearest.
    private static Value Nearest(Value x, int axis, long size, bool alignCorners, bool halfPixelCenters)
    {
        long from = x.Shape[axis];
        float scale = AxisSampling.Scale(from, size, alignCorners);
        var index = new long[size];
        for (long i = 0; i < size; i++)
        {
            float place = halfPixelCenters ? (i + 0.5f) * scale : i * scale;
            index[i] = Math.Clamp((long)(alignCorners ? MathF.Round(place, MidpointRounding.AwayFromZero) : MathF.Floor(place)), 0, from - 1);
        }
        bool whole = size % from == 0 && index.Select((k, i) => k == i / (size / from)).All(same => same);
        return whole ? Repeat(x, axis, size / from) : Gather(x, x.Trace.Integers(index), axis);
    }
}
