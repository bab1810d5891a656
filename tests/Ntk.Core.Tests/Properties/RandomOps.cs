namespace Ntk.Core.Tests.Properties;

/// <summary>Ways in which a random graph goes on from a tensor: each adds nodes and names the result, or is not for this tensor.</summary>
internal static class RandomOps
{
    /// <summary>All ways; what is more often met in models is there more often.</summary>
    public static IReadOnlyList<Func<RandomGraph, RandomTensor, string?>> All { get; } =
    [
        .. new[] { "Tanh", "Sigmoid", "Softplus", "Relu", "Elu", "Selu", "Softsign", "Erf", "Sin", "Cos", "Atan", "Square", "Neg", "Abs", "Expm1", "Asinh", "Relu6", "Floor", "Sign" }.Select(Unary),
        .. new[] { "Exp", "Sinh", "Cosh", "Erfc" }.Select(op => Where(x => x.Largest < 3, Unary(op))),
        .. new[] { "Log", "Sqrt", "Rsqrt", "Reciprocal", "Log1p", "Lgamma", "Digamma" }.Select(op => Positive((g, x) => g.Node(op, [x]))),
        (g, x) => g.Node("LeakyRelu", [x.Name], ("alpha", (float)g.Pick(0.1, 0.3))),
        Bounded((g, x) => g.Node(g.Pick("Asin", "Acos", "Atanh", "Tan"), [x])),
        Binary, Binary, Binary, WithParameter, WithParameter, WithParameter, Ratio, Power, Chosen,
        .. new Func<RandomGraph, RandomTensor, string?>[]
        {
            Softmax, Softmax,
            Dense, Dense, Dense, BatchedProduct, BatchedProduct, Gram, Einsum, BiasAdd, BiasAdd,
            Convolution, Convolution, Convolution, Depthwise, Depthwise, TransposedConvolution, TransposedConvolution, VolumeConvolution,
            Normalisation, Normalisation, LocalResponse, Lookup, Lookup, LookupNd,
            Reduction, Reduction, Reduction, Cumulative, SortedFirst, Pool, Pool,
            Reshape, Reshape, Transpose, Transpose, Concat, Pack, Unpack, SplitInTwo, StridedSlice, StridedSlice, Slice, Pad, Pad, MirrorPad, Tile, Reverse, Roll, ExpandDims, Squeeze,
            Blocks, Band, Diagonal, Resize, Patches, SegmentSum,
            Inverse, CrossExamples,
        }.Select(step => Where(x => x.Rank > 1, step)),
    ];

    private static Func<RandomGraph, RandomTensor, string?> Unary(string op) => (g, x) => g.Node(op, [x.Name]);

    private static Func<RandomGraph, RandomTensor, string?> Where(Func<RandomTensor, bool> fits, Func<RandomGraph, RandomTensor, string?> step) => (g, x) => fits(x) ? step(g, x) : null;

    // x itself where all of it is positive, else x² + ½.
    private static Func<RandomGraph, RandomTensor, string?> Positive(Func<RandomGraph, string, string?> step) =>
        (g, x) => step(g, x.Least > 0.2 ? x.Name : g.Node("AddV2", [g.Node("Square", [x.Name]), g.Floats([], 0.5)]));

    private static Func<RandomGraph, RandomTensor, string?> Bounded(Func<RandomGraph, string, string?> step) =>
        (g, x) => step(g, x.Largest < 0.9 ? x.Name : g.Node("Mul", [x.Name, g.Floats([], 0.8 / Math.Max(x.Largest, 0.01))]));

    private static string? Softmax(RandomGraph g, RandomTensor x) => g.Node(g.Pick("Softmax", "LogSoftmax"), [x.Name]);

    private static string? Binary(RandomGraph g, RandomTensor x) => g.Other(o => Broadcasts(x.Shape, o.Shape)) is { } y
        ? g.Node(g.Pick("AddV2", "Sub", "Mul", "Maximum", "Minimum", "SquaredDifference"), g.Coin() ? [x.Name, y.Name] : [y.Name, x.Name]) : null;

