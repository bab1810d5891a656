using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.Keras;

/// <summary>
/// tf.image.resize (TensorFlow 2: half-pixel centres) of images (N, H, W, C). Each axis is one product with a known matrix of weights.
/// </summary>
internal static class ImageResizing
{
    private const double Tiny = 1000 * 1.17549435e-38;

    /// <summary>Images of another height and width.</summary>
    public static Value Resize(Value x, long height, long width, string method, bool antialias = false) =>
        Along(Along(x, 1, height, method, antialias), 2, width, method, antialias);

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

    private static Value Along(Value x, int axis, long size, string method, bool antialias)
    {
        long from = x.Shape[axis];
        double[,] weights = Weights(method, from, size, antialias);
        if (from == size && IsIdentity(weights))
        {
            return x;
        }
        Value matrix = x.Trace.Constant(tensor(weights, x.DType.IsFloatingPoint() ? x.DType : x.Trace.FloatType));
        Value floating = x.DType.IsFloatingPoint() ? x : Lax.Cast(x, x.Trace.FloatType);
        return Lax.MoveAxis(Lax.DotGeneral(floating, matrix, [axis], [1]), -1, axis);
    }

    private static bool IsIdentity(double[,] weights)
    {
        for (int i = 0; i < weights.GetLength(0); i++)
        {
            if (weights[i, i] != 1)
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>What each of <paramref name="m"/> output places takes of each of <paramref name="n"/> input places.</summary>
    private static double[,] Weights(string method, long n, long m, bool antialias)
    {
        var weights = new double[m, n];
        double scale = (double)n / m;
        for (long i = 0; i < m; i++)
        {
            double centre = (i + 0.5) * scale;
            switch (method)
            {
                case "nearest":
                    weights[i, Math.Clamp((long)Math.Floor((float)centre), 0, n - 1)] = 1;
                    break;
                case "bilinear" when !antialias:
                    double place = Math.Max(centre - 0.5, 0);
                    long below = Math.Min((long)Math.Floor(place), n - 1), above = Math.Min(below + 1, n - 1);
                    weights[i, below] += 1 - (place - below);
                    weights[i, above] += place - below;
                    break;
                case "bicubic" when !antialias:
                    Cubic(weights, i, centre - 0.5, n);
                    break;
                case "area":
                    for (long j = (long)Math.Floor(i * scale); j < Math.Min(n, Math.Ceiling((i + 1) * scale)); j++)
                    {
                        weights[i, j] = (Math.Min(j + 1, (i + 1) * scale) - Math.Max(j, i * scale)) / scale;
                    }
                    break;
                default:
                    Span(weights, i, centre, n, antialias ? Math.Max(scale, 1) : 1, method);
                    break;
            }
        }
        return weights;
    }

    // TensorFlow's ResizeBicubic looks its weights up in a table of 1024 steps, and leaves out places beyond the edge.
    private static void Cubic(double[,] weights, long i, double place, long n)
    {
        long first = (long)Math.Floor(place);
        double t = Math.Round((place - first) * 1024) / 1024;
        double[] four = [KeysCubic(1 + t), KeysCubic(t), KeysCubic(1 - t), KeysCubic(2 - t)];
        double sum = 0;
        for (int k = 0; k < 4; k++)
        {
            long j = first - 1 + k;
            sum += j >= 0 && j < n ? four[k] : 0;
        }
        for (int k = 0; k < 4; k++)
        {
            long j = first - 1 + k;
            if (j >= 0 && j < n)
            {
                weights[i, j] = Math.Abs(sum) >= Tiny ? four[k] / sum : four[k];
            }
        }
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
