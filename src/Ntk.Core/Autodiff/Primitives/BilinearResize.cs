using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>
/// Images (…, H, W, C) of float64 resized as TensorFlow's ResizeBilinear does: the op gives float32 whatever it takes, computes in float32, and takes its
/// cotangents in float32. To the last bit, so that a model computed in float64 agrees with TensorFlow in float64, which has lost the same digits.
/// </summary>
/// <param name="rows">Where the new rows come from.</param>
/// <param name="columns">Where the new columns come from.</param>
internal sealed class BilinearResize(LinearPlaces rows, LinearPlaces columns) : Primitive
{
    private const int Rows = -3, Columns = -2;

    /// <inheritdoc/>
    public override string Name => "resize_bilinear";

    /// <inheritdoc/>
    protected override string Details => $"{rows.Size}, {columns.Size}";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands)
    {
        TensorType x = operands[0];
        return x.Rank >= 3 && x.DType == ScalarType.Float64 && x.Shape[^3] == rows.From && x.Shape[^2] == columns.From
            ? new TensorType(x.DType, [.. x.Shape[..^3], rows.Size, columns.Size, x.Shape[^1]])
            : throw Mismatch($"{x} is not what it takes");
    }

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands) => Resize(operands[0]);

    /// <inheritdoc/>
    public override bool IsLinear(int operand) => true;

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point) => Resize(tangent);

    // Products in float32, sums in the image's own type.
    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor narrow = cotangent.to(ScalarType.Float32);
        long[] shape = narrow.shape;
        Tensor pulled = zeros([.. shape[..^3], rows.From, columns.From, shape[^1]], ScalarType.Float64);
        foreach ((Tensor row, Tensor rowWeight) in Ends(rows, Rows))
        {
            Tensor weighted = narrow * rowWeight, line = zeros([.. shape[..^2], columns.From, shape[^1]], ScalarType.Float64);
            foreach ((Tensor column, Tensor columnWeight) in Ends(columns, Columns))
            {
                line.index_add_(Columns, column, (weighted * columnWeight).to(ScalarType.Float64), 1);
            }
            pulled.index_add_(Rows, row, line, 1);
        }
        return pulled.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site) => site.Axes[0] is { } batch && batch.Axis is var axis && (axis < site.Operands[0].Rank - 3 || axis == site.Operands[0].Rank - 1) ? batch : null;

    /// <inheritdoc/>
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output) => 8.0 * output.Count;

    private Tensor Resize(Tensor x)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor narrow = x.to(ScalarType.Float32);
        Tensor Line(long[] places)
        {
            Tensor line = narrow.index_select(Rows, tensor(places));
            return Between(line.index_select(Columns, tensor(columns.Lower)), line.index_select(Columns, tensor(columns.Upper)), Along(columns.Between, Columns));
        }
        return Between(Line(rows.Lower), Line(rows.Upper), Along(rows.Between, Rows)).to(ScalarType.Float64).MoveToOuterDisposeScope();
    }

    private static Tensor Between(Tensor low, Tensor high, Tensor part) => low + ((high - low) * part);

    private static (Tensor Index, Tensor Weight)[] Ends(LinearPlaces places, int axis)
    {
        Tensor part = Along(places.Between, axis);
        return [(tensor(places.Lower), 1 - part), (tensor(places.Upper), part)];
    }

    private static Tensor Along(float[] values, int axis) => tensor(values).reshape([values.Length, .. Enumerable.Repeat(1L, -axis - 1)]);
}

/// <summary>Where the elements of an axis resized linearly come from.</summary>
/// <param name="From">The old size.</param>
/// <param name="Lower">The nearest old element below each new one.</param>
/// <param name="Upper">The nearest old element above it.</param>
/// <param name="Between">How far it lies from the lower to the upper one.</param>
internal sealed record LinearPlaces(long From, long[] Lower, long[] Upper, float[] Between)
{
    /// <summary>The new size.</summary>
    public long Size => Lower.Length;
}