    private static bool Broadcasts(long[] a, long[] b) => a.Length == b.Length && a[0] == b[0] && a.Zip(b).All(p => p.First == p.Second || p.First == 1 || p.Second == 1);

    // A parameter of x's last sizes, some of them 1.
    private static string? WithParameter(RandomGraph g, RandomTensor x)
    {
        int rank = g.Number(0, x.Rank - 1);
        string p = g.Parameter(x.Shape[(x.Rank - rank)..].Select(d => g.Number(0, 3) == 0 ? 1 : d).ToArray());
        return g.Node(g.Pick("Mul", "AddV2", "Sub", "Maximum"), g.Coin() ? [x.Name, p] : [p, x.Name]);
    }

    private static string? Ratio(RandomGraph g, RandomTensor x) => g.Other(o => Broadcasts(x.Shape, o.Shape)) is { } y
        ? Positive((_, below) => g.Node(g.Pick("RealDiv", "Atan2", "Xlogy"), [x.Name, below]))(g, y) : null;

    private static string? Power(RandomGraph g, RandomTensor x) => Positive((_, p) => g.Node("Pow", [p, g.Coin() ? g.Floats([], g.Pick(-1.5, 0.5, 3)) : g.Parameter()]))(g, x);

    private static string? Chosen(RandomGraph g, RandomTensor x) => g.Other(o => Broadcasts(x.Shape, o.Shape)) is { } y
        ? g.Node("SelectV2", [g.Node(g.Pick("Less", "GreaterEqual"), [x.Name, y.Name]), x.Name, g.Pick(y.Name, g.Floats([], 0.3))]) : null;

    private static string? Dense(RandomGraph g, RandomTensor x)
    {
        if (x.Rank != 2)
        {
            return null;
        }
        long d = x.Shape[1], units = g.Number(1, 4);
        bool transposed = g.Coin();
        return g.Node("MatMul", [x.Name, transposed ? g.Parameter(units, d) : g.Parameter(d, units)], ("transpose_b", transposed));
    }

    private static string? BatchedProduct(RandomGraph g, RandomTensor x)
    {
        if (x.Rank < 3)
        {
            return null;
        }
        bool left = g.Coin(), adjointX = g.Coin(), adjointP = g.Coin();
        long inner = x.Shape[^(left != adjointX ? 2 : 1)], units = g.Number(1, 3);
        long[] batch = g.Pick<long[]>([], x.Shape[1..^2], x.Shape[1..^2].Select(_ => 1L).ToArray());
        // p·x or x·p, either side transposed.
        long[] sizes = left ? [units, inner] : [inner, units];
        string p = g.Parameter([.. batch, .. adjointP ? sizes.Reverse() : sizes]);
        return left ? g.Node("BatchMatMulV2", [p, x.Name], ("adj_x", adjointP), ("adj_y", adjointX)) : g.Node("BatchMatMulV2", [x.Name, p], ("adj_x", adjointX), ("adj_y", adjointP));
    }

    private static string? Gram(RandomGraph g, RandomTensor x) => x.Rank < 3 ? null : g.Node("BatchMatMulV2", [x.Name, x.Name], (g.Coin() ? "adj_x" : "adj_y", true));

    private static string? Einsum(RandomGraph g, RandomTensor x) => x.Rank switch
    {
        2 => g.Node("Einsum", [x.Name, g.Parameter(x.Shape[1], 2)], ("equation", g.Pick("bi,ij->bj", "bi,ij->bij", "...i,ij->...j"))),
        3 => g.Node("Einsum", [x.Name, g.Parameter(x.Shape[2], 2, 2)], ("equation", g.Pick("bti,ijk->btjk", "bti,ijk->bjk", "...i,ijk->...kj"))),
        4 => g.Node("Einsum", [x.Name, g.Parameter(x.Shape[1], x.Shape[3])], ("equation", g.Pick("bxyc,xc->by", "bxyc,xc->bxyc", "bxyc,xc->bcy"))),
        _ => null,
    };

