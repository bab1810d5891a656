using Ntk.Core.Autodiff;
using static Ntk.Core.Ops.TensorFlow.ElementwiseOps;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Colours along the last axis: red, green, blue; hue, saturation, value.</summary>
internal static class ColorOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        One("RGBToHSV", ToHsv), One("HSVToRGB", ToRgb), new("AdjustContrastv2", AdjustContrast), new("AdjustHue", AdjustHue), new("AdjustSaturation", AdjustSaturation),
    ];

    private static Value[] Channels(Value x) => x.Shape[^1] == 3 ? Lax.Split(x, -1, 1, 1, 1) : throw new ShapeException($"colours of {x.Shape[^1]} channels, where three are needed");

    private static Value ToHsv(Value x)
    {
        Value[] c = Channels(x);
        (Value red, Value green, Value blue) = (c[0], c[1], c[2]);
        Value value = Lax.Max(x, [-1], true), range = value - Lax.Min(x, [-1], true), zero = Lax.ScalarLike(x, 0);
        Value saturation = Lax.Select(Lax.Greater(value, zero), Lax.DivideNoNan(range, value), zero), unit = Lax.DivideNoNan(Lax.ScalarLike(x, 1 / 6.0), range);
        Value hue = Lax.Select(Lax.Equal(red, value), unit * (green - blue), Lax.Select(Lax.Equal(green, value), (unit * (blue - red)) + (2 / 6.0), (unit * (red - green)) + (4 / 6.0)));
        hue = Lax.Select(Lax.Greater(range, zero), hue, zero);
        return Lax.Concat([Lax.Select(Lax.Less(hue, zero), hue + 1, hue), saturation, value], -1);
    }

    private static Value ToRgb(Value x)
    {
        Value[] c = Channels(x);
        Value hue = c[0] * 6, saturation = c[1], zero = Lax.ScalarLike(x, 0), one = Lax.ScalarLike(x, 1);
        Value Channel(Value distance) => ((1 - saturation) + (saturation * Lax.Minimum(Lax.Maximum(distance, zero), one))) * c[2];
        return Lax.Concat([Channel(Lax.Abs(hue - 3) - 1), Channel(2 - Lax.Abs(hue - 2)), Channel(2 - Lax.Abs(hue - 4))], -1);
    }

    // AdjustContrastv2(images, contrast_factor): away from, or towards, each channel's mean over the image.
    private static OpResult AdjustContrast(OpContext c)
    {
        Value mean = Lax.Mean(c[0], [-3, -2], true);
        return ((c[0] - mean) * Lax.Cast(c[1], c[0].DType)) + mean;
    }

    private static OpResult AdjustHue(OpContext c)
    {
        Value[] hsv = Channels(ToHsv(c[0]));
        Value hue = hsv[0] + Lax.Cast(c[1], c[0].DType);
        return ToRgb(Lax.Concat([hue - Lax.Floor(hue), hsv[1], hsv[2]], -1));
    }

    private static OpResult AdjustSaturation(OpContext c)
    {
        Value[] hsv = Channels(ToHsv(c[0]));
        Value saturation = hsv[1] * Lax.Cast(c[1], c[0].DType);
        saturation = Lax.Minimum(Lax.Maximum(saturation, Lax.ScalarLike(saturation, 0)), Lax.ScalarLike(saturation, 1));
        return ToRgb(Lax.Concat([hsv[0], saturation, hsv[2]], -1));
    }
}
