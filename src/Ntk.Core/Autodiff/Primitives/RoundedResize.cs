using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>What TensorFlow's image ops compute, and in what order they round.</summary>
internal enum ResizeKind
{
    /// <summary>Columns, then rows, each as the lower element plus a part of the difference.</summary>
    Linear,
    /// <summary>Weighted sums of rows, then of columns.</summary>
    Cubic,
    /// <summary>Weighted sums of columns, then of rows.</summary>
    Area,
    /// <summary>Weighted sums of rows, then of columns; so is the derivative.</summary>
    Sampled,
}

/// <summary>
/// Images (…, H, W, C) of float64 resized as TensorFlow's ops do: they give float32 whatever they take, compute in float32, and take their
/// cotangents in float32. To the last bit, so that a model computed in float64 agrees with TensorFlow in float64, which has lost the same digits.
/// </summary>
/// <param name="rows">Where the new rows come from.</param>
/// <param name="columns">Where the new columns come from.</param>
/// <param name="kind">What is computed.</param>
/// <param name="narrow">Whether the image was made float32 before, so that what is pulled back sums in float32 too.</param>
internal sealed class RoundedResize(AxisSampling rows, AxisSampling columns, ResizeKind kind, bool narrow) : Primitive
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
        Tensor result = kind switch
        {
            ResizeKind.Linear => Between(Between(x, columns, Columns), rows, Rows),
            ResizeKind.Area => Sum(Sum(x, columns, Columns), rows, Rows) * (float)(1.0 / (rows.Cell * columns.Cell)),
            _ => Sum(Sum(x, rows, Rows), columns, Columns),
        };
        return result.to(ScalarType.Float64).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override bool IsLinear(int operand) => true;

    // The transpose of what pulls rows of the identity back: TensorFlow's own derivative is the reverse one.
    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point)
    {
        using DisposeScope scope = NewDisposeScope();
        if (kind != ResizeKind.Linear)
        {
            return Mapped(tangent, tensor(rows.Matrix()), tensor(columns.Matrix())).MoveToOuterDisposeScope();
        }
        Tensor pushed = zeros([.. tangent.shape[..^3], rows.Size, columns.Size, tangent.shape[^1]], ScalarType.Float64);
        for (int row = 0; row < 2; row++)
        {
            Tensor line = Tap(tangent, rows, row, Rows);
            for (int column = 0; column < 2; column++)
            {
                pushed.add_(Tap(line, columns, column, Columns) * (Along(rows.Weight[row], Rows) * Along(columns.Weight[column], Columns)).to(ScalarType.Float64));
            }
        }
        return pushed.MoveToOuterDisposeScope();
    }

    // Sums are in the image's own type; so are the cubic's products, where the linear one's are in float32 always.
    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rounded = cotangent.to(ScalarType.Float32);
        if (narrow && kind == ResizeKind.Sampled)
        {
            return Sum(Sum(rounded, rows.Transposed()[0], Rows), columns.Transposed()[0], Columns).to(ScalarType.Float64).MoveToOuterDisposeScope();
        }
        if (kind == ResizeKind.Linear || (narrow && kind == ResizeKind.Cubic))
        {
            return Scattered(rounded, narrow ? ScalarType.Float32 : ScalarType.Float64).to(ScalarType.Float64).MoveToOuterDisposeScope();
        }
        return Mapped(rounded.to(ScalarType.Float64), tensor(rows.Matrix()).t(), tensor(columns.Matrix()).t()).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site) => site.Axes[0] is { } batch && batch.Axis is var axis && (axis < site.Operands[0].Rank - 3 || axis == site.Operands[0].Rank - 1) ? batch : null;

    /// <inheritdoc/>
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output) => 2.0 * (rows.Index.Length + columns.Index.Length) * output.Count;

    // Every new element adds its products to the old ones that it comes from, in the order of the new ones and of their taps.
    private Tensor Scattered(Tensor cotangent, ScalarType type)
    {
        AxisSampling[] down = rows.Transposed(), across = columns.Transposed();
        Tensor sum = zeros([.. cotangent.shape[..^3], rows.From, columns.From, cotangent.shape[^1]], type);
        for (int row = 0; row < down[0].Index.Length; row++)
        {
            Tensor line = Tap(cotangent, down[0], row, Rows);
            for (int column = 0; column < across[0].Index.Length; column++)
            {
                Tensor element = Tap(line, across[0], column, Columns);
                foreach (float[] rowWeight in down.Select(d => d.Weight[row]).Where(w => w.Any(one => one != 0)))
                {
                    Tensor weighted = element * Along(rowWeight, Rows);
                    foreach (float[] columnWeight in across.Select(a => a.Weight[column]).Where(w => w.Any(one => one != 0)))
                    {
                        sum.add_(weighted * Along(columnWeight, Columns));
                    }
                }
            }
        }
        return sum;
    }

    private static Tensor Between(Tensor x, AxisSampling axis, int place)
    {
        Tensor low = Tap(x, axis, 0, place);
        return low + ((Tap(x, axis, 1, place) - low) * Along(axis.Weight[1], place));
    }

    private static Tensor Sum(Tensor x, AxisSampling axis, int place)
    {
        Tensor sum = Tap(x, axis, 0, place) * Along(axis.Weight[0], place);
        for (int tap = 1; tap < axis.Index.Length; tap++)
        {
            sum += Tap(x, axis, tap, place) * Along(axis.Weight[tap], place);
        }
        return sum;
    }

    private static Tensor Tap(Tensor x, AxisSampling axis, int tap, int place) => x.index_select(place, tensor(axis.Index[tap]));

    // (…, H, W, C) → (…, H', W', C)
    private static Tensor Mapped(Tensor x, Tensor ofRows, Tensor ofColumns)
    {
        long[] shape = x.shape;
        Tensor down = matmul(ofRows, x.reshape([.. shape[..^2], shape[^2] * shape[^1]]));
        return matmul(ofColumns, down.reshape([.. shape[..^3], ofRows.shape[0], shape[^2], shape[^1]]));
    }

    private static Tensor Along(float[] values, int place) => tensor(values).reshape([values.Length, .. Enumerable.Repeat(1L, -place - 1)]);
}