    private static string? BiasAdd(RandomGraph g, RandomTensor x)
    {
        bool first = x.Rank > 2 && g.Coin();
        return g.Node("BiasAdd", [x.Name, g.Parameter(first ? x.Shape[1] : x.Shape[^1])], ("data_format", first ? "NCHW" : "NHWC"));
    }

    // A convolution's options: where the channels are, strides, dilations, paddings; EXPLICIT only with given numbers.
    private static (bool First, (string, object)[] Attributes) Options(RandomGraph g, bool dilated, bool padded)
    {
        bool first = g.Coin();
        long stride = g.Number(1, 2), dilation = dilated && stride == 1 ? g.Number(1, 2) : 1;
        long[] Around(long a, long b) => first ? [1, 1, a, b] : [1, a, b, 1];
        string padding = g.Pick<string>(padded ? ["SAME", "VALID", "EXPLICIT"] : ["SAME", "VALID"]);
        var attributes = new List<(string, object)> { ("data_format", first ? "NCHW" : "NHWC"), ("strides", Around(stride, stride)), ("padding", padding), ("dilations", Around(dilation, g.Pick(1, dilation))) };
        if (padding == "EXPLICIT")
        {
            long[] sides = [g.Number(0, 2), g.Number(0, 1), g.Number(0, 1), g.Number(0, 2)];
            attributes.Add(("explicit_paddings", first ? [0L, 0, 0, 0, .. sides] : (long[])[0, 0, .. sides, 0, 0]));
        }
        return (first, [.. attributes]);
    }

    private static string? Convolution(RandomGraph g, RandomTensor x)
    {
        if (x.Rank != 4)
        {
            return null;
        }
        (bool first, (string, object)[] attributes) = Options(g, dilated: true, padded: true);
        long channels = x.Shape[first ? 1 : 3], groups = channels % 2 == 0 && g.Coin() ? 2 : 1;
        return g.Node("Conv2D", [x.Name, g.Parameter(g.Number(1, 2), g.Number(1, 2), channels / groups, groups * g.Number(1, 2))], attributes);
    }

    private static string? Depthwise(RandomGraph g, RandomTensor x)
    {
        if (x.Rank != 4)
        {
            return null;
        }
        (bool first, (string, object)[] attributes) = Options(g, dilated: true, padded: true);
        return g.Node("DepthwiseConv2dNative", [x.Name, g.Parameter(g.Number(1, 3), g.Number(1, 2), x.Shape[first ? 1 : 3], g.Number(1, 2))], attributes);
    }

    // Sizes of the result are read off the gradient that the op is: here of a stride of one or two.
    private static string? TransposedConvolution(RandomGraph g, RandomTensor x)
    {
        if (x.Rank != 4 || x.Shape[0] != RandomGraph.Examples)
        {
            return null;
        }
        bool first = g.Coin(), same = g.Coin();
        long stride = g.Number(1, 2), window = g.Number(1, 3), channels = g.Number(1, 2), high = x.Shape[first ? 2 : 1], wide = x.Shape[first ? 3 : 2];
        long Size(long size) => same ? (size * stride) - g.Number(0, (int)stride - 1) : ((size - 1) * stride) + window + g.Number(0, (int)stride - 1);
        string examples = g.Node("StridedSlice", [g.Node("Shape", [x.Name]), g.Integers(0), g.Integers(1), g.Integers(1)], ("shrink_axis_mask", 1L));
        long[] result = first ? [channels, Size(high), Size(wide)] : [Size(high), Size(wide), channels];
        string sizes = g.Node("Pack", [examples, .. result.Select(d => g.Integers([], [d]))]);
        return g.Node("Conv2DBackpropInput", [sizes, g.Parameter(window, window, channels, x.Shape[first ? 1 : 3]), x.Name],
            ("data_format", first ? "NCHW" : "NHWC"), ("strides", first ? [1L, 1, stride, stride] : (long[])[1, stride, stride, 1]), ("padding", same ? "SAME" : "VALID"));
    }

