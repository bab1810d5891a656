using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>What becomes of an output's axis in the kernel.</summary>
internal enum AxisRole
{
    /// <summary>Appears twice, for x1 and for x2.</summary>
    Full,
    /// <summary>Summed along the diagonal.</summary>
    Traced,
    /// <summary>Appears once, the diagonal.</summary>
    Diagonal,
}

/// <summary>
/// The rows of an output's Jacobian: its elements (of one example, or of the whole batch), ordered so that diagonal axes come first, traced ones next,
/// full ones last.
/// </summary>
/// <param name="Axes">The output's axes that the rows run over, in the rows' order.</param>
/// <param name="Sizes">Their sizes.</param>
/// <param name="Diagonal">D: rows along diagonal axes.</param>
/// <param name="Traced">T: rows along traced axes.</param>
/// <param name="Full">F: rows along full axes.</param>
internal sealed record OutputRows(int[] Axes, long[] Sizes, long Diagonal, long Traced, long Full)
{
    /// <summary>K, the number of rows.</summary>
    public long Count => Diagonal * Traced * Full;

    /// <summary>Traced rows among so many: a pass may go on with fewer (see <see cref="RowCompression"/>).</summary>
    /// <param name="count">All rows.</param>
    public long TracedOf(long count) => count / (Diagonal * Full);

    /// <summary>The rows of an output.</summary>
    /// <param name="shape">The output's shape.</param>
    /// <param name="roles">Each axis's role.</param>
    /// <param name="batch">The examples' axis, over which rows do not run; −1 for none.</param>
    public static OutputRows Of(long[] shape, AxisRole[] roles, int batch)
    {
        int[] axes = Enumerable.Range(0, shape.Length).Where(a => a != batch)
            .OrderBy(a => roles[a] switch { AxisRole.Diagonal => 0, AxisRole.Traced => 1, _ => 2 }).ThenBy(a => a).ToArray();
        long Size(AxisRole role) => axes.Where(a => roles[a] == role).Aggregate(1L, (n, a) => n * shape[a]);
        return new OutputRows(axes, Array.ConvertAll(axes, a => shape[a]), Size(AxisRole.Diagonal), Size(AxisRole.Traced), Size(AxisRole.Full));
    }

    /// <summary>The cotangents that pick each row: (K, output's shape with one example).</summary>
    public Tensor Seeds(int rank, ScalarType dtype)
    {
        using Tensor identity = eye(Count, Count, dtype).reshape([Count, .. Sizes]);
        var order = new long[rank + 1];
        for (int i = 0; i < Axes.Length; i++)
        {
            order[Axes[i] + 1] = i + 1;
        }
        if (Axes.Length == rank)
        {
            return identity.permute(order).contiguous();
        }
        int batch = Enumerable.Range(0, rank).Except(Axes).Single();
        using Tensor wide = identity.unsqueeze(-1);
        order[batch + 1] = rank;
        return wide.permute(order).contiguous();
    }
}
