using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis.Solvers;

/// <summary>A model's kernel that is never formed: products by one pass back and one forward through the model, columns as a kernel with few examples.</summary>
internal sealed class ModelKernel : TrainingKernel, IDisposable
{
    private readonly NtkModel _model;
    private readonly IReadOnlyList<NtkTensor> _x;
    private readonly KernelOptions _options;
    private readonly KernelOperator _operator;
    private readonly CancellationToken _cancellation;

    /// <summary>Prepares products.</summary>
    /// <param name="model">The model.</param>
    /// <param name="x">The training examples, first axis the batch.</param>
    /// <param name="options">Which kernel; traced over all axes of the output but the examples'.</param>
    /// <param name="cancellation">Stops between tiles.</param>
    public ModelKernel(NtkModel model, IReadOnlyList<NtkTensor> x, KernelOptions options, CancellationToken cancellation)
    {
        (_model, _x, _options, _cancellation) = (model, x, options, cancellation);
        _operator = NtkEngine.Operator(model, x, null, options, cancellation);
    }

    /// <inheritdoc/>
    public override int Count => _x[0].Shape[0];

    /// <inheritdoc/>
    public override double Epsilon => KernelMatrix.Epsilon(_options.Precision == NtkPrecision.Double ? NtkDType.Float64 : NtkDType.Float32);

    /// <inheritdoc/>
    public override double MeanDiagonal()
    {
        using DisposeScope scope = NewDisposeScope();
        return Tensor(NtkEngine.EmpiricalNtk(_model, _x, null, _options with { DiagonalAxes = [0] }, null, _cancellation)[0]).mean().ToDouble();
    }

    /// <inheritdoc/>
    public override Tensor Multiply(Tensor vectors)
    {
        Operations += _operator.Flops(vectors.shape[1]) ?? 0;
        return Multiply(_operator, vectors);
    }

    /// <inheritdoc/>
    public override Tensor Columns(long[] examples) =>
        Tensor(NtkEngine.EmpiricalNtk(_model, _x, [.. _x.Select(x => Rows(x, examples))], _options, null, _cancellation)[0]);

    /// <summary>The kernel of test with the training examples times vectors, (M, V).</summary>
    public Tensor MultiplyTest(IReadOnlyList<NtkTensor> xTest, Tensor vectors)
    {
        using KernelOperator test = NtkEngine.Operator(_model, xTest, _x, _options, _cancellation);
        return Multiply(test, vectors);
    }

    /// <inheritdoc/>
    public void Dispose() => _operator.Dispose();

    private static Tensor Multiply(KernelOperator kernel, Tensor vectors) => Tensor(kernel.Multiply(TorchTensors.FromTorch(vectors)));

    // Columns of a kernel of many examples are large: no copy stays longer than it is needed.
    private static Tensor Tensor(NtkTensor tensor)
    {
        using Tensor own = TorchTensors.ToTorch(tensor);
        tensor.Dispose();
        return own.to(ScalarType.Float64, copy: true);
    }

    private static NtkTensor Rows(NtkTensor tensor, long[] rows)
    {
        using Tensor whole = TorchTensors.ToTorch(tensor), index = torch.tensor(rows), chosen = whole.index_select(0, index);
        return TorchTensors.FromTorch(chosen, tensor.Name);
    }
}
