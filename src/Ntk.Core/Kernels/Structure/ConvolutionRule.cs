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
        return new UseShape(groups, positions, types[1].Count / columns, columns / groups, "outputs last");
    }

    public override FactoredUse Apply(UseSite site) =>
        new(Activation(site), Arrange(site, site.Cotangent, 1, site.CotangentExamples), Layout(site), Shape(site));

    protected override JacobianUse MaskedJacobian(UseSite site)
    {
        using Tensor activation = Activation(site), mask = Arrange(site, site.Mask!, 0, site.Examples);                   // (N, C, S, I), (N, C, S, J)
        using Tensor sums = activation.transpose(2, 3).matmul(mask);                                                      // (N, C, I, J)
        using Tensor cotangent = Arrange(site, site.Cotangent, 1, 1), rows = cotangent.select(3, 0).permute(1, 2, 0, 3);  // (1, C, K, J)
        Tensor jacobian = sums.unsqueeze(3) * rows.unsqueeze(2);
        long[] s = jacobian.shape;                                                                                        // (N, C, I, K, J)
        return new JacobianUse(jacobian.reshape(s[0], s[1] * s[2], s[3], s[4]), Layout(site));
    }

    // (N, C, S, I)
    private static Tensor Activation(UseSite site)
    {
        using Tensor patches = ConvolutionKernels.Patches(site.Point[0], site.ParameterShape, Geometry(site));            // (N, S, C, I)
        return Examples.Arrange(patches, 0, site.OperandAxes[0], site.Examples, [2], [0, 1], [3]);
    }

    // What lies at the output as (…, examples, C, S, J).
    private static Tensor Arrange(UseSite site, Tensor tensor, int lead, long examples)
    {
        int spatial = Geometry(site).SpatialRank;
        long groups = Geometry(site).Groups;
        long[] shape = tensor.shape;
        using Tensor split = tensor.reshape([.. shape[..^1], groups, shape[^1] / groups]);
        return Examples.Arrange(split, lead, site.OutputAxis, examples, [spatial + 1], Enumerable.Range(0, spatial + 1).ToArray(), [spatial + 2]);
    }

    // (C, window, Cin / groups, J) against the kernel's (window, Cin / groups, C · J).
    private static ParameterLayout Layout(UseSite site)
    {
        int spatial = Geometry(site).SpatialRank;
        long groups = Geometry(site).Groups;
        long[] kernel = site.ParameterShape;
        return new ParameterLayout([groups, .. kernel[..^1], kernel[^1] / groups], [.. Enumerable.Range(1, spatial + 1), 0, spatial + 2], spatial + 2);
    }

    private static ConvolutionGeometry Geometry(UseSite site) => ((Convolution)site.Primitive).Geometry;
}
