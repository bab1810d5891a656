using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>
/// The empirical NNGP kernel: inner products of a model's outputs, with the axes of a neural tangent kernel (neural_tangents'
/// <c>empirical_nngp_fn</c>).
/// </summary>
internal static class NngpComputation
{
    /// <summary>The kernel of outputs at x1 and at x2.</summary>
    /// <param name="y1">The output at x1.</param>
    /// <param name="y2">The output at x2.</param>
    /// <param name="options">Which axes.</param>
    /// <exception cref="NtkException">An axis is out of range or of two roles, or the kernel does not fit into the memory limit.</exception>
    public static NtkTensor Run(NtkTensor y1, NtkTensor y2, KernelOptions options)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor one = TorchTensors.ToTorch(y1), two = ReferenceEquals(y1, y2) ? one : TorchTensors.ToTorch(y2);
        KernelLayout layout = KernelLayout.Of(one.shape, two.shape, options.TraceAxes, options.DiagonalAxes, -1);
        double bytes = layout.Shape.Aggregate((double)one.element_size(), (n, d) => n * d);
        // The product, its copy in the kernel's order, and the kernel.
        MemoryBudget.Require(3 * bytes, MemoryBudget.Resolve(options.MemoryLimit), "The kernel", "Trace over more axes, choose outputs with -OutputIndex, give fewer examples, or raise -MemoryLimit.");
        NtkTensor kernel = NtkTensor.Allocate(y1.DType, Array.ConvertAll(layout.Shape, d => checked((int)d)), y1.Name);
        Tensor product = Arrange(one, layout.Rows1).bmm(Arrange(two, layout.Rows2).transpose(1, 2)).mul_(layout.Scale);
        layout.Write(kernel, layout.Arrange(product.reshape(layout.Rows1.Diagonal, layout.Rows1.Full, 1, layout.Rows2.Full, 1)), 0, 0);
        return kernel;
    }

    // (D, F, T)
    private static Tensor Arrange(Tensor output, OutputRows rows) =>
        output.permute(Array.ConvertAll(rows.Axes, a => (long)a)).reshape(rows.Diagonal, rows.Traced, rows.Full).transpose(1, 2).contiguous();
}