    private static string? VolumeConvolution(RandomGraph g, RandomTensor x)
    {
        if (x.Rank != 5)
        {
            return null;
        }
        bool first = g.Coin();
        long stride = g.Number(1, 2);
        return g.Node("Conv3D", [x.Name, g.Parameter(g.Number(1, 2), 1, g.Number(1, 2), x.Shape[first ? 1 : 4], g.Number(1, 2))],
            ("data_format", first ? "NCDHW" : "NDHWC"), ("strides", first ? [1L, 1, stride, stride, 1] : (long[])[1, stride, stride, 1, 1]), ("padding", g.Pick("SAME", "VALID")));
    }

    private static string? Normalisation(RandomGraph g, RandomTensor x)
    {
        if (x.Rank != 4)
        {
            return null;
        }
        bool first = g.Coin();
        long channels = x.Shape[first ? 1 : 3];
        string variance = g.Node("AddV2", [g.Node("Square", [g.Parameter(channels)]), g.Floats([], 0.4)]);
        return g.Node("FusedBatchNormV3", [x.Name, g.Parameter(channels), g.Parameter(channels), g.Parameter(channels), variance],
            ("data_format", first ? "NCHW" : "NHWC"), ("is_training", false), ("epsilon", 0.01f));
    }

    private static string? LocalResponse(RandomGraph g, RandomTensor x) => x.Rank != 4 ? null
        : g.Node("LRN", [x.Name], ("depth_radius", (long)g.Number(0, 2)), ("bias", 1.5f), ("alpha", 0.4f), ("beta", g.Pick(0.5f, 0.75f)));

    // Rows of a table, added where they fit.
    private static string? Lookup(RandomGraph g, RandomTensor x)
    {
        long d = x.Shape[^1];
        int axis = g.Number(0, 1);
        string indices = g.Integers(g.Pick(0L, 2, 1));
        string rows = g.Node("GatherV2", [axis == 0 ? g.Parameter(3, d) : g.Parameter(d, 3), indices, g.Integers([], [axis])]);
        return g.Node("Mul", [x.Name, g.Node("Sum", [rows, g.Integers(axis)])]);
    }

    private static string? LookupNd(RandomGraph g, RandomTensor x) => g.Node("GatherV2", [x.Name, g.Integers(Enumerable.Range(0, g.Number(1, 3)).Select(_ => (long)g.Number(0, (int)x.Shape[^1] - 1)).ToArray()), g.Integers([], [g.Pick(-1L, x.Rank - 1)])]);

    private static string? Reduction(RandomGraph g, RandomTensor x) => g.Node(g.Pick("Sum", "Mean", "Max", "Min", "Prod"), [x.Name, g.Integers(g.Axes(x).Select(a => g.Coin() ? a : (long)a - x.Rank).ToArray())], ("keep_dims", g.Coin()));

    private static string? Cumulative(RandomGraph g, RandomTensor x) => g.Node(g.Pick("Cumsum", "Cumprod"), [x.Name, g.Integers([], [g.Axis(x).Written])], ("exclusive", g.Coin()), ("reverse", g.Coin()));

    private static string? SortedFirst(RandomGraph g, RandomTensor x) => g.Node("TopKV2", [x.Name, g.Integers([], [g.Number(1, (int)Math.Min(3, x.Shape[^1]))])], ("sorted", true));

