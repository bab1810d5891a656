using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis.Solvers;

/// <summary>The kernel of the training examples with themselves as an iterative solver sees it: products with vectors and chosen columns, in float64.</summary>
internal abstract class TrainingKernel
{
    /// <summary>N.</summary>
    public abstract int Count { get; }

    /// <summary>The relative spacing of the numbers that products are computed in.</summary>
    public abstract double Epsilon { get; }

    /// <summary>The mean of the diagonal.</summary>
    public abstract double MeanDiagonal();

    /// <summary>Counted operations of the products so far; 0 where they are not counted.</summary>
    public double Operations { get; protected set; }

    /// <summary>The kernel times vectors side by side, (N, V).</summary>
    public abstract Tensor Multiply(Tensor vectors);

    /// <summary>The columns of some examples, (N, examples).</summary>
    public abstract Tensor Columns(long[] examples);
}

/// <summary>A kernel in memory.</summary>
internal sealed class StoredKernel(Tensor kernel, double epsilon) : TrainingKernel
{
    public override int Count => (int)kernel.shape[0];

    public override double Epsilon => epsilon;

    public override double MeanDiagonal() => kernel.diagonal().mean().ToDouble();

    public override Tensor Multiply(Tensor vectors)
    {
        Operations += 2.0 * Count * Count * vectors.shape[1];
        return kernel.mm(vectors);
    }

    public override Tensor Columns(long[] examples)
    {
        using Tensor index = tensor(examples);
        return kernel.index_select(1, index);
    }
}
