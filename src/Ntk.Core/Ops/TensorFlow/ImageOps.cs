using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Protos;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Resizing images and moving blocks between space and channels.</summary>
internal static class ImageOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("ResizeBilinear", c => Resize(c, Interpolation.Linear)), new("ResizeBicubic", c => Resize(c, Interpolation.Cubic)),
        new("ResizeArea", c => Resize(c, Interpolation.Area)), new("ResizeNearestNeighbor", c => Resize(c, Interpolation.Nearest)),
        new("SpaceToDepth", c => Blocks(c, toDepth: true)), new("DepthToSpace", c => Blocks(c, toDepth: false)),
        new("SpaceToBatchND", c => SpaceToBatch(c[0], c.Known(1), c.Known(2))),
        new("BatchToSpaceND", c => BatchToSpace(c[0], c.Known(1), c.Known(2))),
        new("SpaceToBatch", c => SpaceToBatch(c[0], [c.Int("block_size", 1), c.Int("block_size", 1)], c.Known(1))),
        new("BatchToSpace", c => BatchToSpace(c[0], [c.Int("block_size", 1), c.Int("block_size", 1)], c.Known(1))),
        new("ExtractImagePatches", c => Patches(c, 2)), new("ExtractVolumePatches", c => Patches(c, 3)),
    ];

    // Resize…(images, size; align_corners, half_pixel_centers)
    private static OpResult Resize(OpContext c, Interpolation interpolation)
    {
        long[] size = c.Known(1);
        bool corners = c.Bool("align_corners"), centers = c.Bool("half_pixel_centers");
        // All but the nearest neighbour give floating-point numbers, whatever the image has.
        Value x = interpolation == Interpolation.Nearest || c[0].DType.IsFloatingPoint() ? c[0] : Lax.Cast(c[0], c.Trace.FloatType);
        return Lax.Resize(x, size[0], size[1], interpolation, corners, centers, Rounding(c));
    }

    /// <summary>How an op's result is rounded to float32: what the file computes in float32 is computed as precisely as is asked for; of float64 TensorFlow's op itself makes float32.</summary>
    public static ResizeRounding Rounding(OpContext c) => c.FileType("T", DataType.DtFloat) == NtkDType.Float64 ? ResizeRounding.Result : ResizeRounding.None;

    // SpaceToDepth(input; block_size, data_format)
    private static OpResult Blocks(OpContext c, bool toDepth)
    {
        long b = c.Int("block_size", 2);
        bool first = c.Choice("data_format", "NHWC", "NHWC", "NCHW") == "NCHW";
        Value x = first ? Lax.MoveAxis(c[0], 1, -1) : c[0];
        long n = x.Shape[0], h = x.Shape[1], w = x.Shape[2], d = x.Shape[3];
        if (toDepth ? h % b != 0 || w % b != 0 : d % (b * b) != 0)
        {
            throw new ShapeException($"blocks of {b} in {Shapes.Format(x.Shape)}");
        }
        Value y = toDepth
            ? Lax.Reshape(Lax.Transpose(Lax.Reshape(x, n, h / b, b, w / b, b, d), 0, 1, 3, 2, 4, 5), n, h / b, w / b, b * b * d)
            : Lax.Reshape(Lax.Transpose(Lax.Reshape(x, n, h, w, b, b, d / (b * b)), 0, 1, 3, 2, 4, 5), n, h * b, w * b, d / (b * b));
        return first ? Lax.MoveAxis(y, -1, 1) : y;
    }

    // (N, S…, rest) → (blocks · N, S / block…, rest)
    private static Value SpaceToBatch(Value x, long[] block, long[] paddings)
    {
        int m = block.Length;
        var low = new long[x.Rank];
        var high = new long[x.Rank];
        for (int i = 0; i < m; i++)
        {
            low[i + 1] = paddings[2 * i];
            high[i + 1] = paddings[(2 * i) + 1];
        }
        x = Lax.Pad(x, low, high);
        long[] rest = x.Shape[(m + 1)..];
        var split = new List<long> { x.Shape[0] };
        for (int i = 0; i < m; i++)
        {
            if (x.Shape[i + 1] % block[i] != 0)
            {
                throw new ShapeException($"blocks of {string.Join(" x ", block)} in {Shapes.Format(x.Shape)}");
            }
            split.AddRange([x.Shape[i + 1] / block[i], block[i]]);
        }
        int[] order =
        [
            .. Enumerable.Range(0, m).Select(i => (2 * i) + 2), 0, .. Enumerable.Range(0, m).Select(i => (2 * i) + 1),
            .. Enumerable.Range((2 * m) + 1, rest.Length),
        ];
        Value moved = Lax.Transpose(Lax.Reshape(x, [.. split, .. rest]), order);
        return Lax.Reshape(moved, [x.Shape[0] * Shapes.Count(block), .. Enumerable.Range(0, m).Select(i => x.Shape[i + 1] / block[i]), .. rest]);
    }

    private static Value BatchToSpace(Value x, long[] block, long[] crops)
    {
        int m = block.Length;
        long blocks = Shapes.Count(block), n = x.Shape[0] / blocks;
        if (x.Shape[0] % blocks != 0)
        {
            throw new ShapeException($"a batch of {x.Shape[0]} for blocks of {string.Join(" x ", block)}");
        }
        long[] space = x.Shape[1..(m + 1)], rest = x.Shape[(m + 1)..];
        int[] order =
        [
            m, .. Enumerable.Range(0, m).SelectMany(i => new[] { m + 1 + i, i }), .. Enumerable.Range((2 * m) + 1, rest.Length),
        ];
        Value moved = Lax.Transpose(Lax.Reshape(x, [.. block, n, .. space, .. rest]), order);
        Value whole = Lax.Reshape(moved, [n, .. space.Select((s, i) => s * block[i]), .. rest]);
        for (int i = 0; i < m; i++)
        {
            whole = Lax.SliceAxis(whole, i + 1, crops[2 * i], whole.Shape[i + 1] - crops[2 * i] - crops[(2 * i) + 1]);
        }
        return whole;
    }

    // ExtractImagePatches(images; ksizes, strides, rates, padding): the patch of each place along the channels. Volumes have no rates.
    private static OpResult Patches(OpContext c, int spatial)
    {
        Value x = c[0];
        var layout = new ConvolutionOps.Layout(false, spatial);
        long[] ones = Enumerable.Repeat(1L, spatial + 2).ToArray();
        long[] window = layout.SpatialOf(c.Ints("ksizes"), "ksizes"), strides = layout.SpatialOf(c.Ints("strides"), "strides"), rates = layout.SpatialOf(c.Ints("rates", ones), "rates");
        var g = Lax.Geometry(x.Shape.AsSpan()[1..^1], window, strides, rates, c.Choice("padding", "VALID", "SAME", "VALID") == "SAME");
        long[] output = g.OutputSizes(x.Shape.AsSpan()[1..^1], window);
        Value padded = Lax.Pad(x, [0, .. g.Low, 0], [0, .. g.High, 0]);
        var pieces = new List<Value>();
        for (long place = 0; place < Shapes.Count(window); place++)
        {
            var begin = new long[spatial + 2];
            long rest = place;
            for (int i = spatial - 1; i >= 0; i--)
            {
                begin[i + 1] = rest % window[i] * rates[i];
                rest /= window[i];
            }
            pieces.Add(Lax.Slice(padded, begin, [x.Shape[0], .. output, x.Shape[^1]], [1, .. strides, 1]));
        }
        return Lax.Concat(pieces, -1);
    }
}
