using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.Keras;

/// <summary>Preprocessing inside a model: scaling, resizing, encoding; random augmentation is the identity at inference.</summary>
internal static class PreprocessingLayers
{
    private static readonly string[] s_augmentations =
    [
        "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "RandomContrast", "RandomBrightness", "RandomHeight", "RandomWidth", "RandomHue",
        "RandomSaturation", "RandomGrayscale", "RandomShear", "RandomColorJitter", "RandomColorDegeneration", "RandomPosterization", "RandomSharpness",
        "RandomPerspective", "RandomElasticTransform", "RandomErasing", "RandomGaussianBlur", "RandomInvert", "AugMix", "CutMix", "MixUp", "RandAugment", "Equalization", "Solarization",
    ];

    private static readonly string[] s_textual = ["StringLookup", "IntegerLookup", "TextVectorization", "Hashing", "HashedCrossing"];

    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = new(
        s_augmentations.Select(n => KeyValuePair.Create<string, Action<KerasLayer, LayerConfig>>(n, Augment))
        .Concat(s_textual.Select(n => KeyValuePair.Create<string, Action<KerasLayer, LayerConfig>>(n, Textual))))
    {
        ["Rescaling"] = Rescale,
        ["Normalization"] = Normalize,
        ["Resizing"] = Resize,
        ["AutoContrast"] = AutoContrast,
        ["CenterCrop"] = CenterCrop,
        ["RandomCrop"] = CenterCrop,
        ["CategoryEncoding"] = Encode,
        ["Discretization"] = Discretize,
    };

    private static void Augment(KerasLayer layer, LayerConfig c)
    {
        c.IgnoreAll();
        layer.Map = (_, x) => x;
    }

    private static void Textual(KerasLayer layer, LayerConfig c) =>
        throw new ShapeException("lookups in a vocabulary are not supported; cut the model behind them and feed the numbers");

    private static void Rescale(KerasLayer layer, LayerConfig c)
    {
        double[] scale = Array.ConvertAll(c.Numbers("scale"), Activations.Single), offset = c.Has("offset") ? Array.ConvertAll(c.Numbers("offset"), Activations.Single) : [0];
        bool first = c.ChannelsFirst();
        layer.PassesMask = c.Version >= 3;
        layer.Map = (call, x) =>
        {
            x = call.Float(x);
            Value Spread(double[] numbers) => numbers.Length == 1 ? Activations.Like(x, numbers[0])
                : Lax.Reshape(call.Trace.Constant(tensor(numbers, x.DType)), first ? [numbers.Length, 1, 1] : [numbers.Length]);
            return (x * Spread(scale)) + Spread(offset);
        };
    }

    // Mean and variance come from the config, or from variables that adapt() filled.
    private static void Normalize(KerasLayer layer, LayerConfig c)
    {
        bool invert = c.Flag("invert", false), given = c.Has("mean") || c.Has("input_mean");
        long[]? axes = c.Has("axis") ? c.Integers("axis", 1) : null;
        double[]? means = given ? c.Numbers(c.FirstOf("mean", "input_mean")) : null, variances = given ? c.Numbers(c.FirstOf("variance", "input_variance")) : null;
        if (given && c.Version >= 3)
        {
            (means, variances) = (Array.ConvertAll(means!, Activations.Single), Array.ConvertAll(variances!, Activations.Single));
        }
        LayerVariable? mean = given ? null : layer.Add("mean", trained: false), variance = given ? null : layer.Add("variance", trained: false);
        if (!given)
        {
            layer.Add("count", trained: false);
        }
        layer.PassesMask = c.Version >= 3;
        layer.Map = (call, x) =>
        {
            x = call.Float(x);
            int[] kept = axes is null ? [] : Shapes.Axes(axes, x.Rank);
            long[] shape = x.Shape.Select((d, i) => kept.Contains(i) ? d : 1).ToArray();
            Value Spread(double[]? numbers, LayerVariable? variable) => variable is not null ? Lax.Reshape(call.Float(call[variable]), shape)
                : numbers!.Length == 1 ? Activations.Like(x, numbers[0]) : Lax.Reshape(call.Trace.Constant(tensor(numbers, x.DType)), shape);
            Value middle = Spread(means, mean), deviation = Lax.Maximum(Lax.Sqrt(Spread(variances, variance)), Activations.Like(x, 1e-7));
            return invert ? middle + (x * deviation) : (x - middle) / deviation;
        };
    }

    private static void Resize(KerasLayer layer, LayerConfig c)
    {
        long height = c.Integer("height"), width = c.Integer("width");
        string method = c.Text("interpolation", "bilinear").ToLowerInvariant();
        bool first = c.ChannelsFirst(), crop = c.Flag("crop_to_aspect_ratio", false), pad = c.Flag("pad_to_aspect_ratio", false), antialias = c.Flag("antialias", false);
        double fill = c.Number("fill_value", 0);
        c.Ignore("fill_mode", "bounding_box_format");
        // Keras 2 makes the images float32 before.
        ResizeRounding rounding = c.Version >= 3 ? ResizeRounding.Result : ResizeRounding.Whole;
        layer.Map = (call, x) => OfImages(x, first, images =>
            crop ? ImageResizing.CropAndResize(images, height, width, method, antialias, rounding)
            : pad ? ImageResizing.PadAndResize(images, height, width, method, fill, antialias)
            : ImageResizing.Resize(images, height, width, method, antialias, rounding));
    }

