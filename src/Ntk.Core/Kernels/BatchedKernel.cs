using Ntk.Core.Autodiff;
using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>
/// The kernel of a model that keeps examples apart. Passes go over tiles so small that their values stay in the cache; their terms are put together to
/// blocks, and blocks meet blocks. Small problems join both sides in one block, so that weights are read once; large ones keep the terms of as many of x1's
/// blocks as memory allows and let x2's blocks pass by. Where x2 is absent only the upper triangle is computed.
/// </summary>
internal sealed class BatchedKernel(ModelProblem problem, int output, Side left, Side? right, KernelLayout layout, NtkTensor[] kernels,
    IProgress<NtkProgress>? progress, CancellationToken cancellation)
{
    private const string Activity = "Empirical NTK";

    // How much more a process may take than it holds where freed memory is kept.
    private const double Fragmentation = 3;

    private readonly Side _right = right ?? left;
    private readonly long[] _sides = [left.Examples, (right ?? left).Examples];
    private readonly Program _program = problem.Prepare(output, left, right ?? left, left.Examples, out _).Model.Program;
    private KernelTiling _tiling = KernelTiling.None;
    private CompressedRows? _compressed;

    /// <summary>Computes it.</summary>
    public void Run()
    {
        if (kernels.Length == 0 || kernels[0].Count == 0 || _sides[0] == 0)
        {
            return;
        }
        (KernelPlan plan, _tiling) = Arrange(problem, output, left, right, layout);
        using var compressed = new CompressedRows(plan.Compression);
        _compressed = compressed;
        TorchRuntime.KeepFreedMemory(Fragmentation * _tiling.Bytes(plan, layout) <= problem.MemoryLimit);
        Action<KernelPlan> way = layout.DiagonalExamples ? AlongDiagonal : _tiling.IsJoined ? Joined : Tiled;
        if (plan.IsSmall)
        {
            TorchWorkers.Run(() => way(plan));
        }
        else
        {
            way(plan);
        }
    }

    /// <summary>What is to be computed, and how the examples are divided for it.</summary>
    /// <exception cref="NtkException">Not even one pair fits into the memory limit.</exception>
    public static (KernelPlan Plan, KernelTiling Tiling) Arrange(ModelProblem problem, int output, Side left, Side? right, KernelLayout layout)
    {
        long n1 = left.Examples, n2 = right?.Examples ?? 0;
        TracedModel model = problem.Prepare(output, left, right ?? left, n1, out _).Model;
        KernelPlan plan = problem.Plan(model, layout, n1, n2);
        problem.RequireMemory(KernelTiling.BytesOfOne(plan, right is null ? 1 : 2));
        KernelTiling tiling = KernelTiling.Of(plan, layout, n1, n2, problem.MemoryLimit, problem.Options);
        return (plan with { Pairs = plan.Pairs * (layout.DiagonalExamples ? 1 : tiling.Contracted(n1, n2, layout.Rows1.Full)) }, tiling);
    }

    // Both sides in one block; where one pass does, each group is contracted and freed as soon as it is there.
    private void Joined(KernelPlan plan)
    {
        using DisposeScope scope = NewDisposeScope();
        long n1 = _sides[0], n2 = _sides[1];
        Tensor[] inputs = right is null ? left.Tensors : left.Tensors.Zip(right.Tensors, (a, b) => cat([a, b], problem.InputAxis)).ToArray();
        using var sums = new KernelSums(kernels.Length);
        Block(plan, inputs, right is null ? n1 : n1 + n2, layout.Rows1,
            (g, term) => Meet(plan, g, sums, right is null ? term : term.Narrow(0, n1), right is null ? term : term.Narrow(n1, n2), n1, n2, diagonal: false));
        Finish(sums, 0, 0);
    }

    private void Tiled(KernelPlan plan)
    {
        (long Start, long Count)[] tiles1 = Tiles(_sides[0], _tiling.BlockOf(_sides[0])), tiles2 = Tiles(_sides[1], _tiling.BlockOf(_sides[1]));
        long rowTiles = _tiling.KeptBlocks;
        long total = right is null ? tiles1.LongLength * (tiles1.LongLength + 1) / 2 : tiles1.LongLength * tiles2.LongLength, done = 0;
        for (long first = 0; first < tiles1.Length; first += rowTiles)
        {
            using DisposeScope scope = NewDisposeScope();
            long last = Math.Min(first + rowTiles, tiles1.Length);
            var kept = new Term?[last - first][];
            for (long i = first; i < last; i++)
            {
                var terms = new Term?[plan.Groups.Count];
                Tile(left, plan, tiles1[i], layout.Rows1, (g, term) => terms[g] = term.Keep(scope));
                kept[i - first] = terms;
                if (right is not null)
                {
                    continue;
                }
                // x1 with itself: the tiles kept so far are the other side.
                for (long j = first; j <= i; j++)
                {
                    using var sums = new KernelSums(kernels.Length);
                    for (int g = 0; g < terms.Length; g++)
                    {
                        if (terms[g] is { } term)
                        {
                            Meet(plan, g, sums, kept[j - first][g], term, tiles1[j].Count, tiles1[i].Count, diagonal: false);
                        }
                    }
                    Finish(sums, tiles1[j].Start, tiles1[i].Start);
                    progress?.Report(new NtkProgress(Activity, ++done, total));
                }
            }
            for (long j = right is null ? last : 0; j < tiles2.Length; j++)
            {
                KernelSums[] sums = Array.ConvertAll(kept, _ => new KernelSums(kernels.Length));
                try
                {
                    Tile(_right, plan, tiles2[j], layout.Rows2, (g, term) =>
                    {
                        for (int i = 0; i < kept.Length; i++)
                        {
                            Meet(plan, g, sums[i], kept[i][g], term, tiles1[first + i].Count, tiles2[j].Count, diagonal: false);
                        }
                    });
                    for (int i = 0; i < kept.Length; i++)
                    {
                        Finish(sums[i], tiles1[first + i].Start, tiles2[j].Start);
                        progress?.Report(new NtkProgress(Activity, ++done, total));
                    }
                }
                finally
                {
                    Array.ForEach(sums, sum => sum.Dispose());
                }
            }
        }
    }

    // Only equal examples meet: O(N).
    private void AlongDiagonal(KernelPlan plan)
    {
        (long Start, long Count)[] tiles = Tiles(_sides[0], _tiling.BlockOf(_sides[0]));
        using var traced = new KernelSums(kernels.Length);
        for (int i = 0; i < tiles.Length; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            long count = tiles[i].Count;
            var terms = new Term?[plan.Groups.Count];
            using var sums = new KernelSums(kernels.Length);
            if (right is not null)
            {
                Tile(left, plan, tiles[i], layout.Rows1, (g, term) => terms[g] = term.Keep(scope));
            }
            Tile(_right, plan, tiles[i], layout.Rows2, (g, other) => Meet(plan, g, sums, right is null ? other : terms[g], other, count, count, diagonal: true));
            if (!layout.TracedExamples)
            {
                Finish(sums, tiles[i].Start, tiles[i].Start);
            }
            for (int k = 0; layout.TracedExamples && k < kernels.Length; k++)
            {
                if (sums[k].Total is { } block)
                {
                    traced[k].Add(block.sum(-1, keepdim: true));
                }
            }
            progress?.Report(new NtkProgress(Activity, i + 1, tiles.Length));
        }
        for (int k = 0; k < kernels.Length; k++)
        {
            if (traced[k].Total is { } total)
            {
                using DisposeScope scope = NewDisposeScope();
                layout.Write(kernels[k], layout.Arrange(total * layout.Scale).squeeze(layout.TracedPlace), 0, 0);
            }
        }
    }

    private void Meet(KernelPlan plan, int group, KernelSums sums, Term? own, Term other, long examples1, long examples2, bool diagonal)
    {
        if (own is null)
        {
            return;
        }
        using DisposeScope step = NewDisposeScope();
        using WorkMeter.Part part = problem.Options.Meter.Measure(WorkKind.Contraction, group);
        ParameterGroup parameters = plan.Groups[group].Group;
        foreach ((int share, Term one, Term two) in problem.Shares.Split(_program, parameters, own, other))
        {
            sums[share].Add(Contraction.Block(one, two, layout.Rows1, layout.Rows2, examples1, examples2, diagonal, cancellation));
        }
    }

    private void Tile(Side side, KernelPlan plan, (long Start, long Count) tile, OutputRows rows, Action<int, Term> emit)
    {
        using DisposeScope scope = NewDisposeScope();
        Block(plan, side.Tile(tile.Start, tile.Count, problem.InputAxis), tile.Count, rows, emit);
    }

    // The terms of a block, by as many passes as it takes.
    private void Block(KernelPlan plan, Tensor[] inputs, long examples, OutputRows rows, Action<int, Term> emit)
    {
        (long Start, long Count)[] tiles = Tiles(examples, _tiling.Tile);
        if (tiles.Length == 1)
        {
            Pass(plan, inputs, examples, rows, emit);
            return;
        }
        using DisposeScope scope = NewDisposeScope();
        var blocks = new TermBlock?[plan.Groups.Count];
        foreach ((long start, long count) in tiles)
        {
            Tensor[] part = Array.ConvertAll(inputs, t => t.narrow(problem.InputAxis, start, count).contiguous());
            TermBlock Of(int group) => blocks[group] ??= new TermBlock(examples);
            Pass(plan, part, count, rows, (g, term) => Of(g).Place(term, start, count), (g, shape) => Of(g).Room(shape, problem.FloatType, start, count));
        }
        for (int g = 0; g < blocks.Length; g++)
        {
            if (blocks[g] is { } block)
            {
                emit(g, block.Take(scope));
            }
        }
    }

    private void Pass(KernelPlan plan, Tensor[] inputs, long examples, OutputRows rows, Action<int, Term> emit, Func<int, long[], Tensor?>? room = null)
    {
        (PreparedModel prepared, Tensor[] taken) = problem.PrepareTile(output, left, _right, inputs, examples);
        if (prepared.Model.IsPromised)
        {
            OneByOne(prepared, plan, taken, examples, rows, emit);
            return;
        }
        bool padded = prepared.Model.Examples != examples;
        problem.Pass(prepared, plan, _compressed, cancellation).Run(taken, rows, padded ? (g, term) => emit(g, term.Narrow(0, examples)) : emit, padded ? null : room);
    }

    // Nothing is known of how the model treats several examples: each is run alone.
    private void OneByOne(PreparedModel prepared, KernelPlan plan, Tensor[] inputs, long examples, OutputRows rows, Action<int, Term> emit)
    {
        using DisposeScope scope = NewDisposeScope();
        List<Term>[] parts = plan.Groups.Select(_ => new List<Term>()).ToArray();
        TilePass pass = problem.Pass(prepared, plan, _compressed, cancellation);
        var side = new Side(inputs, examples);
        for (long n = 0; n < examples; n++)
        {
            pass.Run(side.Tile(n, 1, problem.InputAxis), rows, (g, term) => parts[g].Add(term.Keep(scope)));
        }
        for (int g = 0; g < parts.Length; g++)
        {
            if (parts[g].Count > 0)
            {
                Term joined = Term.Join(parts[g]);
                parts[g].ForEach(part => part.Dispose());
                emit(g, joined);
            }
        }
    }

    private void Finish(KernelSums sums, long start1, long start2)
    {
        cancellation.ThrowIfCancellationRequested();
        using WorkMeter.Part part = problem.Options.Meter.Measure(WorkKind.Write);
        for (int k = 0; k < kernels.Length; k++)
        {
            if (sums[k].Total is not { } block)
            {
                continue;
            }
            using DisposeScope scope = NewDisposeScope();
            Tensor scaled = block.mul_(layout.Scale);
            if (right is null && start1 == start2 && !layout.DiagonalExamples)
            {
                // Whose rounding differs on both sides of the diagonal.
                scaled = (scaled + scaled.permute(0, 3, 4, 1, 2)).mul_(0.5);
            }
            layout.Write(kernels[k], layout.Arrange(scaled), start1, start2);
            if (right is null && start1 != start2)
            {
                layout.Write(kernels[k], layout.Arrange(scaled.permute(0, 3, 4, 1, 2)), start2, start1);
            }
        }
    }

    private static (long Start, long Count)[] Tiles(long examples, long size)
    {
        var tiles = new (long, long)[(examples + size - 1) / size];
        for (long i = 0; i < tiles.Length; i++)
        {
            tiles[i] = (i * size, Math.Min(size, examples - (i * size)));
        }
        return tiles;
    }
}
