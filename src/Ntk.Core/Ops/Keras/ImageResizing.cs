using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>
/// tf.image.resize (TensorFlow 2: half-pixel centres) of images (N, H, W, C).
/// </summary>
internal static class ImageResizing
{
    /// <summary>Images of another height and width.</summary>
    public static Value Resize(Value x, long height, long width, string method, bool antialias = false, ResizeRounding rounding = ResizeRounding.Result)
    {
        // What TensorFlow has an op of its own for; the other methods, and all with anti-aliasing, go through ScaleAndTranslate.
        Interpolation? interpolation = method switch
        {
            "nearest" => Interpolation.Nearest,
            "area" => Interpolation.Area,
            "bilinear" when !antialias => Interpolation.Linear,
            "bicubic" when !antialias => Interpolation.Cubic,
            _ => null,
        };
        Value floating = x.DType.IsFloatingPoint() || interpolation == Interpolation.Nearest ? x : Lax.Cast(x, x.Trace.FloatType);
        if (interpolation is { } known)
        {
            return Lax.Resize(floating, height, width, known, halfPixelCenters: known != Interpolation.Area, rounding: rounding);
        }
        string kernel = method switch { "bilinear" => "triangle", "bicubic" => "keyscubic", _ => method };
        return Lax.ScaleAndTranslate(floating, [height, width], kernel, [(float)height / x.Shape[1], (float)width / x.Shape[2]], [0, 0], antialias, rounding);
    }

    /// <summary>The largest centred part of the target's aspect ratio, resized.</summary>
    public static Value CropAndResize(Value x, long height, long width, string method, bool antialias = false, ResizeRounding rounding = ResizeRounding.Result)
    {
        long h = x.Shape[1], w = x.Shape[2];
        long cropHeight = Math.Max(1, Math.Min(h, (long)((float)(w * height) / width))), cropWidth = Math.Max(1, Math.Min(w, (long)((float)(h * width) / height)));
        x = Lax.SliceAxis(x, 1, (h - cropHeight) / 2, cropHeight);
        return Resize(Lax.SliceAxis(x, 2, (w - cropWidth) / 2, cropWidth), height, width, method, antialias, rounding);
    }

    /// <summary>The image padded to the target's aspect ratio, resized.</summary>
    public static Value PadAndResize(Value x, long height, long width, string method, double fill, bool antialias)
    {
        long h = x.Shape[1], w = x.Shape[2];
        long top = (Math.Max(h, (long)((float)(w * height) / width)) - h) / 2, left = (Math.Max(w, (long)((float)(h * width) / height)) - w) / 2;
        return Resize(Lax.Pad(x, [0, top, left, 0], [0, top, left, 0], fill), height, width, method, antialias);
    }
}
