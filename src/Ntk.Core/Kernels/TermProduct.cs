using Ntk.Core.Kernels.Structure;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>A direction of the parameters of one group, for each vector and each traced row.</summary>
/// <param name="Parts">
/// Of factors that spread (C, I, D · V · T · J), one. Else pieces of the Jacobian's columns: (D, V, columns) as they are summed, (D, columns, V) as they are read.
/// </param>
/// <param name="IsSpread">Which.</param>
internal sealed record Direction(Tensor[] Parts, bool IsSpread) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(Parts, part => part.Dispose());

    /// <summary>Makes a sum ready to be read: where few vectors meet long rows, a product is three times as fast when they lie side by side.</summary>
    public void Turn()
    {
        for (int p = 0; !IsSpread && p < Parts.Length; p++)
        {
            using Tensor whole = Parts[p], turned = whole.transpose(1, 2);
            Parts[p] = turned.contiguous().DetachFromDisposeScope();
        }
    }
}

/// <summary>
/// The Jacobian of a tile, as one group's term has it, times vectors of examples (V, D, F, G). Factors at one position spread: each example's cotangents
/// times its vectors meet the activations in one product. At several positions that would take each position as often as there are vectors; there the
/// Jacobian is written out, in pieces that are met while the cache holds them.
/// </summary>
internal static class TermProduct
{
    // Elements of a piece of the Jacobian, and of how many examples.
    private const long PieceElements = 1 << 18, PieceExamples = 32;
    // Writing an element of a piece takes about as long as so many operations of a product.
    private const double ElementCost = 8;

    /// <summary>Whether factors spread.</summary>
    /// <param name="shape">Their sizes.</param>
    /// <param name="vectors">V.</param>
    public static bool Spreads(UseShape shape, long vectors) =>
        shape.IsLookup || 2.0 * vectors * shape.Positions <= (2.0 * shape.Positions) + (2.0 * vectors) + ElementCost;

    /// <summary>The transposed Jacobian times vectors, added to a direction.</summary>
    /// <param name="term">The term.</param>
    /// <param name="vectors">(V, D, F, G).</param>
    /// <param name="rows">The term's rows.</param>
    /// <param name="sum">The direction; null for none yet. Belongs to the caller.</param>
    public static Direction PullBack(Term term, Tensor vectors, OutputRows rows, Direction? sum)
    {
        using DisposeScope scope = NewDisposeScope();
        if (term is FactoredTerm { Use.Shape: var shape } factored && Spreads(shape, vectors.shape[0]))
        {
            return PullSpread(factored.Use.WithoutMask(), vectors, rows, sum);
        }
        Tensor?[] parts = sum?.Parts ?? new Tensor?[Pieces(term, rows)];
        foreach ((int piece, Tensor jacobian, long start, long count) in Jacobians(term, rows))
        {
            using DisposeScope step = NewDisposeScope();
            Tensor own = Contraction.Rows(jacobian, rows), met = count < 0 ? vectors : vectors.narrow(3, start, count);
            // What all examples share meets their vectors' sum.
            Tensor taken = jacobian.shape[0] == 1 ? met.sum(3, true) : met;
            Tensor left = taken.permute(1, 0, 2, 3).reshape(rows.Diagonal, vectors.shape[0], -1);
            Tensor part = parts[piece] ??= zeros([rows.Diagonal, vectors.shape[0], own.shape[2]], own.dtype).DetachFromDisposeScope();
            for (long d = 0; d < rows.Diagonal; d++)
            {
                part[d].addmm_(left[d], own[d], 1, 1);
            }
        }
        return sum ?? new Direction(parts!, false);
    }

    /// <summary>The Jacobian times directions, (V, D, F, G).</summary>
    /// <param name="term">The term.</param>
    /// <param name="direction">What <see cref="PullBack"/> made with terms of the same group, turned.</param>
    /// <param name="rows">The term's rows.</param>
    /// <param name="vectors">V.</param>
    /// <param name="examples">G.</param>
    public static Tensor PushForward(Term term, Direction direction, OutputRows rows, long vectors, long examples)
    {
        using DisposeScope scope = NewDisposeScope();
        if (direction.IsSpread)
        {
            return PushSpread(((FactoredTerm)term).Use.WithoutMask(), direction.Parts[0], rows, vectors, examples).MoveToOuterDisposeScope();
        }
        Tensor result = zeros([vectors, rows.Diagonal, rows.Full, examples], direction.Parts[0].dtype);
        foreach ((int piece, Tensor jacobian, long start, long count) in Jacobians(term, rows))
        {
            using DisposeScope step = NewDisposeScope();
            Tensor own = Contraction.Rows(jacobian, rows), product = zeros([rows.Diagonal, own.shape[1], vectors], own.dtype);
            for (long d = 0; d < rows.Diagonal; d++)
            {
                for (long column = 0; column < own.shape[2]; column += Contraction.MostContracted)
                {
                    long width = Math.Min(Contraction.MostContracted, own.shape[2] - column);
                    product[d].addmm_(own[d].narrow(1, column, width), direction.Parts[piece][d].narrow(0, column, width), 1, 1);
                }
            }
            Tensor arranged = product.reshape(rows.Diagonal, rows.Full, jacobian.shape[0], vectors).permute(3, 0, 1, 2);
            (count < 0 ? result : result.narrow(3, start, count)).add_(arranged);
        }
        return result.MoveToOuterDisposeScope();
    }

