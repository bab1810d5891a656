using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>
/// The kernel of one output as a linear operator: multiplies vectors, the kernel never formed. What solvers need where N² does not fit. One thread at
/// a time.
/// </summary>
public sealed class KernelOperator : IDisposable
{
    private readonly ModelProblem _problem;
    private readonly Side _left;
    private readonly Side? _right;
    private readonly KernelVectorProduct _product;

    internal KernelOperator(ModelProblem problem, int output, Side left, Side? right, CancellationToken cancellation)
    {
        (_problem, _left, _right) = (problem, left, right);
        _product = new KernelVectorProduct(problem, output, left, right, cancellation);
        OutputName = problem.Session.Source.Outputs[output].Name;
    }

    /// <summary>The output's name.</summary>
    public string OutputName { get; }

    /// <summary>A vector's shape: the output's at x2 without traced axes, (N2, …).</summary>
    public IReadOnlyList<long> VectorShape => _product.VectorShape;

    /// <summary>A product's shape: the output's at x1 without traced axes, (N1, …).</summary>
    public IReadOnlyList<long> ResultShape => _product.ResultShape;

    /// <summary>The kernel times one vector or several.</summary>
    /// <param name="vector">A vector, or several side by side: one axis more at the end.</param>
    /// <param name="progress">Told of each tile.</param>
    /// <returns>The product, in the precision computed in; as many side by side.</returns>
    /// <exception cref="NtkException">The vector's shape is not <see cref="VectorShape"/>.</exception>
    public NtkTensor Multiply(NtkTensor vector, IProgress<NtkProgress>? progress = null)
    {
        long[] shape = Array.ConvertAll(vector.Shape, d => (long)d), wanted = [.. VectorShape];
        bool several = shape.Length == wanted.Length + 1;
        if (!shape.AsSpan(0, Math.Min(shape.Length, wanted.Length)).SequenceEqual(wanted) || shape.Length > wanted.Length + 1)
        {
            throw new NtkException(NtkErrorId.ShapeMismatch, $"The vector has shape {NtkShape.Format(vector.Shape)}; this kernel multiplies {NtkShape.Format(Array.ConvertAll(wanted, d => (int)d))}, the output's shape at x2 without traced axes, or several side by side with one axis more.");
        }
        using DisposeScope scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor vectors = TorchTensors.ToTorch(vector).to(_problem.FloatType);
        vectors = several ? vectors.movedim([-1L], [0L]) : vectors.unsqueeze(0);
        Tensor product = _product.Multiply(vectors, progress);
        return TorchTensors.FromTorch(several ? product.movedim([0L], [-1L]) : product.squeeze(0), OutputName);
    }

    /// <summary>Counted operations of a product with so many vectors; null where they are not counted.</summary>
    internal double? Flops(long vectors) => _product.Flops(vectors);

    /// <inheritdoc/>
    public void Dispose()
    {
        _problem.Dispose();
        _left.Dispose();
        _right?.Dispose();
    }
}
