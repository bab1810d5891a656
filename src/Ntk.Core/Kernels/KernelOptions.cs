namespace Ntk.Core.Kernels;

/// <summary>Which axes of the inputs and outputs are the examples'.</summary>
/// <param name="Auto">Find it in the program, prove it, or do without.</param>
/// <param name="In">The inputs' axis; null for none.</param>
/// <param name="Out">The output's axis; null for none.</param>
public sealed record VmapAxes(bool Auto, int? In, int? Out)
{
    /// <summary>Found and proven from axis 0.</summary>
    public static VmapAxes Automatic { get; } = new(true, 0, 0);

    /// <summary>No axis: one Jacobian of the whole batch.</summary>
    public static VmapAxes None { get; } = new(false, null, null);

    /// <inheritdoc/>
    public override string ToString() => Auto ? "Auto" : In is null || Out is null ? "None" : $"{In},{Out}";
}

/// <summary>What a model is run with.</summary>
public record RunOptions
{
    /// <summary>Values that replace the file's, by parameter name (with or without <c>:0</c>).</summary>
    public IReadOnlyDictionary<string, NtkTensor>? Parameters { get; init; }

    /// <summary>Names of the outputs wanted; null for all.</summary>
    public IReadOnlyList<string>? Outputs { get; init; }

    /// <summary>The type computed in.</summary>
    public NtkPrecision Precision { get; init; }

    /// <summary>Bytes that the computation may take beside the model; null for half of what is free.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>Told what a user should know but need not act on, from whatever thread; null to keep quiet.</summary>
    public Action<string>? Warn { get; init; }
}

/// <summary>What kernel is wanted and how.</summary>
public sealed record KernelOptions : RunOptions
{
    /// <summary>Names, with wildcards, of the parameters to sum over; null for all.</summary>
    public IReadOnlyList<string>? ParameterNames { get; init; }

    /// <summary>Whether every float variable is a parameter, not the trainable ones alone.</summary>
    public bool IncludeNonTrainable { get; init; }

    /// <summary>Whether the kernel is given as a whole or in parts.</summary>
    public KernelParts Parts { get; init; }

    /// <summary>Output axes to trace over; the kernel is divided by their size.</summary>
    public IReadOnlyList<int> TraceAxes { get; init; } = [-1];

    /// <summary>Output axes of which only the diagonal is kept.</summary>
    public IReadOnlyList<int> DiagonalAxes { get; init; } = [];

    /// <summary>The examples' axes.</summary>
    public VmapAxes VmapAxes { get; init; } = VmapAxes.Automatic;

    /// <summary>The method.</summary>
    public NtkImplementation Implementation { get; init; }

    /// <summary>Whether structure rules may be used for the Jacobian of a primitive (neural_tangents' <c>_j_rules</c>).</summary>
    public bool JRules { get; init; } = true;

    /// <summary>Whether structure rules may be used for the contraction (neural_tangents' <c>_s_rules</c>).</summary>
    public bool SRules { get; init; } = true;

    /// <summary>
    /// Whether the Jacobian of a primitive that has no structure rule, or may not use it (<see cref="JRules"/>), is written out in forward mode, a tangent for
    /// each element of the parameter (neural_tangents' <c>_fwd</c>, which likewise does nothing to NTK-vector products). False, and null, pull the
    /// kernel's rows back through the primitive: that never writes its Jacobian out, and so always costs less. The kernel is the same to rounding.
    /// </summary>
    public bool? Fwd { get; init; }

    /// <summary>Chosen output elements without the batch axis, one index an array; null for all.</summary>
    public IReadOnlyList<int[]>? OutputIndex { get; init; }

    /// <summary>The most examples in a pass; null for as many as stay in the cache.</summary>
    internal long? TileExamples { get; init; }

    /// <summary>The most examples whose terms are contracted together, at least <see cref="TileExamples"/>; null for as many as memory allows.</summary>
    internal long? BlockExamples { get; init; }

    /// <summary>How many of x1's blocks keep their terms while x2's pass by; null for as many as memory allows.</summary>
    internal long? KeptBlocks { get; init; }

    /// <summary>Told, when a kernel is done, line by line what it took beside what the plan said, from whatever thread; null for nothing.</summary>
    public Action<string>? Report { get; init; }

    /// <summary>Measures the parts of the computation; null for nothing.</summary>
    internal WorkMeter? Meter { get; init; }

    /// <summary>A .npy file to write the kernel to by tiles; null to keep it in memory.</summary>
    public string? OutFile { get; init; }

    /// <summary>Whether <see cref="OutFile"/> may take another file's place.</summary>
    public bool Overwrite { get; init; } = true;
}

/// <summary>How far a computation is.</summary>
/// <param name="Activity">What is being done.</param>
/// <param name="Done">Steps done.</param>
/// <param name="Total">Steps in all.</param>
public readonly record struct NtkProgress(string Activity, long Done, long Total);
