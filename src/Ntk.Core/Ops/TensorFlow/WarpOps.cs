using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Protos;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Crops and geometric transformations of images (N, height, width, channels).</summary>
internal static class WarpOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("CropAndResize", CropAndResize), new("ImageProjectiveTransformV2", c => Project(c, 0)),
        new("ImageProjectiveTransformV3", c => Project(c, c[3].KnownScalar())), new("ScaleAndTranslate", ScaleAndTranslate),
        new("ScaleAndTranslateGrad", ScaleAndTranslateGrad),
    ];

    // CropAndResize(image, boxes (B, 4): y1, x1, y2, x2 in shares of the image, box_ind (B), crop_size; method, extrapolation_value)
    private static OpResult CropAndResize(OpContext c)
    {
        bool nearest = c.Choice("method", "bilinear", "bilinear", "nearest") == "nearest";
        // TensorFlow computes places in float32, and so decides what is nearest.
        Value image = Lax.Cast(c[0], c.Trace.FloatType), boxes = nearest ? Lax.Cast(Lax.StopGradient(c[1]), ScalarType.Float32) : c[1];
        double outside = c.Float("extrapolation_value", 0);
        long[] size = c.Known(3);
        long height = image.Shape[1], width = image.Shape[2], channels = image.Shape[3], count = boxes.Shape[0];
        Value Places(int first, long from, long to)
        {
            Value low = Lax.SliceAxis(boxes, 1, first, 1), high = Lax.SliceAxis(boxes, 1, first + 2, 1);
            return to == 1 ? (low + high) * (0.5 * (from - 1))
                : (low * (from - 1.0)) + ((high - low) * (from - 1.0) / Lax.ScalarLike(low, to - 1) * c.Trace.Constant(arange(to, boxes.DType)));
        }
        Value y = Lax.Reshape(Places(0, height, size[0]), count, size[0], 1), x = Lax.Reshape(Places(1, width, size[1]), count, 1, size[1]);
        Value inside = Lax.And(Within(y, height), Within(x, width));
        Value example = Lax.Reshape(Lax.Cast(c[2], ScalarType.Int64), count, 1, 1);
        Value flat = Lax.Reshape(image, image.Shape[0] * height * width, channels);
        Value At(Value row, Value column)
        {
            Value index = (((example * height) + Clamped(row, height)) * width) + Clamped(column, width);
            return Lax.Gather(flat, index, 0);
        }
        Value result;
        if (nearest)
        {
            // Halves go away from zero.
            result = At(Lax.Floor(y + 0.5), Lax.Floor(x + 0.5));
        }
        else
        {
            Value top = Lax.Floor(y), bottom = Lax.Ceil(y), left = Lax.Floor(x), right = Lax.Ceil(x);
            Value down = Lax.ExpandDims(y - Lax.StopGradient(top), -1), across = Lax.ExpandDims(x - Lax.StopGradient(left), -1);
            Value above = At(top, left) + ((At(top, right) - At(top, left)) * across), below = At(bottom, left) + ((At(bottom, right) - At(bottom, left)) * across);
            result = above + ((below - above) * down);
        }
        return Lax.Select(Lax.ExpandDims(inside, -1), result, Lax.ScalarLike(result, outside));
    }

    private static Value Within(Value place, long size) => Lax.And(Lax.GreaterEqual(place, Lax.ScalarLike(place, 0)), Lax.LessEqual(place, Lax.ScalarLike(place, size - 1)));

    private static Value Clamped(Value place, long size)
    {
        Value whole = Lax.Cast(Lax.StopGradient(place), ScalarType.Int64);
        return Lax.Maximum(Lax.Minimum(whole, Lax.ScalarLike(whole, size - 1)), Lax.ScalarLike(whole, 0));
    }

    // ImageProjectiveTransformV3(images, transforms (N or 1, 8), output_shape, fill_value; interpolation, fill_mode). The derivative is the transpose itself;
    // TensorFlow's is the inverse transformation, which is near it only.
    private static OpResult Project(OpContext c, double fill)
    {
        string interpolation = c.Choice("interpolation", "NEAREST", "NEAREST", "BILINEAR"), mode = c.Choice("fill_mode", "CONSTANT", "CONSTANT", "REFLECT", "WRAP", "NEAREST");
        using Tensor transforms = (c[1].Constant ?? throw new ShapeException("a transformation depends on the data, where a constant is needed")).to(ScalarType.Float32).reshape(-1);
        float[] t = transforms.data<float>().ToArray();
        long[] size = c.Known(2);
        long height = c[0].Shape[1], width = c[0].Shape[2], many = t.Length / 8, points = size[0] * size[1], none = height * width;
        int corners = interpolation == "NEAREST" ? 1 : 4;
        var index = new long[corners][];
        var weight = new double[corners][];
        for (int k = 0; k < corners; k++)
        {
            (index[k], weight[k]) = (Enumerable.Repeat(none, (int)(many * points)).ToArray(), new double[many * points]);
        }
        for (long n = 0; n < many; n++)
        {
            for (long p = 0; p < points; p++)
            {
                float At(int i) => t[(n * 8) + i];
                long at = (n * points) + p;
                float x = p % size[1], y = p / size[1], projection = (At(6) * x) + (At(7) * y) + 1;
                weight[0][at] = 1;
                if (projection == 0)
                {
                    continue;
                }
                float column = Mapped(((At(0) * x) + (At(1) * y) + At(2)) / projection, width, mode), row = Mapped(((At(3) * x) + (At(4) * y) + At(5)) / projection, height, mode);
                long Place(float r, float k) => r >= 0 && r < height && k >= 0 && k < width ? ((long)r * width) + (long)k : none;
                if (corners == 1)
                {
                    index[0][at] = Place(MathF.Round(row, MidpointRounding.AwayFromZero), MathF.Round(column, MidpointRounding.AwayFromZero));
                    continue;
                }
                float left = MathF.Floor(column), top = MathF.Floor(row);
                for (int k = 0; k < 4; k++)
                {
                    int down = k / 2, across = k % 2;
                    index[k][at] = Place(top + down, left + across);
                    weight[k][at] = (down == 0 ? top + 1 - row : row - top) * (double)(across == 0 ? left + 1 - column : column - left);
                }
            }
        }
        Value image = c[0], flat = Lax.Reshape(image, image.Shape[0], none, image.Shape[3]);
        flat = Lax.Concat([flat, ArrayOps.Filled(image, [image.Shape[0], 1, image.Shape[3]], fill)], 1);
        Value? sum = null;
        for (int k = 0; k < corners; k++)
        {
            Value places = c.Trace.Constant(tensor(index[k], ScalarType.Int64).reshape(many, points));
            Value read = many == 1 ? Lax.Gather(flat, Lax.Reshape(places, points), 1) : Lax.Gather(flat, places, 1, 1);
            Value part = corners == 1 ? read : read * c.Trace.Constant(tensor(weight[k], ScalarType.Float64).to(image.DType).reshape(many, points, 1));
            sum = sum is null ? part : sum + part;
        }
        return Lax.Reshape(sum!, image.Shape[0], size[0], size[1], image.Shape[3]);
    }

    private static float Mapped(float place, long length, string mode)
    {
        if (mode == "CONSTANT" || (place >= 0 && place <= length - 1))
        {
            return place;
        }
        if (length <= 1)
        {
            return 0;
        }
        if (mode == "REFLECT")
        {
            float twice = 2 * length;
            if (place < 0)
            {
                place += twice * (int)(-place / twice);
                place = place < -length ? place + twice : -place - 1;
            }
            else
            {
                place -= twice * (int)(place / twice);
                place = place >= length ? twice - place - 1 : place;
            }
        }
        else if (mode == "WRAP")
        {
            place += place < 0 ? length * ((int)(-place / (length - 1)) + 1) : -length * (int)(place / (length - 1));
        }
        return Math.Clamp(place, 0, length - 1);
    }

    // ScaleAndTranslate(images, size, scale, translation; kernel_type, antialias): what tf.image.resize with antialiasing is.
    private static OpResult ScaleAndTranslate(OpContext c) => Scaled(c, Lax.Cast(c[0], c.Trace.FloatType), c.Known(1), ImageOps.Rounding(c));

    // ScaleAndTranslateGrad(grads, original_image, scale, translation; kernel_type, antialias)
    private static OpResult ScaleAndTranslateGrad(OpContext c)
    {
        long[] g = c[0].Shape;
        return Lax.LinearAdjoint("scale_and_translate", (x, _) => Scaled(c, x, g.AsSpan(1, 2), ResizeRounding.None), c[1].Shape, c[0]);
    }

    private static Value Scaled(OpContext c, Value x, ReadOnlySpan<long> size, ResizeRounding rounding)
    {
        string kernel = c.Text("kernel_type", "lanczos3");
        if (AxisSampling.Kernel(kernel) is null)
        {
            throw OpContext.Unsupported($"kernel_type = '{kernel}'");
        }
        float[] Floats(int input)
        {
            using Tensor flat = (c[input].Constant ?? throw new ShapeException("a scale depends on the data, where a constant is needed")).to(ScalarType.Float32);
            return flat.data<float>().ToArray();
        }
        return Lax.ScaleAndTranslate(x, size, kernel, Floats(2), Floats(3), c.Bool("antialias", true), rounding);
    }
}