    private static string? Pool(RandomGraph g, RandomTensor x)
    {
        if (x.Rank != 4)
        {
            return null;
        }
        bool first = g.Coin();
        long[] Around(long a, long b) => first ? [1, 1, a, b] : [1, a, b, 1];
        return g.Node(g.Pick("AvgPool", "MaxPool"), [x.Name], ("data_format", first ? "NCHW" : "NHWC"), ("ksize", Around(g.Number(1, 2), g.Number(1, 3))),
            ("strides", Around(g.Number(1, 2), g.Number(1, 2))), ("padding", g.Pick("SAME", "VALID")));
    }

    // The sizes of an example in another order of magnitude; now and then examples' rows join theirs.
    private static string? Reshape(RandomGraph g, RandomTensor x)
    {
        long count = x.Shape.Aggregate(1L, (a, b) => a * b) / RandomGraph.Examples;
        long[] sizes = g.Pick<long[]>([count], count % 2 == 0 ? [2, count / 2] : [1, count], count % 4 == 0 ? [2, 2, count / 4] : [count, 1], [x.Shape[^1]], x.Shape.Length > 2 ? x.Shape[1..] : [1, count, 1]);
        return g.Node("Reshape", [x.Name, g.Integers([-1, .. sizes])]);
    }

    private static string? Transpose(RandomGraph g, RandomTensor x)
    {
        long[] order = Enumerable.Range(1, x.Rank - 1).Select(a => (long)a).OrderBy(_ => g.Number(0, 1000)).ToArray();
        return x.Rank < 3 ? null : g.Node("Transpose", [x.Name, g.Integers([0, .. order])]);
    }

    private static string? Concat(RandomGraph g, RandomTensor x)
    {
        (long written, int axis) = g.Axis(x);
        RandomTensor y = g.Other(o => o.Rank == x.Rank && o.Shape.Zip(x.Shape).Select((p, i) => p.First == p.Second || i == axis).All(same => same)) ?? x;
        return g.Node("ConcatV2", [x.Name, y.Name, g.Integers([], [written])]);
    }

    private static string? Pack(RandomGraph g, RandomTensor x) => g.Other(o => o.Shape.AsSpan().SequenceEqual(x.Shape)) is { } y && x.Rank < 4
        ? g.Node("Pack", [x.Name, y.Name, x.Name], ("axis", g.Pick(-1L, 1, x.Rank))) : null;

    private static string? Unpack(RandomGraph g, RandomTensor x)
    {
        if (x.Rank < 3)
        {
            return null;
        }
        (long written, int axis) = g.Axis(x);
        return $"{g.Node("Unpack", [x.Name], ("axis", written), ("num", x.Shape[axis]))}:{g.Number(0, (int)x.Shape[axis] - 1)}";
    }

    private static string? SplitInTwo(RandomGraph g, RandomTensor x)
    {
        (long written, int axis) = g.Axis(x);
        if (x.Shape[axis] % 2 == 0)
        {
            return $"{g.Node("Split", [g.Integers([], [written]), x.Name], ("num_split", 2L))}:{g.Number(0, 1)}";
        }
        return x.Shape[axis] < 3 ? null : $"{g.Node("SplitV", [x.Name, g.Integers(1, -1), g.Integers([], [written])], ("num_split", 2L))}:{g.Number(0, 1)}";
    }

