using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>In what order TensorFlow's image ops round.</summary>
internal enum ResizeOrder
{
    /// <summary>Columns, then rows, each as the lower element plus a part of the difference.</summary>
    Between,
    /// <summary>Weighted sums of columns, then of rows.</summary>
    ColumnsFirst,
    /// <summary>Weighted sums of rows, then of columns.</summary>
    RowsFirst,
}

/// <summary>
/// Images (…, H, W, C) of float64 resized as TensorFlow's ops do: they give float32 whatever they take, compute in float32, and take their
/// cotangents in float32. To the last bit, so that a model computed in float64 agrees with TensorFlow in float64, which has lost the same digits.
/// </summary>
/// <param name="rows">Where the new rows come from.</param>
/// <param name="columns">Where the new columns come from.</param>
/// <param name="order">The order of the roundings.</param>
internal sealed class RoundedResize(AxisSampling rows, AxisSampling columns, ResizeOrder order) : Primitive
{
    private const int Rows = -3, Columns = -2;

    /// <inheritdoc/>
    public override string Name => "resize_rounded";

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
    public override Tensor Eval(ReadOnlySpan<Tensor> operands)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = operands[0].to(ScalarType.Float32);
        foreach ((AxisSampling axis, int place) in order == ResizeOrder.RowsFirst ? [(rows, Rows), (columns, Columns)] : new[] { (columns, Columns), (rows, Rows) })
        {
            Tensor Tap(int tap) => x.index_select(place, tensor(axis.Index[tap]));
            Tensor result = Tap(0);
            if (order == ResizeOrder.Between)
            {
                x = result + ((Tap(1) - result) * Along(axis.Weight[1], place));
                continue;
            }
            result *= Along(axis.Weight[0], place);
            for (int tap = 1; tap < axis.Index.Length; tap++)
            {
                result += Tap(tap) * Along(axis.Weight[tap], place);
            }
            x = result;
        }
        return (x * (float)(1.0 / (rows.Cell * columns.Cell))).to(ScalarType.Float64).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override bool IsLinear(int operand) => true;

    // The transpose of what pulls rows of the identity back: TensorFlow's own derivative is the reverse one.
    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point)
    {
        using DisposeScope scope = NewDisposeScope();
        if (order != ResizeOrder.Between)
        {
            return Mapped(tangent, rows.Matrix(), columns.Matrix()).MoveToOuterDisposeScope();
        }
        Tensor pushed = zeros([.. tangent.shape[..^3], rows.Size, columns.Size, tangent.shape[^1]], ScalarType.Float64);
        foreach ((Tensor row, Tensor rowWeight) in Taps(rows, Rows))
        {
            Tensor line = tangent.index_select(Rows, row);
            foreach ((Tensor column, Tensor columnWeight) in Taps(columns, Columns))
            {
                pushed.add_(line.index_select(Columns, column) * (rowWeight * columnWeight).to(ScalarType.Float64));
            }
        }
        return pushed.MoveToOuterDisposeScope();
    }

    // TensorFlow multiplies the linear one's cotangents with the weights in float32, the others' in the image's own type. All sum in that.
    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor narrow = cotangent.to(ScalarType.Float32);
        if (order != ResizeOrder.Between)
        {
            return Mapped(narrow.to(ScalarType.Float64), Transposed(rows.Matrix()), Transposed(columns.Matrix())).MoveToOuterDisposeScope();
        }
        long[] shape = narrow.shape;
        Tensor pulled = zeros([.. shape[..^3], rows.From, columns.From, shape[^1]], ScalarType.Float64);
        foreach ((Tensor row, Tensor rowWeight) in Taps(rows, Rows))
        {
            Tensor weighted = narrow * rowWeight, line = zeros([.. shape[..^2], columns.From, shape[^1]], ScalarType.Float64);
            foreach ((Tensor column, Tensor columnWeight) in Taps(columns, Columns))
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
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output) => 2.0 * (rows.Index.Length + columns.Index.Length) * output.Count;

    // (…, H, W, C) → (…, H', W', C)
    private static Tensor Mapped(Tensor x, double[,] ofRows, double[,] ofColumns)
    {
        long[] shape = x.shape;
        Tensor down = matmul(tensor(ofRows), x.reshape([.. shape[..^2], shape[^2] * shape[^1]]));
        return matmul(tensor(ofColumns), down.reshape([.. shape[..^3], ofRows.GetLength(0), shape[^2], shape[^1]]));
    }

    private static double[,] Transposed(double[,] matrix)
    {
        var turned = new double[matrix.GetLength(1), matrix.GetLength(0)];
        for (int i = 0; i < matrix.GetLength(0); i++)
        {
            for (int k = 0; k < matrix.GetLength(1); k++)
            {
                turned[k, i] = matrix[i, k];
            }
        }
        return turned;
    }

    private static IEnumerable<(Tensor Index, Tensor Weight)> Taps(AxisSampling axis, int place) => axis.Index.Select((index, tap) => (tensor(index), Along(axis.Weight[tap], place)));

    private static Tensor Along(float[] values, int place) => tensor(values).reshape([values.Length, .. Enumerable.Repeat(1L, -place - 1)]);
}
