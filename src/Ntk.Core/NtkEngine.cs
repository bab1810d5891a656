using Ntk.Core.Formats;
using Ntk.Core.Kernels;

namespace Ntk.Core;

/// <summary>The core's front door: import a model, run it, compute its kernel.</summary>
public static class NtkEngine
{
    /// <summary>Reads a model file or folder.</summary>
    /// <exception cref="NtkException">The path, format or content is not what it should be, or the model uses something unsupported.</exception>
    public static NtkModel Import(string path, ImportOptions? options = null, CancellationToken cancellation = default) =>
        throw new NotImplementedException();

    /// <summary>The model's outputs at <paramref name="inputs"/>, one tensor each, named.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">A tensor for each of the model's inputs, in order, batch axis first, dtypes as the inputs'.</param>
    /// <param name="options">What to compute.</param>
    /// <param name="progress">Told of each tile.</param>
    /// <param name="cancellation">Stops between tiles and equations.</param>
    public static IReadOnlyList<NtkTensor> Run(NtkModel model, IReadOnlyList<NtkTensor> inputs, RunOptions options,
        IProgress<NtkProgress>? progress = null, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>The empirical neural tangent kernel, one tensor for each output.</summary>
    /// <param name="model">The model.</param>
    /// <param name="x1">A tensor for each of the model's inputs.</param>
    /// <param name="x2">The same for the other side; null for <paramref name="x1"/> with itself.</param>
    /// <param name="options">Which kernel.</param>
    /// <param name="progress">Told of each tile.</param>
    /// <param name="cancellation">Stops between tiles and equations.</param>
    public static IReadOnlyList<NtkTensor> EmpiricalNtk(NtkModel model, IReadOnlyList<NtkTensor> x1, IReadOnlyList<NtkTensor>? x2, KernelOptions options,
        IProgress<NtkProgress>? progress = null, CancellationToken cancellation = default) => throw new NotImplementedException();
}
