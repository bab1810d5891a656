using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis.Solvers;

/// <summary>
/// Approximates the inverse of K + λ by the Nyström approximation of K from some of its columns: K ≈ C W⁻¹ Cᵀ = U Λ Uᵀ, and beyond it as small as its smallest
/// eigenvalue (Frangella, Tropp, Udell, "Randomized Nyström Preconditioning", arXiv 2110.02820, section 5.1; columns in place of random mixtures of them).
/// </summary>
internal sealed class NystromPreconditioner
{
    private readonly Tensor _vectors;
    private readonly Tensor _factors;

    /// <summary>Takes columns and factors them.</summary>
    /// <param name="kernel">K.</param>
    /// <param name="shift">λ.</param>
    /// <param name="rank">The number of columns.</param>
    /// <param name="seed">Fixes which.</param>
    public NystromPreconditioner(TrainingKernel kernel, double shift, int rank, int seed)
    {
        using DisposeScope scope = NewDisposeScope();
        long[] all = [.. Enumerable.Range(0, kernel.Count).Select(i => (long)i)];
        new Random(seed).Shuffle(all);
        long[] chosen = [.. all.Take(rank).Order()];
        Tensor columns = kernel.Columns(chosen);
        using Tensor index = tensor(chosen);
        Tensor square = columns.index_select(0, index);
        // In the eigenbasis of W, and of that what rounding leaves: W⁻¹ has nothing to say beyond.
        (Tensor values, Tensor basis) = linalg.eigh((square + square.t()).mul_(0.5));
        double least = rank * kernel.Epsilon * values[-1].ToDouble();
        Tensor kept = (values > least).nonzero().squeeze(1);
        Tensor half = Turned(columns, basis.index_select(1, kept) * values.index_select(0, kept).rsqrt());
        (Tensor squares, Tensor turn) = linalg.eigh(half.t().mm(half));
        squares = squares.clamp_min(squares[-1].ToDouble() * 1e-16);
        // K is near to U Λ Uᵀ with U = B V Λ^(−1/2).
        _vectors = Turned(half, turn * squares.rsqrt()).MoveToOuterDisposeScope();
        double floor = squares.shape[0] > 0 ? squares[0].ToDouble() + shift : 1;
        _factors = (floor / (squares + shift) - 1).unsqueeze(1).MoveToOuterDisposeScope();
        Rank = (int)squares.shape[0];
    }

    /// <summary>The rank of the approximation.</summary>
    public int Rank { get; }

    // A matrix times a smaller one, in its own place: there is one of the kernel's columns, not three.
    private static Tensor Turned(Tensor matrix, Tensor turn)
    {
        const long Rows = 4096;
        for (long start = 0; start < matrix.shape[0]; start += Rows)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor rows = matrix.narrow(0, start, Math.Min(Rows, matrix.shape[0] - start));
            rows.narrow(1, 0, turn.shape[1]).copy_(rows.mm(turn));
        }
        return matrix.narrow(1, 0, turn.shape[1]);
    }

    /// <summary>The approximate inverse, times some number, times vectors (N, V).</summary>
    public Tensor Apply(Tensor vectors) => vectors + _vectors.mm(_vectors.t().mm(vectors).mul_(_factors));
}
