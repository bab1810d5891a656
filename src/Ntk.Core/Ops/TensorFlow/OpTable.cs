namespace Ntk.Core.Ops.TensorFlow;

/// <summary>How a TensorFlow op is run over traced values.</summary>
/// <param name="Name">TensorFlow's name of the op.</param>
/// <param name="Run">Computes the outputs.</param>
/// <param name="Outputs">The outputs' names in order, by which functions refer to them; a single one, or a list, needs none.</param>
internal sealed record OpDefinition(string Name, Func<OpContext, OpResult> Run, params string[] Outputs);

/// <summary>Every TensorFlow op that can be run, by name.</summary>
internal static class OpTable
{
    private static readonly Dictionary<string, OpDefinition> s_ops = new[]
    {
        ElementwiseOps.Table, ActivationOps.Table, ComparisonOps.Table, ShapeOps.Table, ArrayOps.Table, SlicingOps.Table, GatherOps.Table, DiagonalOps.Table,
        ReductionOps.Table, MatrixOps.Table, EinsumOp.Table, LinearAlgebraOps.Table, StructuredMatrixOps.Table, ConvolutionOps.Table, PoolingOps.Table, NormalizationOps.Table,
        FusedOps.Table, ImageOps.Table, ColorOps.Table, WarpOps.Table, QuantizationOps.Table, SegmentOps.Table, StitchOps.Table, SparseOps.Table, CountingOps.Table, RecurrentOps.Table, CudnnOps.Table, SpectralOps.Table, AudioOps.Table, SortingOps.Table, SpecialOps.Table, LossOps.Table, GradientOps.Table, RandomOps.Table, ControlOps.Table, LoopOps.Table,
        ListOps.Table, TensorArrayOps.Table, VariableOps.Table,
    }.SelectMany(table => table).ToDictionary(op => op.Name);

    /// <summary>The names of all ops, in order.</summary>
    public static IEnumerable<string> Names => s_ops.Keys.Order(StringComparer.Ordinal);

    /// <summary>The op's definition; null when it is not supported.</summary>
    public static OpDefinition? Find(string op) => s_ops.GetValueOrDefault(op);

    /// <summary>TF 1's control flow over references is that over values.</summary>
    public static string Normalize(string op) =>
        op is "RefEnter" or "RefExit" or "RefIdentity" or "RefMerge" or "RefNextIteration" or "RefSwitch" ? op[3..] : op;

    /// <summary>The number of the output that a function's node calls <paramref name="output"/>, and <paramref name="index"/> in a list.</summary>
    public static int OutputIndex(string op, string? output, int index)
    {
        int first = output is null || Find(Normalize(op)) is not { } definition ? 0 : Array.IndexOf(definition.Outputs, output);
        return Math.Max(first, 0) + index;
    }
}
