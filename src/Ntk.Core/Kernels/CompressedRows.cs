using Ntk.Core.Autodiff;
using Ntk.Core.Kernels.Structure;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>
/// The rows that a pass goes on with where its <see cref="RowCompression"/> says so: decomposed once for all tiles of both sides, which must go on with the
/// same rows exactly.
/// </summary>
/// <param name="compression">Where.</param>
internal sealed class CompressedRows(RowCompression compression) : IDisposable
{
    private readonly Dictionary<int, Tensor> _rows = [];

    /// <summary>Whether a variable's rows are known, so that nothing need be pulled back to it.</summary>
    public Cotangent? Known(int variable) => _rows.TryGetValue(variable, out Tensor? rows) ? new Cotangent(rows.alias(), Shared: true) : null;

    /// <summary>The cotangent of a variable as the pass goes on with it.</summary>
    /// <param name="variable">The variable.</param>
    /// <param name="cotangent">What arrived, released where it is replaced.</param>
    /// <param name="axis">Where the variable carries the examples.</param>
    /// <param name="examples">How many.</param>
    public Cotangent Take(int variable, Cotangent cotangent, BatchAxis? axis, long examples)
    {
        if (!compression.At.Contains(variable))
        {
            return cotangent;
        }
        if (!_rows.TryGetValue(variable, out Tensor? rows))
        {
            // Examples that share their rows may still hold a copy each.
            using Tensor own = cotangent.Shared ? cotangent.Rows.alias() : Examples.Pick(cotangent.Rows, 1, axis, examples, 0);
            using Tensor factor = Factor(own.reshape(own.shape[0], -1));
            rows = factor.reshape(Shapes.Prepend(factor.shape[0], own.shape[1..])).DetachFromDisposeScope();
            _rows.Add(variable, rows);
        }
        cotangent.Release();
        return Known(variable)!;
    }

    // R (U, U) with RᵀR = CᵀC, in float64: several times as fast as an orthogonal decomposition of C, and as exact, for what is computed with R is linear in
    // RᵀR.
    private static Tensor Factor(Tensor rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor wide = rows.to(ScalarType.Float64), squared = wide.t().mm(wide);
        (Tensor lower, Tensor info) = linalg.cholesky_ex(squared);
        if (info.item<int>() == 0)
        {
            return lower.t().to(rows.dtype).contiguous().MoveToOuterDisposeScope();
        }
        // Columns that depend on one another.
        (Tensor values, Tensor vectors) = linalg.eigh(squared);
        return (values.clamp_min(0).sqrt().unsqueeze(1) * vectors.t()).to(rows.dtype).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor rows in _rows.Values)
        {
            rows.Dispose();
        }
    }
}
