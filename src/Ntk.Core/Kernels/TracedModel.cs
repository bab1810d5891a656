using Ntk.Core.Autodiff;

namespace Ntk.Core.Kernels;

/// <summary>
/// A model's program for a number of examples, with where the examples lie in it, and the program of one example beside it: the same equations with
/// other sizes.
/// </summary>
/// <param name="Program">The program; one output.</param>
/// <param name="Examples">N; 1 where the batch is taken as one.</param>
/// <param name="Axes">Where each variable carries the examples; null where the batch is taken as one.</param>
/// <param name="Unit">The program of one example; null where the batch is taken as one, or where it is not the same but for sizes.</param>
/// <param name="Groups">The groups of parameters.</param>
/// <param name="IsPromised">Whether this is one example alone, of several whose independence the user promises.</param>
internal sealed record TracedModel(Program Program, long Examples, BatchAxis?[]? Axes, Program? Unit, IReadOnlyList<ParameterGroup> Groups, bool IsPromised = false)
{
    /// <summary>Whether the examples are independent, a block of rows each.</summary>
    public bool IsBatched => Axes is not null || IsPromised;

    /// <summary>The output's variable.</summary>
    public int Output => Program.Outputs[0];

    /// <summary>Whether a variable carries examples; where the batch is taken as one, whether it depends on data.</summary>
    public bool Carries(int variable) => Axes is null ? Program.Variables[variable].Dependence.HasFlag(Dependence.Data) : Axes[variable] is not null;

    /// <summary>Whether a pass pulls an equation's cotangent back to an operand that carries examples.</summary>
    public bool PullsTo(Equation equation, int operand) =>
        Program.Variables[equation.Operands[operand]].Active && Carries(equation.Operands[operand]) && equation.Primitive.IsDifferentiable(operand);

    /// <summary>Where a variable carries the examples.</summary>
    public BatchAxis? AxisOf(int variable) => Axes?[variable];

    /// <summary>Which variables' values the reverse pass reads, and last at which equation; −1 for those it does not.</summary>
    public int[] ReverseReads()
    {
        var reads = new int[Program.Variables.Length];
        Array.Fill(reads, -1);
        for (int e = Program.Equations.Length - 1; e >= 0; e--)
        {
            Equation equation = Program.Equations[e];
            if (!Carries(equation.Output) || !Program.Variables[equation.Output].Active)
            {
                continue;
            }
            for (int i = 0; i < equation.Operands.Length; i++)
            {
                if (!Program.Variables[equation.Operands[i]].Active || !equation.Primitive.IsDifferentiable(i))
                {
                    continue;
                }
                for (int j = 0; j < equation.Operands.Length; j++)
                {
                    if (equation.Primitive.VjpReads(i, j))
                    {
                        reads[equation.Operands[j]] = e;
                    }
                }
                if (equation.Primitive.VjpReadsOutput(i))
                {
                    reads[equation.Output] = e;
                }
            }
        }
        return reads;
    }

    /// <summary>Whether two programs are the same but for their number of examples, with which nothing grows but what carries them.</summary>
    /// <param name="a">A program.</param>
    /// <param name="axes">Where it carries the examples.</param>
    /// <param name="b">Another.</param>
    /// <param name="examples">Its number of examples.</param>
    public static bool AreAlike(Program a, BatchAxis?[] axes, Program b, long examples)
    {
        // A graph that names its batch size would cut other batches elsewhere than between examples.
        bool Fits(int v)
        {
            long[] of = a.Variables[v].Type.Shape, other = b.Variables[v].Type.Shape;
            return other.Length == of.Length && Enumerable.Range(0, of.Length)
                .All(i => other[i] == (axes[v] is { } axis && axis.Axis == i ? axis.Outer * examples * axis.Inner : of[i]));
        }
        return AreAlike(a, b) && Enumerable.Range(0, a.Variables.Length).All(Fits);
    }

    /// <summary>Whether two programs are the same but for sizes and for constants that grow with the examples.</summary>
    public static bool AreAlike(Program a, Program b)
    {
        if (a.Equations.Length != b.Equations.Length || a.Variables.Length != b.Variables.Length)
        {
            return false;
        }
        for (int e = 0; e < a.Equations.Length; e++)
        {
            if (a.Equations[e].Primitive.GetType() != b.Equations[e].Primitive.GetType() || a.Equations[e].Primitive.Name != b.Equations[e].Primitive.Name ||
                a.Equations[e].Output != b.Equations[e].Output || !a.Equations[e].Operands.AsSpan().SequenceEqual(b.Equations[e].Operands))
            {
                return false;
            }
        }
        for (int v = 0; v < a.Variables.Length; v++)
        {
            Variable x = a.Variables[v], y = b.Variables[v];
            if (x.Type.Rank != y.Type.Rank || x.Type.DType != y.Type.DType || x.Constant is null != (y.Constant is null))
            {
                return false;
            }
            if (x.Constant is { } p && y.Constant is { } q && x.Type.Same(y.Type) && !ReferenceEquals(p, q) && !SameValues(p, q))
            {
                return false;
            }
        }
        return true;
    }

    private static bool SameValues(TorchSharp.torch.Tensor p, TorchSharp.torch.Tensor q)
    {
        using TorchSharp.torch.Tensor differs = p.ne(q), real = p.eq(p), both = differs.logical_and(real), any = both.any();
        return !any.item<bool>();
    }
}
