using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>
/// The kernel times many vectors, where examples are independent: the output's rows are pulled back once for all vectors, which then meet each group's term
/// in products of matrices. A pass that carried every vector through the model would take each row as often as there are vectors.
/// </summary>
internal sealed class TermVectorProduct
{
    // What a pass and its terms may take, to be found in the cache, and what a block's factors may.
    private const double MostPass = 32 << 20, MostBlock = 48 << 20;
    private const long LargestTile = 128, LargestBlock = 512;
    // How much more a process takes than it holds where freed memory is kept: less than a kernel's blocks of many sizes make of it (measured).
    private const double Fragmentation = 2;

    private readonly ModelProblem _problem;
    private readonly int _output;
    private readonly Side _left, _right;
    private readonly KernelLayout _layout;
    private readonly long _vectors;
    private readonly KernelPlan _plan;
    private readonly long _tile;
    private readonly long _block;
    private readonly double _bytes;
    private readonly CancellationToken _cancellation;

    private TermVectorProduct(ModelProblem problem, int output, Side left, Side right, KernelLayout layout, long vectors, KernelPlan plan, CancellationToken cancellation)
    {
        (_problem, _output, _left, _right, _layout, _vectors, _plan, _cancellation) = (problem, output, left, right, layout, vectors, plan, cancellation);
        double pass = Math.Max(1, plan.ExampleBytes + plan.Groups.Where(g => g.Method == GroupMethod.Explicit).Sum(g => g.TermBytes));
        double block = Math.Max(1, plan.Groups.Where(g => g.Method == GroupMethod.Gram).Sum(g => g.TermBytes)
            + (2 * plan.Groups.Where(g => g.Method == GroupMethod.Gram).Select(g => g.WorkBytes).DefaultIfEmpty().Max()));
        _tile = problem.Options.TileExamples ?? Math.Clamp((long)(Math.Min(MostPass, problem.MemoryLimit / 4.0) / pass), 1, LargestTile);
        _block = _tile * Math.Max(1, problem.Options.BlockExamples ?? Math.Clamp((long)(Math.Min(MostBlock, problem.MemoryLimit / 4.0) / block), 1, LargestBlock) / _tile);
        double directions = vectors * layout.Rows1.Diagonal * layout.Rows1.Traced * plan.ParameterBytes;
        _bytes = plan.SharedBytes + (_tile * pass) + (_block * block) + directions;
    }

    /// <summary>Counted operations of a product.</summary>
    public double Flops => _plan.Flops;

    /// <summary>Prepares products; null where carrying the vectors through the model takes less, in time or in memory.</summary>
    /// <param name="problem">The model.</param>
    /// <param name="output">Which output.</param>
    /// <param name="left">x1.</param>
    /// <param name="right">x2.</param>
    /// <param name="layout">The kernel's layout.</param>
    /// <param name="sample">The model made ready for x1.</param>
    /// <param name="vectors">V.</param>
    /// <param name="cancellation">Stops between equations.</param>
    public static TermVectorProduct? For(ModelProblem problem, int output, Side left, Side right, KernelLayout layout, TracedModel sample, long vectors, CancellationToken cancellation)
    {
        // Every full row is pulled back, and a vector holds them all together.
        if (!sample.IsBatched || sample.IsPromised || vectors <= Math.Max(layout.Rows1.Full, layout.Rows2.Full))
        {
            return null;
        }
        KernelPlan plan = KernelPlan.ForVectors(sample, layout, left.Examples + right.Examples, vectors, problem.Options.JRules, problem.Options.SRules, problem.Shares);
        return plan.SharedBytes + plan.ExampleBytes + plan.TermBytes > problem.MemoryLimit / 4.0 ? null : new TermVectorProduct(problem, output, left, right, layout, vectors, plan, cancellation);
    }

    /// <summary>How often <see cref="Multiply"/> takes a step.</summary>
    public long Steps => Tiles(_left) + Tiles(_right);

    /// <summary>The product.</summary>
    /// <param name="vectors">(V, D, F, G2).</param>
    /// <param name="step">Told of each tile.</param>
    /// <returns>(V, D, F, G1), not yet scaled; the caller owns it.</returns>
    public Tensor Multiply(Tensor vectors, Action step)
    {
        TorchRuntime.KeepFreedMemory(Fragmentation * _bytes <= _problem.MemoryLimit);
        var directions = new Tensor?[_plan.Groups.Count];
        try
        {
            Walk(_right, _layout.Rows2, step, (g, term, start, count) => directions[g] = TermProduct.PullBack(term, vectors.narrow(3, start, count), _layout.Rows2, directions[g]));
            for (int g = 0; g < directions.Length; g++)
            {
                directions[g] = directions[g] is { } direction ? TermProduct.Turned(direction, _plan.Groups[g].Method) : null;
            }
            Tensor result = zeros([_vectors, _layout.Rows1.Diagonal, _layout.Rows1.Full, _left.Examples], vectors.dtype);
            Walk(_left, _layout.Rows1, step, (g, term, start, count) =>
            {
                if (directions[g] is { } direction)
                {
                    result.narrow(3, start, count).add_(TermProduct.PushForward(term, direction, _layout.Rows1, _vectors, count));
                }
            });
            return result;
        }
        finally
        {
            foreach (Tensor? direction in directions)
            {
                direction?.Dispose();
            }
        }
    }

    private long Tiles(Side side) => (side.Examples + _tile - 1) / _tile;

    // Jacobians are met pass by pass, while they are in the cache; factors are gathered to blocks, so that directions as large as the parameters are read seldom.
    private void Walk(Side side, OutputRows rows, Action step, Action<int, Term, long, long> meet)
    {
        void Meet(int group, Term term, long start, long count)
        {
            using DisposeScope own = NewDisposeScope();
            using WorkMeter.Part part = _problem.Options.Meter.Measure(WorkKind.Contraction, group);
            meet(group, term, start, count);
        }
        for (long first = 0; first < side.Examples; first += _block)
        {
            using DisposeScope scope = NewDisposeScope();
            long size = Math.Min(_block, side.Examples - first);
            var blocks = new TermBlock?[_plan.Groups.Count];
            for (long start = 0; start < size; start += _tile)
            {
                using DisposeScope inner = NewDisposeScope();
                long count = Math.Min(_tile, size - start), at = start;
                (PreparedModel prepared, Tensor[] inputs) = _problem.PrepareTile(_output, _left, _right, side.Tile(first + start, count, _problem.InputAxis), count);
                void Take(int group, Term term)
                {
                    if (term is FactoredTerm && count < size)
                    {
                        (blocks[group] ??= new TermBlock(size)).Place(term, at, count);
                    }
                    else
                    {
                        Meet(group, term, first + at, count);
                    }
                }
                bool padded = prepared.Model.Examples != count;
                _problem.Pass(prepared, _plan, null, _cancellation).Run(inputs, rows, padded ? (g, term) => Take(g, term.Narrow(0, count)) : Take);
                step();
            }
            for (int g = 0; g < blocks.Length; g++)
            {
                if (blocks[g] is { } block)
                {
                    Meet(g, block.Take(scope), first, size);
                }
            }
        }
    }
}