    // Any mixture of ranges, negative steps, single places, new axes and an ellipsis.
    private static string? StridedSlice(RandomGraph g, RandomTensor x)
    {
        var begin = new List<long> { 0 };
        var end = new List<long> { 0 };
        var step = new List<long> { 1 };
        long beginMask = 1, endMask = 1, shrink = 0, fresh = 0, ellipsis = 0;
        for (int axis = 1; axis < x.Rank; axis++)
        {
            long size = x.Shape[axis], bit = 1L << begin.Count;
            switch (g.Number(0, 6))
            {
                case 0:
                    (begin, end, step) = ([.. begin, g.Coin() ? size - 1 : -1], [.. end, g.Coin() ? 0 : -size], [.. step, -1]);
                    endMask |= bit;
                    break;
                case 1 when x.Rank > 2 && shrink == 0:
                    long at = g.Number(0, (int)size - 1);
                    (begin, end, step) = ([.. begin, g.Coin() ? at : at - size], [.. end, at + 1], [.. step, 1]);
                    shrink |= bit;
                    break;
                case 2 when fresh == 0 && x.Rank < 5:
                    (begin, end, step) = ([.. begin, 0], [.. end, 0], [.. step, 1]);
                    fresh |= bit;
                    axis--;
                    break;
                case 3 when ellipsis == 0 && axis == x.Rank - 2:
                    (begin, end, step) = ([.. begin, 0], [.. end, 0], [.. step, 1]);
                    ellipsis |= bit;
                    axis = x.Rank;
                    break;
                case 4 when size > 1:
                    (begin, end, step) = ([.. begin, g.Number(0, 1)], [.. end, g.Coin() ? size : size - 1], [.. step, 1]);
                    break;
                default:
                    (begin, end, step) = ([.. begin, g.Pick(0, -size)], [.. end, size + g.Number(0, 2)], [.. step, g.Number(1, 2)]);
                    break;
            }
        }
        return g.Node("StridedSlice", [x.Name, g.Integers([.. begin]), g.Integers([.. end]), g.Integers([.. step])],
            ("begin_mask", beginMask), ("end_mask", endMask), ("shrink_axis_mask", shrink), ("new_axis_mask", fresh), ("ellipsis_mask", ellipsis));
    }

    private static string? Slice(RandomGraph g, RandomTensor x)
    {
        long[] begin = x.Shape.Select((d, i) => i == 0 ? 0L : g.Number(0, (int)d - 1)).ToArray();
        long[] size = x.Shape.Select((d, i) => i == 0 || g.Coin() ? -1L : g.Number(1, (int)(d - begin[i]))).ToArray();
        return g.Node("Slice", [x.Name, g.Integers(begin), g.Integers(size)]);
    }

    private static string? Pad(RandomGraph g, RandomTensor x)
    {
        string by = g.Integers([x.Rank, 2], [0, 0, .. Enumerable.Range(0, 2 * (x.Rank - 1)).Select(_ => (long)g.Number(0, 1))]);
        return g.Coin() ? g.Node("Pad", [x.Name, by]) : g.Node("PadV2", [x.Name, by, g.Floats([], 0.7)]);
    }

    private static string? MirrorPad(RandomGraph g, RandomTensor x)
    {
        bool symmetric = g.Coin();
        long[] by = x.Shape.SelectMany((d, i) => i == 0 ? new[] { 0L, 0 } : [g.Number(0, (int)Math.Min(2, symmetric ? d : d - 1)), g.Number(0, (int)Math.Min(1, symmetric ? d : d - 1))]).ToArray();
        return g.Node("MirrorPad", [x.Name, g.Integers([x.Rank, 2], by)], ("mode", symmetric ? "SYMMETRIC" : "REFLECT"));
    }

    private static string? Tile(RandomGraph g, RandomTensor x) => g.Node("Tile", [x.Name, g.Integers([1, .. x.Shape[1..].Select(_ => (long)g.Number(1, 2))])]);

    private static string? Reverse(RandomGraph g, RandomTensor x) => g.Node("ReverseV2", [x.Name, g.Integers(g.Axes(x).Select(a => g.Coin() ? a : (long)a - x.Rank).ToArray())]);

    private static string? Roll(RandomGraph g, RandomTensor x) => g.Node("Roll", [x.Name, g.Integers(g.Number(-2, 2)), g.Integers(g.Axis(x).Written)]);

    private static string? ExpandDims(RandomGraph g, RandomTensor x) => x.Rank > 4 ? null : g.Node("ExpandDims", [x.Name, g.Integers([], [g.Pick(-1L, 1, x.Rank)])]);

