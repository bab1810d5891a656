using Ntk.Core.Autodiff;
using Ntk.Core.Kernels.Structure;
using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>
/// Contracts the terms of two tiles over the parameters. A block of the kernel is (D, F1, G1, F2, G2), or (D, F1, F2, G) along the diagonal of the
/// examples; rows are summed over the traced ones.
/// </summary>
internal static class Contraction
{
    // Elements of an intermediate Gram that are worked on at once.
    private const long MostElements = 1L << 24;
    // Rows of a Jacobian that take less are written out together.
    private const long FewElements = 1L << 20;

    // Rows that meet themselves do so in strips of so many, where there are several and their sums are so long that a strip is worth a call.
    private const long StripRows = 128, LeastStripLength = 1L << 11;

    /// <summary>Terms of a sum that are added up in one product.</summary>
    public const long MostContracted = 1L << 13;

    /// <summary>The part of a block that is computed where its rows, with long sums, meet themselves: the upper triangle of strips.</summary>
    public static double OwnShare(long rows)
    {
        double strips = rows / (double)StripRows;
        return strips < 2 ? 1 : (1 + (1 / strips)) / 2;
    }

    /// <summary>The block of two terms of the same group.</summary>
    /// <param name="left">The term of x1's tile.</param>
    /// <param name="right">The term of x2's tile.</param>
    /// <param name="leftRows">x1's rows.</param>
    /// <param name="rightRows">x2's rows: D and T as x1's.</param>
    /// <param name="leftExamples">G1.</param>
    /// <param name="rightExamples">G2.</param>
    /// <param name="diagonal">Whether only equal examples meet.</param>
    /// <param name="cancellation">Stops between pieces of long sums.</param>
    public static Tensor Block(Term left, Term right, OutputRows leftRows, OutputRows rightRows, long leftExamples, long rightExamples, bool diagonal, CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor block = (left, right, diagonal) switch
        {
            (JacobianTerm l, JacobianTerm r, false) => JacobianBlock(l.Data, r.Data, leftRows, rightRows, leftExamples, rightExamples, cancellation),
            (JacobianTerm l, JacobianTerm r, true) => JacobianDiagonal(l.Data, r.Data, leftRows, rightRows, leftExamples),
            (FactoredTerm { Use: { ByRows: true } l }, FactoredTerm { Use: var r }, false) => RowsBlock(l, r, leftExamples, rightExamples, cancellation),
            (FactoredTerm l, FactoredTerm r, false) => GramBlock(l.Use, r.Use, leftRows, rightRows, leftExamples, rightExamples, cancellation),
            (FactoredTerm l, FactoredTerm r, true) => GramDiagonal(l.Use, r.Use, leftRows, rightRows, leftExamples),
            _ => throw new InvalidOperationException("terms of one group take different forms"),
        };
        return block.MoveToOuterDisposeScope();
    }

    private static Tensor JacobianBlock(Tensor left, Tensor right, OutputRows leftRows, OutputRows rightRows, long g1, long g2, CancellationToken cancellation)
    {
        Tensor a = Rows(left, leftRows), b = ReferenceEquals(left, right) ? a : Rows(right, rightRows);
        Tensor product = Product(a, b, cancellation);
        long own1 = left.shape[0], own2 = right.shape[0];
        return Grow(product.reshape(leftRows.Diagonal, leftRows.Full, own1, rightRows.Full, own2), g1, g2);
    }

