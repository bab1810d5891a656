using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>
/// The geometry of a convolution over 1 to 3 spatial axes, channels last: x (N, spatial, Cin), kernel (window, Cin / groups, Cout), output (N, spatial, Cout).
/// </summary>
/// <param name="Strides">Steps of the window.</param>
/// <param name="Dilations">Distances between the window's elements.</param>
/// <param name="Low">Zeros before each spatial axis.</param>
/// <param name="High">Zeros behind each spatial axis.</param>
/// <param name="Groups">Into how many independent blocks the channels fall.</param>
public sealed record ConvolutionGeometry(long[] Strides, long[] Dilations, long[] Low, long[] High, long Groups)
{
    /// <summary>The number of spatial axes.</summary>
    public int SpatialRank => Strides.Length;

    /// <summary>The output's spatial sizes; 0 where a window finds no place, as TensorFlow counts.</summary>
    public long[] OutputSizes(ReadOnlySpan<long> input, ReadOnlySpan<long> window)
    {
        var sizes = new long[SpatialRank];
        for (int i = 0; i < sizes.Length; i++)
        {
            sizes[i] = Math.Max(0, (input[i] + Low[i] + High[i] - (Dilations[i] * (window[i] - 1)) - 1 + Strides[i]) / Strides[i]);
        }
        return sizes;
    }

    /// <inheritdoc/>
    public override string ToString() => $"stride {string.Join("x", Strides)}, pad {string.Join("x", Low.Zip(High, (l, h) => $"{l}+{h}"))}" +
        (Dilations.All(d => d == 1) ? "" : $", dilation {string.Join("x", Dilations)}") + (Groups == 1 ? "" : $", groups {Groups}");
}

/// <summary>Convolution (cross-correlation, as in TensorFlow) of x with a kernel.</summary>
public sealed class Convolution(ConvolutionGeometry geometry) : Primitive
{
    /// <inheritdoc/>
    public override string Name => "conv";

    /// <inheritdoc/>
    protected override string Details => geometry.ToString();

    /// <summary>The geometry.</summary>
    internal ConvolutionGeometry Geometry => geometry;

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands)
    {
        TensorType x = operands[0], kernel = operands[1];
        int spatial = geometry.SpatialRank;
        if (x.Rank != spatial + 2 || kernel.Rank != spatial + 2 || x.Shape[^1] != kernel.Shape[^2] * geometry.Groups || kernel.Shape[^1] % geometry.Groups != 0)
        {
            throw Mismatch($"{x} with kernel {kernel} and {geometry.Groups} groups");
        }
        return x.With([x.Shape[0], .. geometry.OutputSizes(x.Shape.AsSpan(1), kernel.Shape), kernel.Shape[^1]]);
    }

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands) => ConvolutionKernels.Forward(operands[0], operands[1], geometry);

    /// <inheritdoc/>
    public override bool IsLinear(int operand) => true;

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point)
    {
        if (operand == 1)
        {
            return ConvolutionKernels.ForwardManyKernels(point[0], tangent, geometry);
        }
        Tensor kernel = point[1];
        return ConvolutionKernels.FoldRows(tangent, t => ConvolutionKernels.Forward(t, kernel, geometry));
    }

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point)
    {
        if (operand == 1)
        {
            return ConvolutionKernels.KernelAdjoint(point[0], cotangent, point.OperandTypes[1].Shape, geometry);
        }
        long[] shape = point.OperandTypes[0].Shape;
        Tensor kernel = point[1];
        return ConvolutionKernels.FoldRows(cotangent, t => ConvolutionKernels.InputAdjoint(t, kernel, [t.shape[0], .. shape[1..]], geometry));
    }

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site) => site.Axes[0] is { Axis: 0 } axis && site.Axes[1] is null ? axis : null;

    /// <inheritdoc/>
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output) =>
        2.0 * output.Count * Shapes.Count(operands[1].Shape) / operands[1].Shape[^1];
}

/// <summary>
/// The transpose of <see cref="Convolution"/> in its input (tf.nn.conv2d_transpose): x (N, spatial, Cout) and kernel (window, Cin / groups, Cout)
/// give (N, <paramref name="sizes"/>, Cin).
/// </summary>
public sealed class TransposedConvolution(ConvolutionGeometry geometry, long[] sizes) : Primitive
{
    /// <inheritdoc/>
    public override string Name => "conv_transpose";

    /// <summary>The geometry of the convolution that it transposes.</summary>
    internal ConvolutionGeometry Geometry => geometry;

    /// <inheritdoc/>
    protected override string Details => $"{geometry}, to {string.Join("x", sizes)}";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands)
    {
        TensorType x = operands[0], kernel = operands[1];
        if (x.Rank != sizes.Length + 2 || kernel.Rank != x.Rank || x.Shape[^1] != kernel.Shape[^1] ||
            !geometry.OutputSizes(sizes, kernel.Shape).AsSpan().SequenceEqual(x.Shape.AsSpan(1, sizes.Length)))
        {
            throw Mismatch($"{x} with kernel {kernel} does not come from an input of {string.Join("x", sizes)}");
        }
        return x.With([x.Shape[0], .. sizes, kernel.Shape[^2] * geometry.Groups]);
    }

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands) => Transposed(operands[0], operands[1]);

    /// <inheritdoc/>
    public override bool IsLinear(int operand) => true;

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point)
    {
        if (operand == 0)
        {
            Tensor kernel = point[1];
            return ConvolutionKernels.FoldRows(tangent, t => Transposed(t, kernel));
        }
        Tensor[] rows = tangent.unbind(0);
        Tensor x = point[0];
        return stack(Array.ConvertAll(rows, r => Transposed(x, r)));
    }

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point)
    {
        if (operand == 0)
        {
            Tensor kernel = point[1];
            return ConvolutionKernels.FoldRows(cotangent, t => ConvolutionKernels.Forward(t, kernel, geometry));
        }
        // The roles are exchanged: the cotangent is the convolution's input, x its output's cotangent.
        Tensor x = point[0];
        long[] shape = point.OperandTypes[1].Shape;
        return stack(Array.ConvertAll(cotangent.unbind(0), row => ConvolutionKernels.KernelAdjoint(row, x.unsqueeze(0), shape, geometry).squeeze(0)));
    }

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site) => site.Axes[0] is { Axis: 0 } axis && site.Axes[1] is null ? axis : null;

    /// <inheritdoc/>
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output) =>
        2.0 * operands[0].Count * Shapes.Count(operands[1].Shape) / operands[1].Shape[^1];

    private Tensor Transposed(Tensor x, Tensor kernel) =>
        ConvolutionKernels.InputAdjoint(x, kernel, [x.shape[0], .. sizes, kernel.shape[^2] * geometry.Groups], geometry);
}
