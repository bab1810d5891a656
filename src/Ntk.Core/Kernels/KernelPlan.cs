using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using Ntk.Core.Kernels.Structure;

namespace Ntk.Core.Kernels;

/// <summary>How one group of parameters is computed, and what that costs.</summary>
/// <param name="Group">The group.</param>
/// <param name="Method">The form of its terms.</param>
/// <param name="Flops">Counted operations of its uses and its contraction.</param>
/// <param name="TermBytes">Bytes of its term, an example.</param>
/// <param name="WorkBytes">Bytes that making the term takes beside it, an example.</param>
internal sealed record GroupPlan(ParameterGroup Group, GroupMethod Method, double Flops, double TermBytes, double WorkBytes);

/// <summary>What a kernel costs, counted before it is computed.</summary>
/// <param name="Groups">The groups of parameters.</param>
/// <param name="PassFlops">Operations of forward and reverse passes over all examples.</param>
/// <param name="PassBytes">Bytes that a pass holds, an example.</param>
internal sealed record KernelPlan(IReadOnlyList<GroupPlan> Groups, double PassFlops, double PassBytes)
{
    // An elementwise operation waits for memory: it takes about as long as so many of a matrix product's.
    private const double ElementwiseCost = 12;

    /// <summary>All counted operations.</summary>
    public double Flops => PassFlops + Groups.Sum(g => g.Flops);

    /// <summary>Bytes of all terms, an example.</summary>
    public double TermBytes => Groups.Sum(g => g.TermBytes);

    /// <summary>Counts, and chooses for each group what costs least, unless told what to use.</summary>
    /// <param name="model">The traced model.</param>
    /// <param name="layout">The kernel's layout.</param>
    /// <param name="examples1">N1.</param>
    /// <param name="examples2">N2.</param>
    /// <param name="forced">The form that groups with a structure rule take; null for the cheaper.</param>
    /// <param name="useRules">Whether structure rules may be used at all.</param>
    public static KernelPlan Make(TracedModel model, KernelLayout layout, long examples1, long examples2, GroupMethod? forced, bool useRules)
    {
        int size = Elements.Size(model.Program);
        OutputRows rows1 = layout.Rows1, rows2 = layout.Rows2;
        double pairs = layout.DiagonalExamples ? examples1 : (double)examples1 * examples2;
        double crossed = (double)rows1.Diagonal * rows1.Full * rows2.Full, rows = rows1.Count;
        var groups = new List<GroupPlan>();
        foreach (ParameterGroup group in model.Groups)
        {
            double scalars = group.Parameters.Sum(p => (double)model.Program.Variables[model.Program.Parameters[p]].Type.Count);
            UseShape?[] uses = group.Roots.SelectMany(r => r.Meetings).Select(m => ShapeOf(model, m, useRules)).ToArray();
            double explicitFlops = 2 * pairs * crossed * rows1.Traced * scalars, explicitWork = 0;
            foreach (UseShape? use in uses)
            {
                double useCount = use is null ? scalars : use.IsLookup ? use.Positions * use.Outer * ElementwiseCost : use.Count * use.Positions;
                explicitFlops += 2 * (examples1 + examples2) * rows * useCount;
                explicitWork = Math.Max(explicitWork, use is null ? rows * scalars : (use.IsLookup ? 0 : use.Blocks * use.Positions * (double)use.Inner) + (2 * rows * use.Blocks * use.Positions * use.Outer));
            }
            explicitFlops += group.IsDirect ? 0 : 2 * (examples1 + examples2) * rows * scalars;
            GroupMethod method = GroupMethod.Explicit;
            double flops = explicitFlops, bytes = rows * scalars * size, work = explicitWork * size;
            if (forced != GroupMethod.Explicit && CanGram(group, uses))
            {
                UseShape first = uses[0]!;
                double positions = uses.Sum(u => (double)u!.Positions), squared = pairs * first.Blocks * positions * positions;
                double gramFlops = (2 * squared * (first.IsLookup ? 1 : first.Inner)) + (2 * squared * crossed * rows1.Traced * first.Outer) + (squared * crossed * ElementwiseCost);
                if (forced == GroupMethod.Gram || gramFlops < explicitFlops)
                {
                    method = GroupMethod.Gram;
                    flops = gramFlops;
                    bytes = size * ((first.IsLookup ? 2 * positions : first.Blocks * positions * first.Inner) + (rows * first.Blocks * positions * first.Outer));
                    work = 0;
                }
            }
            groups.Add(new GroupPlan(group, method, flops, bytes, work));
        }
        FuseShifts(model, groups);
        return new KernelPlan(groups, PassCost(model, layout, examples1 + examples2), PassMemory(model, rows1.Count, size));
    }