    private static string? Squeeze(RandomGraph g, RandomTensor x)
    {
        int[] ones = Enumerable.Range(1, x.Rank - 1).Where(a => x.Shape[a] == 1).ToArray();
        return ones.Length == 0 ? null : g.Node("Squeeze", [x.Name], ("squeeze_dims", ones.Select(a => g.Coin() ? a : (long)a - x.Rank).ToArray()));
    }

    // Between space and channels, and between space and examples.
    private static string? Blocks(RandomGraph g, RandomTensor x)
    {
        bool even = x.Rank == 4 && x.Shape[1] % 2 == 0 && x.Shape[2] % 2 == 0;
        return even && g.Coin() ? g.Node("SpaceToBatchND", [x.Name, g.Integers(2, 2), g.Integers([2, 2], [0, 0, 0, 0])])
            : even ? g.Node("SpaceToDepth", [x.Name], ("block_size", 2L)) : x.Rank == 4 && x.Shape[3] % 4 == 0 ? g.Node("DepthToSpace", [x.Name], ("block_size", 2L)) : null;
    }

    private static string? Band(RandomGraph g, RandomTensor x) => x.Rank < 3 ? null : g.Node("MatrixBandPart", [x.Name, g.Integers([], [g.Number(-1, 1)]), g.Integers([], [g.Number(-1, 1)])]);

    private static string? Diagonal(RandomGraph g, RandomTensor x) => x.Rank switch
    {
        2 => g.Node("MatrixDiag", [x.Name]),
        > 2 => g.Node("MatrixDiagPart", [x.Name]),
        _ => null,
    };

    private static string? Resize(RandomGraph g, RandomTensor x) => x.Rank != 4 ? null
        : g.Node(g.Pick("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic"), [x.Name, g.Integers(g.Number(1, 4), g.Number(1, 5))], ("half_pixel_centers", g.Coin()));

    private static string? Patches(RandomGraph g, RandomTensor x) => x.Rank != 4 || x.Shape[1] < 2 || x.Shape[2] < 2 ? null
        : g.Node("ExtractImagePatches", [x.Name], ("ksizes", new long[] { 1, 2, g.Number(1, 2), 1 }), ("strides", new long[] { 1, g.Number(1, 2), 1, 1 }), ("rates", new long[] { 1, 1, 1, 1 }), ("padding", g.Pick("SAME", "VALID")));

    // Along the parameters' rows: sums of those that share a segment.
    private static string? SegmentSum(RandomGraph g, RandomTensor x)
    {
        string rows = g.Node(g.Pick("UnsortedSegmentSum", "UnsortedSegmentMax"), [g.Parameter(4, x.Shape[^1]), g.Integers(1, 0, 1, 1), g.Integers([], [2])]);
        return g.Node("Mul", [x.Name, g.Node("Sum", [rows, g.Integers(0)])]);
    }

    // A·Aᵀ + 1 has all that it takes.
    private static string? Inverse(RandomGraph g, RandomTensor x)
    {
        if (x.Rank < 3 || x.Shape[^2] > 3)
        {
            return null;
        }
        long n = x.Shape[^2];
        string identity = g.Floats([n, n], Enumerable.Range(0, (int)(n * n)).Select(i => i % (n + 1) == 0 ? 1.0 : 0).ToArray());
        string matrix = g.Node("AddV2", [g.Node("BatchMatMulV2", [x.Name, x.Name], ("adj_y", true)), identity]);
        return g.Node(g.Pick("MatrixInverse", "Cholesky", "MatrixDeterminant"), [matrix]);
    }

    // Examples that see one another: the whole batch is then one.
    private static string? CrossExamples(RandomGraph g, RandomTensor x) => g.Number(0, 2) > 0 ? null
        : g.Node("Sub", [x.Name, g.Node("Mean", [x.Name, g.Integers(0)], ("keep_dims", true))]);
}
