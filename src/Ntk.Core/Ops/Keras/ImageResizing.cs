using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.Keras;

/// <summary>
/// tf.image.resize (TensorFlow 2: half-pixel centres) of images (N, H, W, C), one axis after the other.
/// </summary>
internal static class ImageResizing
{
    private const double Tiny = 1000 * 1.17549435e-38;

    /// <summary>Images of another height and width.</summary>
    public static Value Resize(Value x, long height, long width, string method, bool antialias = false)
    {
        if (method == "bilinear" && !antialias && x.DType == ScalarType.Float64 && (x.Shape[1] != height || x.Shape[2] != width))
        {
            return Lax.ResizeRounded(x, height, width, halfPixelCenters: true);
        }
        return Along(Along(x, 1, height, method, antialias), 2, width, method, antialias);
    }

    /// <summary>The largest centred part of the target's aspect ratio, resized.</summary>
    public static Value CropAndResize(Value x, long height, long width, string method, bool antialias = false)
    {
        long h = x.Shape[1], w = x.Shape[2];
        long cropHeight = Math.Max(1, Math.Min(h, (long)((float)(w * height) / width))), cropWidth = Math.Max(1, Math.Min(w, (long)((float)(h * width) / height)));
        x = Lax.SliceAxis(x, 1, (h - cropHeight) / 2, cropHeight);
        return Resize(Lax.SliceAxis(x, 2, (w - cropWidth) / 2, cropWidth), height, width, method, antialias);
    }

    /// <summary>The image padded to the target's aspect ratio, resized.</summary>
    public static Value PadAndResize(Value x, long height, long width, string method, double fill, bool antialias)
    {
        long h = x.Shape[1], w = x.Shape[2];
        long top = (Math.Max(h, (long)((float)(w * height) / width)) - h) / 2, left = (Math.Max(w, (long)((float)(h * width) / height)) - w) / 2;
        return Resize(Lax.Pad(x, [0, top, left, 0], [0, top, left, 0], fill), height, width, method, antialias);
    }

    // What TensorFlow has an op of its own for; the other methods, and all with anti-aliasing, go through ScaleAndTranslate.
    private static Value Along(Value x, int axis, long size, string method, bool antialias)
    {
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
            return Lax.Resize(floating, axis, size, known, halfPixelCenters: known != Interpolation.Area);
        }
        long from = x.Shape[axis];
        double scale = (double)from / size;
        var weights = new double[size, from];
        for (long i = 0; i < size; i++)
        {
            Span(weights, i, (i + 0.5) * scale, from, antialias ? Math.Max(scale, 1) : 1, method);
        }
        return Lax.MoveAxis(Lax.DotGeneral(floating, x.Trace.Constant(tensor(weights, floating.DType)), [axis], [1]), -1, axis);
    }

    // TensorFlow's ScaleAndTranslate: a kernel sampled at the input places within its reach.
    private static void Span(double[,] weights, long i, double centre, long n, double spread, string method)
    {
        double radius = method switch
        {
            "bilinear" => 1,
            "bicubic" or "mitchellcubic" => 2,
            "lanczos3" => 3,
            "lanczos5" => 5,
            "gaussian" => 1.5,
            _ => throw new ShapeException($"interpolation '{method}' is not supported"),
        };
        long begin = Math.Clamp((long)Math.Ceiling(centre - (radius * spread) - 0.5), 0, n - 1), end = Math.Clamp((long)Math.Floor(centre + (radius * spread) - 0.5), 0, n - 1);
        double sum = 0;
        for (long j = begin; j <= end; j++)
        {
            weights[i, j] = Kernel(method, Math.Abs((j + 0.5 - centre) / spread), radius);
            sum += weights[i, j];
        }
        for (long j = begin; Math.Abs(sum) >= Tiny && j <= end; j++)
        {
            weights[i, j] /= sum;
        }
    }

    private static double Kernel(string method, double x, double radius) => method switch
    {
        "bilinear" => Math.Max(0, 1 - x),
        "bicubic" => KeysCubic(x),
        "mitchellcubic" => x >= 2 ? 0 : x >= 1
            ? (((((-7.0 / 18) * x) + 2) * x - (10.0 / 3)) * x) + (16.0 / 9)
            : (((((7.0 / 6) * x) - 2) * x) * x) + (8.0 / 9),
        "gaussian" => x >= radius ? 0 : Math.Exp(-x * x / (2 * 0.5 * 0.5)),
        _ => x > radius ? 0 : x <= 1e-3 ? 1 : radius * Math.Sin(Math.PI * x) * Math.Sin(Math.PI * x / radius) / (Math.PI * Math.PI * x * x),
    };

    private static double KeysCubic(double x) => x >= 2 ? 0 : x >= 1
        ? ((((-0.5 * x) + 2.5) * x - 4) * x) + 2
        : (((1.5 * x) - 2.5) * x * x) + 1;
}
