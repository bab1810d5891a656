namespace Ntk.Core.Kernels;

/// <summary>How the examples are divided.</summary>
/// <param name="Tile">Examples of a pass.</param>
/// <param name="Block">Most examples whose terms are contracted together (see <see cref="BlockOf"/>).</param>
/// <param name="KeptBlocks">How many of x1's blocks keep their terms while x2's pass by.</param>
/// <param name="IsJoined">Whether both sides are one block.</param>
internal sealed record KernelTiling(long Tile, long Block, long KeptBlocks, bool IsJoined)
{
    // What the values of a pass may take to be found in the cache when they are read again.
    private const double CacheBytes = 32 << 20;
    // What blocks write out when they meet is written the less often the larger they are.
    private const long MostWritingBlock = 2048;
    // Blocks of more examples than this are worth no more bytes than that.
    private const long AmpleBlock = 256;
    private const double AmpleBytes = 384 << 20;
    // Operations in one call of libtorch, which nothing interrupts: some tenths of a second on two cores.
    private const double LongestStep = 4e10;
    // Products whose sides are multiples of the processor's vectors and of the libraries' blocks are the fastest.
    private const long BlockStep = 64;

    /// <summary>The most examples of a block: larger ones no longer make the products faster; smaller ones answer Ctrl+C sooner, and of a symmetric kernel more is spared.</summary>
    public const long MostBlock = 512;

    /// <summary>Before it is known.</summary>
    public static KernelTiling None { get; } = new(1, 1, 1, false);

    /// <summary>Bytes that are expected to be held at once, beside the model, the inputs and the kernel.</summary>
    public double Bytes(KernelPlan plan, KernelLayout layout) => plan.SharedBytes + (Tile * plan.ExampleBytes) + ((KeptBlocks + 1) * Block * plan.TermBytes) + (Block * (double)Block * plan.PairBytes(layout));

    /// <summary>A side's blocks: no fewer than fit, alike in size, a multiple of what the libraries work in where that fits.</summary>
    /// <param name="examples">The side's number of examples.</param>
    public long BlockOf(long examples)
    {
        long blocks = Math.Max(1, (examples + Block - 1) / Block), even = Math.Max(1, (examples + blocks - 1) / blocks);
        long rounded = (even + BlockStep - 1) / BlockStep * BlockStep;
        return rounded <= Block ? rounded : even;
    }

    /// <summary>The part of all pairs of examples that is contracted: where x1 meets itself the upper triangle of the blocks, and in each of those with itself of its strips.</summary>
    /// <param name="examples1">N1.</param>
    /// <param name="examples2">N2; 0 for x1 with itself.</param>
    /// <param name="full">Rows of an example that are not summed over.</param>
    public double Contracted(long examples1, long examples2, long full)
    {
        double block = IsJoined ? examples1 : BlockOf(examples1), blocks = Math.Ceiling(examples1 / block);
        return examples2 > 0 || examples1 == 0 ? 1 : (blocks - 1 + (2 * Contraction.OwnShare((long)block * full))) / (2 * blocks);
    }

    /// <summary>What the smallest step takes: a pass over one example, and its terms on each side.</summary>
    public static double BytesOfOne(KernelPlan plan, int sides) => plan.SharedBytes + plan.ExampleBytes + (sides * plan.TermBytes);

    /// <summary>Divides the examples so that what is held stays within a limit.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="layout">The kernel's layout.</param>
    /// <param name="examples1">N1.</param>
    /// <param name="examples2">N2; 0 for x1 with itself.</param>
    /// <param name="limit">Bytes.</param>
    /// <param name="options">May prescribe.</param>
    public static KernelTiling Of(KernelPlan plan, KernelLayout layout, long examples1, long examples2, long limit, KernelOptions options)
    {
        limit = Math.Max(1, limit - (long)plan.SharedBytes);
        double pass = Math.Max(1, plan.ExampleBytes), term = plan.TermBytes;
        // Weights are read once a pass: small tiles must not make that the larger part.
        double wanted = Math.Max(CacheBytes, plan.ParameterBytes) / pass;
        // Long sums are contracted in pieces.
        double interruptible = LongestStep / Math.Max(1, plan.StepFlops), piece = 2.0 * Contraction.MostContracted * layout.Rows1.Diagonal * layout.Rows1.Full * layout.Rows2.Full;
        double pairFlops = Math.Min(piece, plan.Groups.Select(g => g.PairFlops).DefaultIfEmpty().Max());
        long tile = options.TileExamples ?? (long)Math.Clamp(Math.Min(wanted, interruptible), 1, Math.Max(1, limit / 2 / (pass + term)));
        // A block's terms, those of the block that it meets, and what contracting them takes.
        double pair = plan.PairBytes(layout);
        double free = Math.Max(0, limit - (tile * pass));
        long fits = (long)Math.Min(free / 2 / Math.Max(1, 2 * term), Math.Sqrt(Math.Min(free / 2 / Math.Max(1, pair), LongestStep / Math.Max(1, pairFlops))));
        long most = (long)Math.Clamp(AmpleBytes / Math.Max(1, term), AmpleBlock, plan.WritesByRows ? MostWritingBlock : MostBlock);
        long block = options.BlockExamples ?? (tile < 2 ? 1 : Math.Clamp(fits, tile, Math.Max(tile, most)));
        if (options.BlockExamples is null && !layout.DiagonalExamples && examples1 + examples2 <= block)
        {
            return Even(tile, examples1 + examples2, 0, true);
        }
        block = Math.Min(block, Math.Max(1, Math.Max(examples1, examples2)));
        double room = (free - (block * term) - (block * block * pair)) / Math.Max(1, block * term);
        long kept = options.KeptBlocks ?? (long)Math.Clamp(room, 1, Math.Max(1, (examples1 + block - 1) / block));
        return Even(tile, block, kept, false);
    }

    // Tiles of a block are alike: one program serves all but the last.
    private static KernelTiling Even(long tile, long block, long kept, bool joined)
    {
        long tiles = Math.Max(1, (block + tile - 1) / tile);
        return new KernelTiling((block + tiles - 1) / tiles, block, kept, joined);
    }
}