    // A Jacobian in pieces of its columns and examples: (piece, Jacobian, first example, examples); −1 for all.
    private static IEnumerable<(int Piece, Tensor Jacobian, long Start, long Count)> Jacobians(Term term, OutputRows rows)
    {
        if (term is JacobianTerm written)
        {
            yield return (0, written.Data, 0, -1);
            yield break;
        }
        FactoredUse use = ((FactoredTerm)term).Use.WithoutMask();
        long width = PieceWidth(use.Shape, rows), examples = Math.Max(use.Activation.shape[0], use.Cotangent.shape[1]);
        // Arranged as the pieces' products read it, once for all.
        Tensor cotangent = use.Cotangent.permute(1, 2, 3, 0, 4).contiguous().permute(3, 0, 1, 2, 4);
        int piece = 0;
        for (long column = 0; column < use.Shape.Inner; column += width, piece++)
        {
            Tensor activation = use.Activation.narrow(3, column, Math.Min(width, use.Shape.Inner - column)).contiguous();
            var whole = new FactoredTerm(use with { Activation = activation, Cotangent = cotangent });
            for (long start = 0; start < examples; start += PieceExamples)
            {
                long count = Math.Min(PieceExamples, examples - start);
                using Tensor jacobian = ((FactoredTerm)whole.Narrow(start, count)).Use.Jacobian();
                yield return (piece, jacobian, start, examples == 1 ? -1 : count);
            }
            activation.Dispose();
        }
    }

    private static long PieceWidth(UseShape shape, OutputRows rows) => Math.Clamp(PieceElements / Math.Max(1, PieceExamples * shape.Blocks * shape.Outer * rows.Count), 1, shape.Inner);

    private static int Pieces(Term term, OutputRows rows)
    {
        if (term is not FactoredTerm { Use.Shape: var shape })
        {
            return 1;
        }
        long width = PieceWidth(shape, rows);
        return (int)((shape.Inner + width - 1) / width);
    }

    private static Direction PullSpread(FactoredUse use, Tensor vectors, OutputRows rows, Direction? sum)
    {
        Tensor spread = Spread(use, vectors, rows), activation = Activation(use, vectors.shape[3]);
        sum ??= new Direction([zeros([use.Shape.Blocks, use.Shape.Inner, spread.shape[2]], spread.dtype).DetachFromDisposeScope()], true);
        for (long c = 0; c < spread.shape[0]; c++)
        {
            if (use.Shape.IsLookup)
            {
                sum.Parts[0][c].index_add_(0, activation, spread[c], 1);
            }
            else
            {
                sum.Parts[0][c].addmm_(activation[c].transpose(0, 1), spread[c], 1, 1);
            }
        }
        return sum;
    }

    private static Tensor PushSpread(FactoredUse use, Tensor direction, OutputRows rows, long vectors, long examples)
    {
        Tensor activation = Activation(use, examples);
        Tensor pushed = use.Shape.IsLookup ? direction[0].index_select(0, activation).unsqueeze(0) : activation.bmm(direction);
        (long blocks, long positions, long outer) = (use.Shape.Blocks, use.Shape.Positions, use.Shape.Outer);
        // (C, G · S, D · V · T · J) → (D, G, V, C · S · T · J)
        Tensor wide = pushed.reshape(blocks, examples, positions, rows.Diagonal, vectors, rows.Traced, outer).permute(3, 1, 4, 0, 2, 5, 6)
            .reshape(rows.Diagonal, examples, vectors, blocks * positions * rows.Traced * outer);
        return wide.matmul(Cotangents(use, rows, examples).transpose(2, 3)).permute(2, 0, 3, 1);
    }

    // (D, G, F, C · S · T · J)
    private static Tensor Cotangents(FactoredUse use, OutputRows rows, long examples)
    {
        long[] s = use.Cotangent.shape;                                                                     // (K, G, C, S, J)
        return use.Cotangent.reshape(rows.Diagonal, rows.Traced, rows.Full, s[1], s[2], s[3], s[4]).permute(0, 3, 2, 4, 5, 1, 6)
            .reshape(rows.Diagonal, s[1], rows.Full, s[2] * s[3] * rows.Traced * s[4]).expand(rows.Diagonal, examples, rows.Full, s[2] * s[3] * rows.Traced * s[4]);
    }

    // Each example's cotangents times its vectors, (C, G · S, D · V · T · J).
    private static Tensor Spread(FactoredUse use, Tensor vectors, OutputRows rows)
    {
        long examples = vectors.shape[3];
        Tensor cotangents = Cotangents(use, rows, examples), own = vectors.permute(1, 3, 0, 2);             // (D, G, V, F)
        Tensor product = rows.Full == 1 ? own * cotangents : own.matmul(cotangents);
        return product.reshape(rows.Diagonal, examples, vectors.shape[0], use.Shape.Blocks, use.Shape.Positions, rows.Traced, use.Shape.Outer).permute(3, 1, 4, 0, 2, 5, 6)
            .reshape(use.Shape.Blocks, examples * use.Shape.Positions, rows.Diagonal * vectors.shape[0] * rows.Traced * use.Shape.Outer);
    }

    // (C, G · S, I); of a lookup the table rows, (G · S).
    private static Tensor Activation(FactoredUse use, long examples)
    {
        long[] s = use.Activation.shape;
        return use.Shape.IsLookup ? use.Activation.expand(examples, s[1]).reshape(-1)
            : use.Activation.expand(examples, s[1], s[2], s[3]).permute(1, 0, 2, 3).reshape(s[1], examples * s[2], s[3]);
    }
}
