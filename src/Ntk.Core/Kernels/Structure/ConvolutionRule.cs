using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels.Structure;

/// <summary>
/// A convolution's kernel: the activation is what the window covers at each output position (S), I the window's elements and input channels of a group,
/// J the group's output channels, C the groups (depthwise: the channels).
/// </summary>
internal sealed class ConvolutionRule : StructureRule
{
    public static readonly ConvolutionRule Instance = new();

    public override UseShape Shape(Primitive primitive, int operand, TensorType[] types, TensorType output, BatchAxis?[] axes, BatchAxis? outputAxis, long examples)
    {
        long groups = ((Convolution)primitive).Geometry.Groups, columns = types[1].Shape[^1];
        long positions = Shapes.Count(output.Shape.AsSpan()[..^1]) / (outputAxis is null ? 1 : examples);
        return new UseShape(groups, positions, types[1].Count / columns, columns / groups);
    }

    public override FactoredUse Apply(UseSite site)
    {
        ConvolutionGeometry geometry = ((Convolution)site.Primitive).Geometry;
        long[] kernel = site.ParameterShape;
        int spatial = geometry.SpatialRank;
        long groups = geometry.Groups, columns = kernel[^1] / groups;
        using Tensor patches = ConvolutionKernels.Patches(site.Point[0], kernel, geometry);                          // (N, S, C, I)
        Tensor activation = Examples.Arrange(patches, 0, site.OperandAxes[0], site.Examples, [2], [0, 1], [3]);
        long[] shape = site.Cotangent.shape;
        using Tensor split = site.Cotangent.reshape([.. shape[..^1], groups, columns]);                              // (K, N, spatial, C, J)
        Tensor cotangent = Examples.Arrange(split, 1, site.OutputAxis, site.CotangentExamples, [spatial + 1], Enumerable.Range(0, spatial + 1).ToArray(), [spatial + 2]);
        // (C, window, Cin / groups, J) against the kernel's (window, Cin / groups, C · J).
        var layout = new ParameterLayout([groups, .. kernel[..^1], columns], [.. Enumerable.Range(1, spatial + 1), 0, spatial + 2], spatial + 2);
        return new FactoredUse(activation, cotangent, layout,
            Shape(site));
    }
}