    // A shift added to a product has the product's cotangent: its contraction is one more column of the activation.
    private static void FuseShifts(TracedModel model, List<GroupPlan> groups)
    {
        Program program = model.Program;
        Dictionary<int, int> consumers = program.Equations.SelectMany(e => e.Operands).Concat(program.Outputs).GroupBy(v => v).ToDictionary(v => v.Key, v => v.Count());
        Dictionary<int, int> products = [];
        for (int g = 0; g < groups.Count; g++)
        {
            if (groups[g] is { Method: GroupMethod.Gram, Group.Roots: [{ Meetings: [{ Operand: 1 } only] }] } && program.Equations[only.Equation] is { Primitive: DotGeneral dot } product &&
                dot.BatchAxes(1).Length == 0 && consumers[product.Output] == 1)
            {
                products.Add(product.Output, g);
            }
        }
        for (int g = 0; g < groups.Count; g++)
        {
            if (groups[g].Group is not { IsDirect: true, Roots: [{ Meetings: [{ Equation: >= 0 } only] } root] } || program.Equations[only.Equation] is not { Primitive.Name: "add" } sum ||
                !products.TryGetValue(sum.Operands[1 - only.Operand], out int at) || groups[at].Group.Shift is not null)
            {
                continue;
            }
            long[] shift = program.Variables[root.Variable].Type.Shape;
            Meeting meeting = groups[at].Group.Roots[0].Meetings[0];
            Equation dot = program.Equations[meeting.Equation];
            TensorType kernel = program.Variables[dot.Operands[1]].Type;
            long[] own = ((DotGeneral)dot.Primitive).Free(1, kernel.Rank).Select(a => kernel.Shape[a]).ToArray();
            long[] bare = shift.SkipWhile(d => d == 1).ToArray();
            if (bare.AsSpan().SequenceEqual(own.SkipWhile(d => d == 1).ToArray()) && program.Variables[sum.Output].Type.Same(program.Variables[dot.Output].Type))
            {
                groups[at] = groups[at] with { Group = groups[at].Group with { Shift = g } };
                groups[g] = groups[g] with { Method = GroupMethod.Fused, Flops = 0, TermBytes = 0, WorkBytes = 0 };
            }
        }
    }

    private static bool CanGram(ParameterGroup group, UseShape?[] uses) => group.IsDirect && uses.All(u => u is not null && uses[0] is { } first &&
        u.Blocks == first.Blocks && u.Inner == first.Inner && u.Outer == first.Outer && u.IsLookup == first.IsLookup);

    private static UseShape? ShapeOf(TracedModel model, Meeting meeting, bool useRules)
    {
        if (meeting.Equation < 0 || !useRules)
        {
            return null;
        }
        Equation equation = model.Program.Equations[meeting.Equation];
        return StructureRule.For(equation.Primitive, meeting.Operand)?.Shape(equation.Primitive, meeting.Operand, model.Program.OperandTypes(equation),
            model.Program.Variables[equation.Output].Type, Array.ConvertAll(equation.Operands, model.AxisOf), model.AxisOf(equation.Output), model.Examples);
    }

    // A forward pass, and a pull-back of every row through each equation that carries derivatives.
    private static double PassCost(TracedModel model, KernelLayout layout, long examples)
    {
        double flops = 0;
        foreach (Equation equation in model.Program.Equations)
        {
            if (!model.Carries(equation.Output))
            {
                continue;
            }
            double own = equation.Primitive.Flops(model.Program.OperandTypes(equation), model.Program.Variables[equation.Output].Type);
            int pulled = model.Program.Variables[equation.Output].Active ? equation.Operands.Count(o => model.Program.Variables[o].Active && model.Carries(o)) : 0;
            flops += own * (1 + (pulled * (double)layout.Rows1.Count));
        }
        return flops * examples / model.Examples;
    }

    // What the forward pass keeps for the reverse pass, and the most that cotangents take at once.
    private static double PassMemory(TracedModel model, long rows, int size)
    {
        Program program = model.Program;
        int[] reads = model.ReverseReads();
        double kept = 0, widest = 0;
        for (int v = 0; v < reads.Length; v++)
        {
            kept += reads[v] >= 0 && model.Carries(v) ? program.Variables[v].Type.Count : 0;
        }
        var live = new HashSet<int>(program.Outputs);
        double held = program.Outputs.Sum(o => (double)program.Variables[o].Type.Count);
        for (int e = program.Equations.Length - 1; e >= 0; e--)
        {
            Equation equation = program.Equations[e];
            if (!live.Contains(equation.Output))
            {
                continue;
            }
            for (int i = 0; i < equation.Operands.Length; i++)
            {
                int o = equation.Operands[i];
                if (program.Variables[o].Active && model.Carries(o) && equation.Primitive.IsDifferentiable(i) && live.Add(o))
                {
                    held += program.Variables[o].Type.Count;
                }
            }
            widest = Math.Max(widest, held + program.Variables[equation.Output].Type.Count);
            live.Remove(equation.Output);
            held -= program.Variables[equation.Output].Type.Count;
        }
        return (kept + (rows * widest)) * size / model.Examples;
    }
}

/// <summary>Element sizes.</summary>
internal static class Elements
{
    /// <summary>Bytes of one floating-point element of a program.</summary>
    public static int Size(Program program) => program.Variables.Any(v => v.Type.DType == TorchSharp.torch.ScalarType.Float64) ? 8 : 4;
}
