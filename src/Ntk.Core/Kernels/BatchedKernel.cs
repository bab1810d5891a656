using Ntk.Core.Autodiff;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>
/// The kernel of a model that keeps examples apart, by tiles. Small problems join both sides in one pass, so that weights are read once; large ones keep
/// the terms of as many of x1's tiles as memory allows and let x2's tiles pass by. Where x2 is absent only the upper triangle is computed.
/// </summary>
internal sealed class BatchedKernel(ModelProblem problem, int output, Side left, Side? right, KernelLayout layout, NtkTensor kernel,
    IProgress<NtkProgress>? progress, CancellationToken cancellation)
{
    private const string Activity = "Empirical NTK";
    // Larger tiles no longer make the products faster; smaller ones answer Ctrl+C sooner.
    private const long MostExamples = 256;

    private readonly Side _right = right ?? left;
    private readonly long[] _sides = [left.Examples, (right ?? left).Examples];

    /// <summary>Computes it.</summary>
    public void Run()
    {
        if (kernel.Count == 0 || _sides[0] == 0)
        {
            return;
        }
        TracedModel model = problem.Prepare(output, left, _right, left.Examples, out _).Model;
        KernelPlan plan = problem.Plan(model, layout, _sides[0], _sides[1]);
        double work = plan.Groups.Count == 0 ? 0 : plan.Groups.Max(g => g.WorkBytes);
        double perExample = plan.PassBytes + work + plan.TermBytes;
        long budget = problem.MemoryLimit;
        problem.RequireMemory(perExample, right is null ? 1 : 2);
        long most = Math.Min(problem.Options.TileExamples ?? MostExamples, Math.Max(1, (long)(budget / 2 / Math.Max(1, perExample))));
        if (layout.DiagonalExamples)
        {
            AlongDiagonal(plan, Math.Max(1, most / 2));
        }
        else if (_sides[0] + (right is null ? 0 : _sides[1]) <= most)
        {
            Joined(plan);
        }
        else
        {
            long tile = most;
            // What the passes leave free holds the terms of x1's tiles.
            double free = budget - (tile * perExample);
            long rows = problem.Options.KeptTiles ?? Math.Max(1, (long)(free / Math.Max(1, plan.TermBytes * tile)));
            Tiled(plan, tile, rows);
        }
    }

    // Both sides in one pass; each group is contracted and freed as soon as it is there.
    private void Joined(KernelPlan plan)
    {
        using DisposeScope scope = NewDisposeScope();
        long n1 = _sides[0], n2 = _sides[1];
        Tensor[] inputs = right is null ? left.Tensors : left.Tensors.Zip(right.Tensors, (a, b) => cat([a, b], problem.InputAxis)).ToArray();
        using var sum = new BlockSum();
        Pass(plan, inputs, right is null ? n1 : n1 + n2, layout.Rows1, (_, term) => sum.Add(right is null
            ? Contraction.Block(term, term, layout.Rows1, layout.Rows2, n1, n1, diagonal: false)
            : Contraction.Block(term.Narrow(0, n1), term.Narrow(n1, n2), layout.Rows1, layout.Rows2, n1, n2, diagonal: false)));
        Finish(sum, 0, 0);
    }

    private void Tiled(KernelPlan plan, long tile, long rowTiles)
    {
        (long Start, long Count)[] tiles1 = Tiles(_sides[0], tile), tiles2 = Tiles(_sides[1], tile);
        long total = right is null ? tiles1.LongLength * (tiles1.LongLength + 1) / 2 : tiles1.LongLength * tiles2.LongLength, done = 0;
        for (long first = 0; first < tiles1.Length; first += rowTiles)
        {
            using DisposeScope scope = NewDisposeScope();
            long last = Math.Min(first + rowTiles, tiles1.Length);
            var kept = new Term?[last - first][];
            void Meet(Term?[] own, Term other, int group, (long Start, long Count) tile1, (long Start, long Count) tile2, BlockSum sum)
            {
                if (own[group] is { } term)
                {
                    using DisposeScope step = NewDisposeScope();
                    sum.Add(Contraction.Block(term, other, layout.Rows1, layout.Rows2, tile1.Count, tile2.Count, diagonal: false));
                }
            }
            for (long i = first; i < last; i++)
            {
                var terms = new Term?[plan.Groups.Count];
                Tile(left, plan, tiles1[i], layout.Rows1, (g, term) => terms[g] = term.Keep());
                kept[i - first] = terms;
                if (right is not null)
                {
                    continue;
                }
                // x1 with itself: the tiles kept so far are the other side.
                for (long j = first; j <= i; j++)
                {
                    using var sum = new BlockSum();
                    for (int g = 0; g < terms.Length; g++)
                    {
                        if (terms[g] is { } term)
                        {
                            Meet(kept[j - first], term, g, tiles1[j], tiles1[i], sum);
                        }
                    }
                    Finish(sum, tiles1[j].Start, tiles1[i].Start);
                    progress?.Report(new NtkProgress(Activity, ++done, total));
                }
            }
            for (long j = right is null ? last : 0; j < tiles2.Length; j++)
            {
                BlockSum[] sums = Array.ConvertAll(kept, _ => new BlockSum());
                Tile(_right, plan, tiles2[j], layout.Rows2, (g, term) =>
                {
                    for (int i = 0; i < kept.Length; i++)
                    {
                        Meet(kept[i], term, g, tiles1[first + i], tiles2[j], sums[i]);
                    }
                });
                for (int i = 0; i < kept.Length; i++)
                {
                    Finish(sums[i], tiles1[first + i].Start, tiles2[j].Start);
                    sums[i].Dispose();
                    progress?.Report(new NtkProgress(Activity, ++done, total));
                }
            }
            foreach (Term? term in kept.SelectMany(k => k))
            {
                term?.Dispose();
            }
        }
    }

    // Only equal examples meet: O(N).
    private void AlongDiagonal(KernelPlan plan, long tile)
    {
        (long Start, long Count)[] tiles = Tiles(_sides[0], tile);
        using var traced = new BlockSum();
        for (int i = 0; i < tiles.Length; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            long count = tiles[i].Count;
            var terms = new Term?[plan.Groups.Count];
            using var sum = new BlockSum();
            void Meet(int g, Term other)
            {
                if ((right is null ? other : terms[g]) is { } own)
                {
                    sum.Add(Contraction.Block(own, other, layout.Rows1, layout.Rows2, count, count, diagonal: true));
                }
            }
            if (right is not null)
            {
                Tile(left, plan, tiles[i], layout.Rows1, (g, term) => terms[g] = term.Keep());
            }
            Tile(_right, plan, tiles[i], layout.Rows2, Meet);
            foreach (Term? term in terms)
            {
                term?.Dispose();
            }
            if (sum.Total is { } block && layout.TracedExamples)
            {
                traced.Add(block.sum(-1, keepdim: true));
            }
            else
            {
                Finish(sum, tiles[i].Start, tiles[i].Start);
            }
            progress?.Report(new NtkProgress(Activity, i + 1, tiles.Length));
        }
        if (traced.Total is { } total)
        {
            using DisposeScope scope = NewDisposeScope();
            layout.Write(kernel, layout.Arrange(total * layout.Scale).squeeze(layout.TracedPlace), 0, 0);
        }
    }

    private void Tile(Side side, KernelPlan plan, (long Start, long Count) tile, OutputRows rows, Action<int, Term> emit)
    {
        using DisposeScope scope = NewDisposeScope();
        Pass(plan, side.Tile(tile.Start, tile.Count, problem.InputAxis), tile.Count, rows, emit);
    }

    private void Pass(KernelPlan plan, Tensor[] inputs, long examples, OutputRows rows, Action<int, Term> emit)
    {
        (PreparedModel prepared, Tensor[] taken) = problem.PrepareTile(output, left, _right, inputs, examples);
        bool padded = prepared.Model.Examples != examples;
        problem.Pass(prepared, plan, cancellation).Run(taken, rows, padded ? (g, term) => emit(g, term.Narrow(0, examples)) : emit);
    }

    private void Finish(BlockSum sum, long start1, long start2)
    {
        cancellation.ThrowIfCancellationRequested();
        if (sum.Total is not { } block)
        {
            return;
        }
        using DisposeScope scope = NewDisposeScope();
        Tensor scaled = block.mul_(layout.Scale);
        layout.Write(kernel, layout.Arrange(scaled), start1, start2);
        if (right is null && start1 != start2)
        {
            layout.Write(kernel, layout.Arrange(scaled.permute(0, 3, 4, 1, 2)), start2, start1);
        }
    }

    private static (long Start, long Count)[] Tiles(long examples, long size)
    {
        long count = (examples + size - 1) / size;
        var tiles = new (long, long)[count];
        for (long i = 0; i < count; i++)
        {
            // Even tiles: one program serves all but the last few.
            long start = i * size;
            tiles[i] = (start, Math.Min(size, examples - start));
        }
        return tiles;
    }
}
