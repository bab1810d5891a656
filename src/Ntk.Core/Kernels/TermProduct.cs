using Ntk.Core.Kernels.Structure;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>
/// The Jacobian of a tile, as one group's term has it, times vectors. Vectors of examples are (V, D, F, G); directions of the parameters are whatever the
/// term makes of them: of a Jacobian (D, V, scalars · T), to be pushed (D, scalars · T, V); of factors (C, I, D · V · T · J). Each traced row has its own.
/// </summary>
internal static class TermProduct
{
    /// <summary>The transposed Jacobian times vectors, added to a direction.</summary>
    /// <param name="term">The term.</param>
    /// <param name="vectors">(V, D, F, G).</param>
    /// <param name="rows">The term's rows.</param>
    /// <param name="sum">The direction; null for none yet. Belongs to the caller.</param>
    public static Tensor PullBack(Term term, Tensor vectors, OutputRows rows, Tensor? sum)
    {
        using DisposeScope scope = NewDisposeScope();
        if (term is JacobianTerm { Data: var jacobian })
        {
            Tensor own = Contraction.Rows(jacobian, rows);
            // What all examples share meets their vectors' sum.
            Tensor taken = jacobian.shape[0] == 1 ? vectors.sum(3, true) : vectors;
            Tensor left = taken.permute(1, 0, 2, 3).reshape(rows.Diagonal, vectors.shape[0], -1);
            sum ??= zeros([rows.Diagonal, vectors.shape[0], own.shape[2]], own.dtype).DetachFromDisposeScope();
            for (long d = 0; d < rows.Diagonal; d++)
            {
                sum[d].addmm_(left[d], own[d], 1, 1);
            }
            return sum;
        }
        FactoredUse use = ((FactoredTerm)term).Use.WithoutMask();
        Tensor spread = Spread(use, vectors, rows), activation = Activation(use, vectors.shape[3]);
        sum ??= zeros([use.Shape.Blocks, use.Shape.Inner, spread.shape[2]], spread.dtype).DetachFromDisposeScope();
        for (long c = 0; c < spread.shape[0]; c++)
        {
            if (use.Shape.IsLookup)
            {
                sum[c].index_add_(0, activation, spread[c], 1);
            }
            else
            {
                sum[c].addmm_(activation[c].t(), spread[c], 1, 1);
            }
        }
        return sum;
    }

    /// <summary>A direction as <see cref="PushForward"/> reads it: of few vectors, which meet long rows, a product is three times as fast when they lie side by side.</summary>
    /// <param name="direction">What <see cref="PullBack"/> made; disposed of.</param>
    /// <param name="method">The form of the group's terms.</param>
    public static Tensor Turned(Tensor direction, GroupMethod method)
    {
        if (method != GroupMethod.Explicit)
        {
            return direction;
        }
        using Tensor whole = direction, turned = whole.transpose(1, 2);
        return turned.contiguous().DetachFromDisposeScope();
    }

    /// <summary>The Jacobian times directions, (V, D, F, G).</summary>
    /// <param name="term">The term.</param>
    /// <param name="direction">What <see cref="PullBack"/> made with terms of the same group, <see cref="Turned"/>.</param>
    /// <param name="rows">The term's rows.</param>
    /// <param name="vectors">V.</param>
    /// <param name="examples">G.</param>
    public static Tensor PushForward(Term term, Tensor direction, OutputRows rows, long vectors, long examples)
    {
        using DisposeScope scope = NewDisposeScope();
        if (term is JacobianTerm { Data: var jacobian })
        {
            Tensor own = Contraction.Rows(jacobian, rows), product = zeros([rows.Diagonal, own.shape[1], vectors], own.dtype);
            for (long d = 0; d < rows.Diagonal; d++)
            {
                for (long start = 0; start < own.shape[2]; start += Contraction.MostContracted)
                {
                    long count = Math.Min(Contraction.MostContracted, own.shape[2] - start);
                    product[d].addmm_(own[d].narrow(1, start, count), direction[d].narrow(0, start, count), 1, 1);
                }
            }
            return product.reshape(rows.Diagonal, rows.Full, jacobian.shape[0], vectors).permute(3, 0, 1, 2).expand(vectors, rows.Diagonal, rows.Full, examples).MoveToOuterDisposeScope();
        }
        FactoredUse use = ((FactoredTerm)term).Use.WithoutMask();
        Tensor activation = Activation(use, examples);
        Tensor pushed = use.Shape.IsLookup ? direction[0].index_select(0, activation).unsqueeze(0) : activation.bmm(direction);
        (long blocks, long positions, long outer) = (use.Shape.Blocks, use.Shape.Positions, use.Shape.Outer);
        // (C, G · S, D · V · T · J) → (D, G, V, C · S · T · J)
        Tensor wide = pushed.reshape(blocks, examples, positions, rows.Diagonal, vectors, rows.Traced, outer).permute(3, 1, 4, 0, 2, 5, 6)
            .reshape(rows.Diagonal, examples, vectors, blocks * positions * rows.Traced * outer);
        return wide.matmul(Cotangents(use, rows, examples).transpose(2, 3)).permute(2, 0, 3, 1).MoveToOuterDisposeScope();
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
