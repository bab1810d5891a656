using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Protos;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Random numbers, of which nothing but the bounds is known: a mask of a dropout that keeps everything is a constant, and what depends on the draw is refused.</summary>
internal static class RandomOps
{
    // A normal number is made of a uniform one that is no less than 1e-7: √(−2 ln 1e-7) is 5.7, and for float64 it is 38.6.
    private const double Normal = 40, Truncated = 2;

    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("RandomUniform", Uniform), new("StatelessRandomUniform", Uniform), new("StatelessRandomUniformV2", Uniform),
        new("RandomStandardNormal", c => Draw(c, -Normal, Normal)), new("StatelessRandomNormal", c => Draw(c, -Normal, Normal)), new("StatelessRandomNormalV2", c => Draw(c, -Normal, Normal)),
        new("TruncatedNormal", c => Draw(c, -Truncated, Truncated)), new("StatelessTruncatedNormal", c => Draw(c, -Truncated, Truncated)),
        new("StatelessTruncatedNormalV2", c => Draw(c, -Truncated, Truncated)),
        new("StatelessRandomGetAlg", c => Any(c, [], ScalarType.Int32)),
        new("StatelessRandomGetKeyCounter", c => OpResult.Of(Any(c, [1], ScalarType.Int64), Any(c, [2], ScalarType.Int64)), "key", "counter"),
    ];

    /// <summary>Whether an op draws random numbers.</summary>
    public static bool IsRandom(string op) => Array.Exists(Table, o => o.Name == op);

    // Of the numbers below 1 that the type can hold at equal steps: 2⁻²³ apart for float32, in which a graph of float64 may be computed.
    private static OpResult Uniform(OpContext c) => Draw(c, 0, 1 - Math.Pow(2, -Math.Min(c.Trace.FloatType == ScalarType.Float64 ? 52 : 23, c.FileType("dtype", DataType.DtFloat) switch
    {
        NtkDType.Float64 => 52,
        NtkDType.Float16 => 10,
        NtkDType.BFloat16 => 7,
        _ => 23,
    })));

    // The seed, and how numbers are made of it, make no difference.
    private static OpResult Draw(OpContext c, double low, double high) =>
        c.Trace.Random(new TensorType(c.Type("dtype", DataType.DtFloat), c.Known(0)), low, high, Refusal(c));

    private static Value Any(OpContext c, long[] shape, ScalarType dtype) =>
        c.Trace.Random(new TensorType(dtype, shape), double.NegativeInfinity, double.PositiveInfinity, Refusal(c));

    private static NtkException Refusal(OpContext c) => new(NtkErrorId.UnsupportedModel,
        $"Node '{c.Node.Name}' ({c.Node.Op}): the outputs depend on the random numbers that are drawn here. Of a dropout, feed keep_prob the value 1 (a rate 0, is_training $false) with -Feed, or export the " +
        "model for inference. Of augmentation, as Keras 3 exports it, cut the graph behind it with -InputTensor, or import the .keras file, where such layers pass images on as they are.")
    {
        Target = c.Node.Name,
        Data = { [GraphTracer.OpKey] = c.Node.Op },
    };
}