    // Images too small to crop are cut to the aspect ratio and resized. Keras 2 does that to a random crop's at inference, Keras 3 leaves them as they are.
    private static void CenterCrop(KerasLayer layer, LayerConfig c)
    {
        long height = c.Integer("height"), width = c.Integer("width");
        bool first = c.ChannelsFirst(), random = layer.ClassName == "RandomCrop";
        if (random && c.Version >= 3)
        {
            layer.Map = (_, x) => x;
            return;
        }
        layer.Map = (call, x) => OfImages(call.Float(x), first, images =>
        {
            long h = images.Shape[1] - height, w = images.Shape[2] - width;
            return h < 0 || w < 0 || (random && (h != 0 || w != 0))
                ? ImageResizing.CropAndResize(images, height, width, "bilinear")
                : Lax.SliceAxis(Lax.SliceAxis(images, 1, h / 2, height), 2, w / 2, width);
        });
    }

    // Each channel of each image stretched over the whole range; one without contrast stays as it is.
    private static void AutoContrast(KerasLayer layer, LayerConfig c)
    {
        double[] range = c.Has("value_range") ? c.Numbers("value_range") : [0, 255];
        c.Ignore("data_format");
        layer.Map = (call, x) =>
        {
            x = call.Float(x);
            Value low = Lax.Min(x, [1, 2], keepDims: true), width = Lax.Max(x, [1, 2], keepDims: true) - low;
            Value flat = Lax.Equal(width, Activations.Like(x, 0)), safe = Lax.Select(flat, Activations.Like(x, 1), width);
            Value stretched = (Lax.Clip((x - low) / safe, 0, 1) * (range[1] - range[0])) + range[0];
            return Lax.Select(flat, x, stretched);
        };
    }

    private static Value OfImages(Value x, bool first, Func<Value, Value> function)
    {
        bool single = x.Rank == 3;
        x = ChannelOrder.ToLast(single ? Lax.ExpandDims(x, 0) : x, first);
        x = ChannelOrder.FromLast(function(x), first);
        return single ? Lax.Squeeze(x, 0) : x;
    }

    private static void Encode(KerasLayer layer, LayerConfig c)
    {
        long depth = c.Integer(c.FirstOf("num_tokens", "max_tokens"));
        string mode = c.Text("output_mode", "multi_hot");
        layer.Body = call => [new Flow(Encoded(call, call.X, depth, mode))];
    }

    private static Value Encoded(LayerCall call, Value ids, long depth, string mode)
    {
        ids = ids.DType == ScalarType.Int64 ? ids : Lax.Cast(ids, ScalarType.Int64);
        if (mode == "one_hot" && ids.Rank > 1 && ids.Shape[^1] == 1)
        {
            ids = Lax.Squeeze(ids, -1);
        }
        Value hot = Lax.OneHot(ids, depth, -1, call.Trace.Scalar(1, call.Trace.FloatType), call.Trace.Scalar(0, call.Trace.FloatType));
        if (mode == "one_hot")
        {
            return hot;
        }
        if (ids.Rank < 2)
        {
            throw new ShapeException($"output_mode '{mode}' of inputs without an axis of tokens counts over the whole batch, which is not supported");
        }
        Value? weights = mode == "count" && call.Tensor(1, "count_weights") is { } given ? Lax.ExpandDims(call.Float(given.Value), -1) : null;
        return mode switch
        {
            "multi_hot" or "binary" => Lax.Max(hot, [-2]),
            "count" => Lax.Sum(weights is null ? hot : hot * weights, [-2]),
            _ => throw new ShapeException($"output_mode '{mode}' is not supported"),
        };
    }

    // The number of boundaries not above the value.
    private static void Discretize(KerasLayer layer, LayerConfig c)
    {
        double[] bounds = c.Has("bin_boundaries") ? c.Numbers("bin_boundaries") : throw new ShapeException("its boundaries were learned by adapt() and are not in the config");
        string mode = c.Text("output_mode", "int");
        c.Ignore("num_bins", "epsilon");
        layer.Map = (call, x) =>
        {
            x = call.Float(x);
            Value above = Lax.GreaterEqual(Lax.ExpandDims(x, -1), call.Trace.Constant(tensor(bounds, x.DType)));
            Value bin = Lax.Sum(Lax.Cast(above, ScalarType.Int64), [-1]);
            return mode == "int" ? bin : Encoded(call, bin, bounds.Length + 1, mode);
        };
    }
}
