using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Protos;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Counts of values, and numbers of axes under another data format.</summary>
internal static class CountingOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("Bincount", c => Count(c, false)), new("DenseBincount", c => Count(c, c.Bool("binary_output"))), new("HistogramFixedWidth", Histogram),
        new("DataFormatDimMap", MapAxes), new("DataFormatVecPermute", PermuteVector),
    ];

    // Bincount(values, size, weights): of each row, or of all values where there are no rows; values outside [0, size) count nowhere.
    private static OpResult Count(OpContext c, bool once)
    {
        long size = c.Known(1)[0];
        Value values = c[0].Rank == 2 && c.Node.Op == "DenseBincount" ? c[0] : Lax.Reshape(c[0], c[0].Type.Count), weights = c[2];
        Value one = Lax.ScalarLike(weights, 1), zero = Lax.ScalarLike(weights, 0), hit = Lax.OneHot(values, size, -1, one, zero);
        if (once)
        {
            return hit.Shape[^2] == 0 ? Lax.Sum(hit, [-2]) : Lax.Max(hit, [-2]);
        }
        return Lax.Sum(weights.Type.Count == 0 ? hit : hit * Lax.Reshape(weights, [.. values.Shape, 1]), [-2]);
    }

    // HistogramFixedWidth(values, value_range, nbins): values outside the range count in the outermost bins.
    private static OpResult Histogram(OpContext c)
    {
        long bins = c.Known(2)[0];
        ScalarType type = c.Type("dtype", DataType.DtInt32);
        Value values = Lax.Reshape(c[0], c[0].Type.Count), low = Lax.Index(c[1], 0, 0), high = Lax.Index(c[1], 0, 1);
        Value place = Lax.Floor((values - low) / (high - low) * bins);
        place = Lax.Cast(Lax.Minimum(Lax.Maximum(place, Lax.ScalarLike(place, 0)), Lax.ScalarLike(place, bins - 1)), ScalarType.Int64);
        Value one = c.Trace.Constant(tensor(1, type)), zero = c.Trace.Constant(tensor(0, type));
        return Lax.Sum(Lax.OneHot(place, bins, -1, one, zero), [0]);
    }

    // DataFormatDimMap(x; src_format, dst_format): where the axes numbered x of one format lie in another.
    private static OpResult MapAxes(OpContext c)
    {
        string from = c.Text("src_format", "NHWC"), to = c.Text("dst_format", "NCHW");
        Value map = Lax.Cast(c.Trace.Integers(from.Select(axis => (long)to.IndexOf(axis)).ToArray()), c[0].DType), size = Lax.ScalarLike(c[0], from.Length);
        return Lax.Gather(map, Lax.FloorMod(c[0], size), 0);
    }

    // DataFormatVecPermute(x; src_format, dst_format): entries of a shape, or pairs of them, in another format's order; shorter vectors have the spatial axes alone.
    private static OpResult PermuteVector(OpContext c)
    {
        string from = c.Text("src_format", "NHWC"), to = c.Text("dst_format", "NCHW");
        if (c[0].Shape[0] != from.Length)
        {
            (from, to) = (string.Concat(from.Where(a => a is not ('N' or 'C'))), string.Concat(to.Where(a => a is not ('N' or 'C'))));
        }
        return Lax.Gather(c[0], c.Trace.Integers(to.Select(axis => (long)from.IndexOf(axis)).ToArray()), 0);
    }
}