    // Rows that are summed over, some at a time, written where those before them were: fresh memory costs more than the products.
    private static Tensor RowsBlock(FactoredUse left, FactoredUse right, long g1, long g2, CancellationToken cancellation)
    {
        long rows = left.Cotangent.shape[0], piece = Math.Clamp(FewElements / Math.Max(1, Math.Max(g1, g2) * left.Shape.Count), 1, rows);
        Tensor room1 = empty(g1 * piece * left.Shape.Count, left.Cotangent.dtype), room2 = ReferenceEquals(left, right) ? room1 : empty(g2 * piece * left.Shape.Count, left.Cotangent.dtype);
        Tensor? sum = null;
        for (long start = 0; start < rows; start += piece)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            long count = Math.Min(piece, rows - start);
            Tensor Written(FactoredUse use, Tensor room)
            {
                Tensor jacobian = use.Rows(start, count).Jacobian(shape => room.narrow(0, 0, Shapes.Count(shape)).view(shape));
                return jacobian.reshape(1, jacobian.shape[0], -1);
            }
            Tensor a = Written(left, room1), b = ReferenceEquals(left, right) ? a : Written(right, room2);
            Tensor product = Product(a, b, cancellation);
            sum = (sum is null ? product : sum.add_(product)).MoveToOuterDisposeScope();
        }
        long[] s = sum!.shape;
        return Grow(sum.reshape(1, 1, s[1], 1, s[2]), g1, g2);
    }

    /// <summary>A Jacobian term's data as (D, F · G, everything contracted).</summary>
    public static Tensor Rows(Tensor jacobian, OutputRows rows)
    {
        long[] s = jacobian.shape;
        if (rows.Diagonal == 1 && rows.Full == 1)
        {
            return jacobian.reshape(1, s[0], s[1] * s[2] * s[3]);
        }
        long traced = rows.TracedOf(s[2]);
        return jacobian.reshape(s[0], s[1], rows.Diagonal, traced, rows.Full, s[3]).permute(2, 4, 0, 1, 3, 5).reshape(rows.Diagonal, rows.Full * s[0], s[1] * traced * s[3]);
    }

    private static Tensor JacobianDiagonal(Tensor left, Tensor right, OutputRows leftRows, OutputRows rightRows, long g)
    {
        Tensor Batched(Tensor jacobian, OutputRows rows)
        {
            long[] s = jacobian.shape;
            long traced = rows.TracedOf(s[2]);
            return jacobian.reshape(s[0], s[1], rows.Diagonal, traced, rows.Full, s[3]).permute(2, 0, 4, 1, 3, 5).reshape(rows.Diagonal * s[0], rows.Full, s[1] * traced * s[3]);
        }
        Tensor product = Batched(left, leftRows).bmm(Batched(right, rightRows).transpose(1, 2));
        return product.reshape(leftRows.Diagonal, left.shape[0], leftRows.Full, rightRows.Full).permute(0, 2, 3, 1).expand(leftRows.Diagonal, leftRows.Full, rightRows.Full, g);
    }

    private static Tensor GramBlock(FactoredUse left, FactoredUse right, OutputRows leftRows, OutputRows rightRows, long g1, long g2, CancellationToken cancellation)
    {
        long[] l = left.Cotangent.shape, r = right.Cotangent.shape;
        long blocks = l[2], s1 = l[3], s2 = r[3];
        long d = leftRows.Diagonal, f1 = leftRows.Full, f2 = rightRows.Full, h1 = l[1], h2 = r[1];
        if (blocks == 1 && s1 == 1 && s2 == 1)
        {
            Tensor cotangents = left.Mask is null
                ? CotangentGram(left.Cotangent, right.Cotangent, leftRows, rightRows, cancellation).reshape(d, f1, h1, f2, h2)
                : MaskGram(left, right).reshape(1, 1, left.Mask.shape[0], 1, right.Mask!.shape[0]);
            Tensor similar = Similarity(left, right, cancellation);
            return Grow(cotangents * similar.reshape(1, 1, similar.shape[1], 1, similar.shape[2]), g1, g2);
        }
        if (h1 == 1 && h2 == 1 && d * f1 * f2 == 1 && !left.Shape.IsLookup)
        {
            return Grow(SharedGram(left, right, cancellation), g1, g2);
        }
        // Positions meet positions: worked on in pieces of x1's examples, and of its positions where one example's are too many.
        long a1 = left.Activation.shape[0], most = Math.Max(h1, a1);
        long perPosition = d * blocks * f1 * f2 * Math.Max(h2, right.Activation.shape[0]) * s2;
        long piece = Math.Max(1, MostElements / Math.Max(1, perPosition * s1)), positions = Math.Clamp(MostElements / Math.Max(1, perPosition), 1, s1);
        var parts = new List<Tensor>();
        for (long start = 0; start < most; start += piece)
        {
            using DisposeScope scope = NewDisposeScope();
            FactoredUse part = most == 1 ? left : ((FactoredTerm)new FactoredTerm(left).Narrow(start, Math.Min(piece, most - start))).Use;
            Tensor? sum = null;
            for (long s = 0; s < s1; s += positions)
            {
                using DisposeScope step = NewDisposeScope();
                Tensor pairs = PositionGram(part.Positions(s, Math.Min(positions, s1 - s)), right, leftRows, rightRows, cancellation);
                sum = (sum is null ? pairs : sum.add_(pairs)).MoveToOuterDisposeScope();
            }
            parts.Add(sum!.MoveToOuterDisposeScope());
        }
        return Grow(parts.Count == 1 ? parts[0] : cat(parts.ToArray(), 2), g1, g2);
    }

    // (D, F1, G1, F2, G2): inner products of cotangents times those of activations, summed over the positions of both.
    private static Tensor PositionGram(FactoredUse left, FactoredUse right, OutputRows leftRows, OutputRows rightRows, CancellationToken cancellation)
    {
        long[] l = left.Cotangent.shape, r = right.Cotangent.shape;
        Tensor cotangents = CotangentGram(left.Cotangent, right.Cotangent, leftRows, rightRows, cancellation).reshape(leftRows.Diagonal, l[2], leftRows.Full, l[1], l[3], rightRows.Full, r[1], r[3]);
        Tensor similar = Similarity(left, right, cancellation).reshape(1, l[2], 1, left.Activation.shape[0], l[3], 1, right.Activation.shape[0], r[3]);
        return (cotangents * similar).sum([1L, 4L, 7L]);
    }

    // (1, 1, G1, 1, G2): rows A, B (C, S, K · J) that all examples share meet the activations of the side with fewer of them, before examples meet: Σ P1 · (A Bᵀ P2).
    private static Tensor SharedGram(FactoredUse left, FactoredUse right, CancellationToken cancellation)
    {
        static Tensor Arrange(Tensor cotangent)
        {
            long[] s = cotangent.shape;                                                                     // (K, 1, C, S, J)
            return cotangent.permute(1, 2, 3, 0, 4).reshape(s[2], s[3], s[0] * s[4]);
        }
        if (left.Activation.shape[0] < right.Activation.shape[0])
        {
            return SharedGram(right, left, cancellation).permute(0, 3, 4, 1, 2);
        }
        Tensor a = Arrange(left.Cotangent), b = Arrange(right.Cotangent), met = left.Activation.reshape(1, left.Activation.shape[0], -1);
        long examples = right.Activation.shape[0], inner = right.Activation.shape[3], perExample = a.shape[0] * inner * (a.shape[1] + a.shape[2]);
        Tensor? pairs = left.Shape.PairsSharedPositions(a.shape[2], examples) ? a.bmm(b.transpose(1, 2)) : null;
        long piece = Math.Max(1, MostElements / Math.Max(1, perExample));
        var parts = new List<Tensor>();
        for (long start = 0; start < examples; start += piece)
        {
            cancellation.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            Tensor some = right.Activation.narrow(0, start, Math.Min(piece, examples - start));
            Tensor weighted = pairs is null ? a.matmul(b.transpose(1, 2).matmul(some)) : pairs.matmul(some);  // (G2, C, S1, I)
            parts.Add(Product(met, weighted.reshape(1, some.shape[0], -1), cancellation).MoveToOuterDisposeScope());
        }
        Tensor product = cat(parts.ToArray(), 2);
        if (left.Shift)
        {
            product.add_((a.sum(1) * b.sum(1)).sum());
        }
        return product.reshape(1, 1, met.shape[1], 1, examples);
    }

    // (D · C, F1 · G1 · S1, F2 · G2 · S2): inner products of cotangents, summed over traced rows.
    private static Tensor CotangentGram(Tensor left, Tensor right, OutputRows leftRows, OutputRows rightRows, CancellationToken cancellation)
    {
        static Tensor Arrange(Tensor cotangent, OutputRows rows)
        {
            long[] s = cotangent.shape;                                                                     // (K, G, C, S, J)
            long traced = rows.TracedOf(s[0]);
            Tensor wide = cotangent.reshape(rows.Diagonal, traced, rows.Full, s[1], s[2], s[3], s[4]);
            return wide.permute(0, 4, 2, 3, 5, 1, 6).reshape(rows.Diagonal * s[2], rows.Full * s[1] * s[3], traced * s[4]);
        }
        Tensor a = Arrange(left, leftRows), b = ReferenceEquals(left, right) ? a : Arrange(right, rightRows);
        return Product(a, b, cancellation);
    }

    // (G1, G2): where examples differ by a mask of shared rows, Σ_j (Σ_k c_kj²) m1_j m2_j.
    private static Tensor MaskGram(FactoredUse left, FactoredUse right)
    {
        Tensor weights = (left.Cotangent * right.Cotangent).sum([0L, 1L, 2L, 3L]);
        return (left.Mask! * weights).mm(right.Mask!.t());
    }

    // (C, G1 · S1, G2 · S2): inner products of activations; of lookups whether the rows are the same.
    private static Tensor Similarity(FactoredUse left, FactoredUse right, CancellationToken cancellation)
    {
        if (left.Shape.IsLookup)
        {
            return left.Activation.reshape(1, -1, 1).eq(right.Activation.reshape(1, 1, -1)).to(left.Cotangent.dtype);
        }
        static Tensor Arrange(Tensor activation)
        {
            long[] s = activation.shape;                                                                    // (G, C, S, I)
            return activation.permute(1, 0, 2, 3).reshape(s[1], s[0] * s[2], s[3]);
        }
        Tensor a = Arrange(left.Activation), b = ReferenceEquals(left.Activation, right.Activation) ? a : Arrange(right.Activation);
        Tensor products = Product(a, b, cancellation);
        return left.Shift ? products.add_(1) : products;
    }

    // (B, M, K) · (B, N, K) → (B, M, N); where rows meet themselves their upper triangle is computed, and mirrored.
    private static Tensor Product(Tensor left, Tensor right, CancellationToken cancellation)
    {
        long rows = left.shape[1];
        if (!ReferenceEquals(left, right) || rows < 2 * StripRows || left.shape[2] < LeastStripLength)
        {
            return LongProduct(left, right, cancellation);
        }
        Tensor product = empty([left.shape[0], rows, rows], left.dtype);
        for (long start = 0; start < rows; start += StripRows)
        {
            using DisposeScope scope = NewDisposeScope();
            long count = Math.Min(StripRows, rows - start), end = start + count, rest = rows - end;
            Tensor strip = LongProduct(left.narrow(1, start, count), left.narrow(1, start, count + rest), cancellation);
            product.narrow(1, start, count).narrow(2, start, count + rest).copy_(strip);
            product.narrow(1, end, rest).narrow(2, start, count).copy_(strip.narrow(2, count, rest).transpose(1, 2));
        }
        return product;
    }

    // A long sum is taken in pieces: MKL adds up to millions of float32 products one after the other, which costs digits.
    private static Tensor LongProduct(Tensor left, Tensor right, CancellationToken cancellation)
    {
        long length = left.shape[2];
        Tensor product = Piece(0, Math.Min(length, MostContracted));
        for (long start = MostContracted; start < length; start += MostContracted)
        {
            cancellation.ThrowIfCancellationRequested();
            using Tensor piece = Piece(start, Math.Min(MostContracted, length - start));
            product.add_(piece);
        }
        return product;

        Tensor Piece(long start, long count)
        {
            using Tensor a = left.narrow(2, start, count), b = right.narrow(2, start, count), turned = b.transpose(1, 2);
            return a.bmm(turned);
        }
    }

    private static Tensor GramDiagonal(FactoredUse left, FactoredUse right, OutputRows leftRows, OutputRows rightRows, long g)
    {
        static Tensor Cotangents(Tensor cotangent, OutputRows rows, long g)
        {
            long[] s = cotangent.shape;
            long traced = rows.TracedOf(s[0]);
            Tensor wide = cotangent.reshape(rows.Diagonal, traced, rows.Full, s[1], s[2], s[3], s[4]).expand(rows.Diagonal, traced, rows.Full, g, s[2], s[3], s[4]);
            return wide.permute(0, 3, 4, 2, 5, 1, 6).reshape(rows.Diagonal * g * s[2], rows.Full * s[3], traced * s[4]);
        }
        static Tensor Activations(Tensor activation, long g)
        {
            long[] s = activation.shape;
            return activation.expand(g, s[1], s[2], s[3]).reshape(g * s[1], s[2], s[3]);
        }
        left = left.WithoutMask();
        right = right.WithoutMask();
        long blocks = left.Cotangent.shape[2], s1 = left.Cotangent.shape[3], s2 = right.Cotangent.shape[3];
        Tensor cotangents = Cotangents(left.Cotangent, leftRows, g).bmm(Cotangents(right.Cotangent, rightRows, g).transpose(1, 2))
            .reshape(leftRows.Diagonal, g, blocks, leftRows.Full, s1, rightRows.Full, s2);
        Tensor similar = left.Shape.IsLookup
            ? left.Activation.unsqueeze(2).eq(right.Activation.unsqueeze(1)).to(left.Cotangent.dtype).unsqueeze(1)
            : Activations(left.Activation, g).bmm(Activations(right.Activation, g).transpose(1, 2)).reshape(g, blocks, s1, s2).add_(left.Shift ? 1 : 0);
        return (cotangents * similar.reshape(1, similar.shape[0], similar.shape[1], 1, s1, 1, s2)).sum([2L, 4L, 6L]).permute(0, 2, 3, 1);
    }

    // A term that all examples share counts for each.
    private static Tensor Grow(Tensor block, long g1, long g2)
    {
        long[] s = block.shape;
        return s[2] == g1 && s[4] == g2 ? block : block.expand(s[0], s[1], g1, s[3], g2);
    }
}
