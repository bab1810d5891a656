using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels.Structure;

/// <summary>
/// A transposed convolution's kernel. It is the convolution's with the roles exchanged: S are the input's positions, I its channels, and J what the window
/// covers of the cotangent there; C the groups.
/// </summary>
internal sealed class TransposedConvolutionRule : StructureRule
{
    public static readonly TransposedConvolutionRule Instance = new();

    public override UseShape Shape(Primitive primitive, int operand, TensorType[] types, TensorType output, BatchAxis?[] axes, BatchAxis? outputAxis, long examples)
    {
        long groups = ((TransposedConvolution)primitive).Geometry.Groups, channels = types[1].Shape[^1];
        long positions = Shapes.Count(types[0].Shape.AsSpan()[..^1]) / (outputAxis is null ? 1 : examples);
        return new UseShape(groups, positions, channels / groups, types[1].Count / channels, "outputs first");
    }

    public override FactoredUse Apply(UseSite site)
    {
        ConvolutionGeometry geometry = ((TransposedConvolution)site.Primitive).Geometry;
        long[] kernel = site.ParameterShape;
        int spatial = geometry.SpatialRank;
        long groups = geometry.Groups, channels = kernel[^1] / groups;
        long[] input = site.Point.OperandTypes[0].Shape;
        using Tensor split = site.Point[0].reshape([.. input[..^1], groups, channels]);                              // (N, spatial, C, I)
        Tensor activation = Examples.Arrange(split, 0, site.OperandAxes[0], site.Examples, [spatial + 1], Enumerable.Range(0, spatial + 1).ToArray(), [spatial + 2]);
        using Tensor patches = ConvolutionKernels.FoldRows(site.Cotangent, c => ConvolutionKernels.Patches(c, kernel, geometry)); // (K, N, S, C, J)
        Tensor cotangent = Examples.Arrange(patches, 1, site.OutputAxis, site.CotangentExamples, [2], [0, 1], [3]);
        // (C, I, window, Cout / groups) against the kernel's (window, Cout / groups, C · I).
        var layout = new ParameterLayout([groups, channels, .. kernel[..^1]], [.. Enumerable.Range(2, spatial + 1), 0, 1], 2);
        return new FactoredUse(activation, cotangent, layout, Shape(site));
    }
}
