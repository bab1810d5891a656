using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using Ntk.Core.Kernels.Structure;

namespace Ntk.Core.Kernels;

/// <summary>How one group of parameters is computed, and what that costs.</summary>
/// <param name="Group">The group.</param>
/// <param name="Method">The form of its terms.</param>
/// <param name="UseFlops">Counted operations of making its terms.</param>
/// <param name="PairFlops">Counted operations of contracting them, for each pair of examples.</param>
/// <param name="TermBytes">Bytes of its term, an example.</param>
/// <param name="WorkBytes">Bytes that making the term takes beside it, an example.</param>
internal sealed record GroupPlan(ParameterGroup Group, GroupMethod Method, double UseFlops, double PairFlops, double TermBytes, double WorkBytes);

/// <summary>What a kernel costs, counted before it is computed.</summary>
/// <param name="Groups">The groups of parameters.</param>
/// <param name="PassFlops">Operations of forward and reverse passes over all examples.</param>
/// <param name="PassBytes">Bytes that a pass holds, an example.</param>
/// <param name="SharedBytes">Bytes that it holds beside them, however many examples share it.</param>
/// <param name="ParameterBytes">Bytes of the parameters that a pass reads.</param>
/// <param name="ElementBytes">Bytes of an element.</param>
/// <param name="Equations">How many equations a pass goes through.</param>
/// <param name="Pairs">Pairs of examples that are contracted.</param>
/// <param name="StepFlops">The most operations that one equation's pull-back takes, an example.</param>
/// <param name="Compression">Where the passes go on with fewer rows.</param>
internal sealed record KernelPlan(IReadOnlyList<GroupPlan> Groups, double PassFlops, double PassBytes, double SharedBytes, double ParameterBytes, int ElementBytes, int Equations, double Pairs, double StepFlops,
    RowCompression Compression)
{
    // An elementwise operation waits for memory: it takes about as long as so many of a matrix product's.
    private const double ElementwiseCost = 12;
    // Jacobians that all together take less are as well written out whole.
    private const double AmpleBytes = 64 << 20;
    // Some 60 µs of a processor.
    private const double SmallFlops = 2e6;

    /// <summary>All counted operations.</summary>
    public double Flops => PassFlops + Groups.Sum(FlopsOf);

    /// <summary>Counted operations of a group's terms and of contracting them.</summary>
    public double FlopsOf(GroupPlan group) => group.UseFlops + (Pairs * group.PairFlops);

    /// <summary>Whether its operations are so small that a second thread is woken longer than it works.</summary>
    public bool IsSmall => Flops < SmallFlops * Equations;

    /// <summary>Whether Jacobians are written out by rows: each time that blocks meet.</summary>
    public bool WritesByRows => Groups.Any(g => g.Method == GroupMethod.ByRows);

    /// <summary>Bytes of all terms, an example.</summary>
    public double TermBytes => Groups.Sum(g => g.TermBytes);

    /// <summary>Bytes that a pass takes with the work of making terms, an example.</summary>
    public double ExampleBytes => PassBytes + (Groups.Count == 0 ? 0 : Groups.Max(g => g.WorkBytes));

    /// <summary>Bytes that contracting takes for each pair of examples: a product, its sum and its arrangement.</summary>
    public double PairBytes(KernelLayout layout) => 3.0 * ElementBytes * layout.Rows1.Diagonal * layout.Rows1.Full * layout.Rows2.Full;

    /// <summary>Counts, and chooses for each group what costs least, unless told what to use.</summary>
    /// <param name="model">The traced model.</param>
    /// <param name="layout">The kernel's layout.</param>
    /// <param name="examples1">N1.</param>
    /// <param name="examples2">N2; 0 for x1 with itself.</param>
    /// <param name="forced">The form that groups with a structure rule take; null for the cheaper.</param>
    /// <param name="useRules">Whether structure rules may be used at all.</param>
    /// <param name="compresses">Whether fewer rows may stand for all of them.</param>
    /// <param name="shares">The kernels asked for: what goes to different ones is not contracted together.</param>
    public static KernelPlan Make(TracedModel model, KernelLayout layout, long examples1, long examples2, GroupMethod? forced, bool useRules, bool compresses, KernelShares shares)
    {
        int size = model.Program.ElementBytes;
        OutputRows rows1 = layout.Rows1, rows2 = layout.Rows2;
        double examples = examples1 + examples2, pairs = layout.DiagonalExamples ? examples1 : (double)examples1 * (examples2 == 0 ? examples1 : examples2);
        double crossed = (double)rows1.Diagonal * rows1.Full * rows2.Full;
        bool isTraced = rows1.Diagonal * rows1.Full == 1;
        CotangentForm[] forms = CotangentForms.Of(model);
        RowCompression compression = compresses && rows2.Full == 1 ? RowCompression.Of(model, rows1, forms, examples) : RowCompression.None(model, rows1.Count);
        var groups = new List<GroupPlan>();
        foreach (ParameterGroup group in model.Groups)
        {
            double scalars = group.Parameters.Sum(p => (double)model.Program.Variables[model.Program.Parameters[p]].Type.Count);
            Meeting[] meetings = group.Roots.SelectMany(r => r.Meetings).ToArray();
            UseShape?[] uses = Array.ConvertAll(meetings, m => ShapeOf(model, m, useRules));
            double rows = meetings[0].Equation < 0 ? rows1.Count : compression.Rows[model.Program.Equations[meetings[0].Equation].Output], traced = rows / (rows1.Diagonal * rows1.Full);
            double perPair = 2 * crossed * traced * scalars, perExample = group.IsDirect ? 0 : 2 * rows * scalars, work = 0;
            foreach (UseShape? use in uses)
            {
                double useCount = use is null ? scalars : use.IsLookup ? use.Positions * use.Outer * ElementwiseCost : use.Count * use.Positions;
                perExample += 2 * rows * useCount;
                work = Math.Max(work, use is null ? rows * scalars : (use.IsLookup ? 0 : use.Blocks * use.Positions * (double)use.Inner) + (2 * rows * use.Blocks * use.Positions * use.Outer));
            }
            var written = new GroupPlan(group, GroupMethod.Explicit, examples * perExample, perPair, rows * scalars * size, work * size);
            CotangentForm form = uses.Length == 1 && meetings[0].Equation >= 0 ? forms[model.Program.Equations[meetings[0].Equation].Output] : CotangentForm.Full;
            if (forced == GroupMethod.Explicit || !CanGram(group, uses))
            {
                groups.Add(written);
                continue;
            }
            UseShape first = uses[0]!;
            double positions = uses.Sum(u => (double)u!.Positions), squared = first.Blocks * positions * positions;
            if (compresses && isTraced && !layout.DiagonalExamples && form == CotangentForm.Full && !first.IsLookup && examples * written.TermBytes > AmpleBytes)
            {
                // Of the Jacobian a row is there at a time.
                double factors = size * (uses.Sum(u => (double)u!.FactorCount((long)rows)) + scalars);
                written = factors < written.TermBytes / 2 ? written with { Method = GroupMethod.ByRows, TermBytes = factors } : written;
            }
            // Where examples share their cotangents, or differ by masks alone, the rows need not meet for each pair.
            double cotangents = form switch
            {
                CotangentForm.Shared => 0,
                CotangentForm.Masked when TermCollector.TakesMasks(model.Program, group, isTraced, meetings[0].Equation) => 2 * squared * first.Outer,
                _ => 2 * squared * crossed * traced * first.Outer,
            };
            double inner = first.IsLookup ? 1 : first.Inner, bytes = first.IsLookup ? 2 * positions : first.Blocks * positions * first.Inner;
            double outer = form == CotangentForm.Shared ? 0 : (cotangents < 2 * squared * rows ? 1 : rows) * first.Blocks * positions * first.Outer;
            double perGram = (2 * squared * inner) + cotangents + (squared * crossed * ElementwiseCost);
            if (form == CotangentForm.Shared && isTraced && !layout.DiagonalExamples && first is { Positions: > 1, IsLookup: false })
            {
                // One side's activations meet the shared rows once for each block of the other's.
                double opposite = Math.Clamp(Math.Max(examples1, examples2), 1, KernelTiling.MostBlock);
                perGram = (2 * first.Blocks * positions * inner) + (first.SharedFlops(rows * first.Outer, Math.Max(1, pairs / opposite)) / opposite);
            }
            var gram = new GroupPlan(group, GroupMethod.Gram, 0, perGram, size * (bytes + outer), 0);
            groups.Add(forced == GroupMethod.Gram || gram.UseFlops + (pairs * gram.PairFlops) < written.UseFlops + (pairs * written.PairFlops) ? gram : written);
        }
        FuseShifts(model, groups, shares);
        (double passBytes, double sharedBytes) = PassMemory(model, compression, forms, size);
        return new KernelPlan(groups, PassCost(model, compression, examples, forms), passBytes, sharedBytes,
            size * model.Program.Parameters.Sum(p => (double)model.Program.Variables[p].Type.Count), size, model.Program.Equations.Length, pairs, LongestStep(model, compression), compression);
    }

    /// <summary>Counts a product with vectors: each group's term meets directions of the parameters, in factors where that takes less than writing the Jacobian out.</summary>
    /// <param name="model">The traced model.</param>
    /// <param name="layout">The kernel's layout.</param>
    /// <param name="examples">N1 + N2.</param>
    /// <param name="vectors">V.</param>
    /// <param name="useRules">Whether structure rules may be used at all.</param>
    /// <param name="useFactors">Whether terms may stay in factors.</param>
    /// <param name="shares">The kernels asked for.</param>
    public static KernelPlan ForVectors(TracedModel model, KernelLayout layout, long examples, long vectors, bool useRules, bool useFactors, KernelShares shares)
    {
        // A Jacobian's element is written and read again, which takes as long as so many operations of a product.
        const double ElementCost = 40;
        KernelPlan plan = Make(model, layout, examples, 0, GroupMethod.Explicit, useRules, compresses: false, shares) with { Pairs = 0 };
        double rows = layout.Rows1.Count, met = 2 * vectors * rows;
        return plan with { Groups = [.. plan.Groups.Select(Chosen)] };

        GroupPlan Chosen(GroupPlan group)
        {
            UseShape?[] uses = Array.ConvertAll(group.Group.Roots.SelectMany(r => r.Meetings).ToArray(), m => ShapeOf(model, m, useRules));
            double scalars = group.TermBytes / rows / plan.ElementBytes, positions = uses.Sum(u => (double)(u?.Positions ?? 0));
            bool lookup = uses is [{ IsLookup: true }, ..];
            // Of a table the rows looked up alone, of other parameters all at each position.
            double perScalar = lookup ? positions / Math.Max(1, uses[0]!.Inner) : positions;
            if (!useFactors || !CanGram(group.Group, uses) || met * perScalar > (2 * rows * perScalar) + met + (ElementCost * rows))
            {
                return group with { UseFlops = group.UseFlops + (examples * met * scalars) };
            }
            UseShape first = uses[0]!;
            double outer = first.Blocks * positions * first.Outer, inner = lookup ? 2 * positions : first.Blocks * positions * first.Inner;
            return new GroupPlan(group.Group, GroupMethod.Gram, examples * met * scalars * perScalar, 0, plan.ElementBytes * (inner + (rows * outer)), plan.ElementBytes * vectors * rows * outer);
        }
    }

    // A shift added to a product has the product's cotangent: its contraction is one more column of the activation.
    private static void FuseShifts(TracedModel model, List<GroupPlan> groups, KernelShares shares)
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
                !products.TryGetValue(sum.Operands[1 - only.Operand], out int at) || groups[at].Group.Shift is not null ||
                shares.OfParameter[groups[g].Group.Parameters[0]] != shares.OfParameter[groups[at].Group.Parameters[0]])
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
                groups[g] = groups[g] with { Method = GroupMethod.Fused, UseFlops = 0, PairFlops = 0, TermBytes = 0, WorkBytes = 0 };
            }
        }
    }

    private static bool CanGram(ParameterGroup group, UseShape?[] uses) => group.IsDirect && uses.All(u => u is not null && uses[0] is { } first &&
        u.Blocks == first.Blocks && u.Inner == first.Inner && u.Outer == first.Outer && u.Order == first.Order && u.IsLookup == first.IsLookup);

    private static UseShape? ShapeOf(TracedModel model, Meeting meeting, bool useRules)
    {
        if (meeting.Equation < 0 || !useRules)
        {
            return null;
        }
        Equation equation = model.Program.Equations[meeting.Equation];
        TensorType output = model.Program.Variables[equation.Output].Type;
        return StructureRule.For(equation.Primitive, meeting.Operand, output)?.Shape(equation.Primitive, meeting.Operand, model.Program.OperandTypes(equation),
            output, Array.ConvertAll(equation.Operands, model.AxisOf), model.AxisOf(equation.Output), model.Examples);
    }

    // A forward pass, and a pull-back of every row through each equation that carries derivatives: once where examples share it, and for masks without the rows.
    private static double PassCost(TracedModel model, RowCompression compression, double examples, CotangentForm[] forms)
    {
        double each = 0, once = compression.Flops * model.Examples;
        foreach (Equation equation in model.Program.Equations)
        {
            if (!model.Carries(equation.Output))
            {
                continue;
            }
            double own = equation.Primitive.Flops(model.Program.OperandTypes(equation), model.Program.Variables[equation.Output].Type);
            each += own;
            CotangentForm form = forms[equation.Output];
            for (int i = 0; form != CotangentForm.None && i < equation.Operands.Length; i++)
            {
                if (!model.PullsTo(equation, i))
                {
                    continue;
                }
                long rows = compression.Rows[equation.Output];
                switch (CotangentForms.Pulled(model, equation, i, form))
                {
                    case CotangentForm.Shared:
                        once += own * rows;
                        break;
                    case CotangentForm.Masked:
                        each += own;
                        break;
                    default:
                        each += own * rows;
                        break;
                }
            }
        }
        return ((each * examples) + once) / model.Examples;
    }

    private static double LongestStep(TracedModel model, RowCompression compression) =>
        model.Program.Equations.Select(e => compression.Rows[e.Output] * e.Primitive.Flops(model.Program.OperandTypes(e), model.Program.Variables[e.Output].Type)).DefaultIfEmpty().Max() / model.Examples;

    // What the forward pass keeps for the reverse pass, and the most that cotangents take at once: of each example, and what all share.
    private static (double Example, double Shared) PassMemory(TracedModel model, RowCompression compression, CotangentForm[] forms, int size)
    {
        Program program = model.Program;
        int[] reads = model.ReverseReads();
        double kept = 0;
        for (int v = 0; v < reads.Length; v++)
        {
            kept += reads[v] >= 0 && model.Carries(v) ? program.Variables[v].Type.Count : 0;
        }
        // Elements of each live cotangent, as it arrives.
        var live = new Dictionary<int, (double Own, double Shared)>();
        (double own, double shared) held = (0, 0), widest = (0, 0);
        void Add(int variable, double rows)
        {
            double count = program.Variables[variable].Type.Count;
            (double own, double shared) elements = forms[variable] switch
            {
                CotangentForm.Shared => (0, rows * count / model.Examples),
                CotangentForm.Masked => (count, rows * count / model.Examples),
                _ => (rows * count, 0),
            };
            if (live.TryAdd(variable, elements))
            {
                held = (held.own + elements.own, held.shared + elements.shared);
            }
        }
        foreach (int o in program.Outputs)
        {
            Add(o, compression.Rows[o]);
        }
        for (int e = program.Equations.Length - 1; e >= 0; e--)
        {
            Equation equation = program.Equations[e];
            if (!live.TryGetValue(equation.Output, out (double Own, double Shared) arrived))
            {
                continue;
            }
            // A masked cotangent is spread to all examples where it is pulled on in full.
            double spread = 0;
            for (int i = 0; i < equation.Operands.Length; i++)
            {
                int o = equation.Operands[i];
                if (model.PullsTo(equation, i))
                {
                    Add(o, compression.Rows[equation.Output]);
                    spread = forms[o] == CotangentForm.Full && forms[equation.Output] != CotangentForm.Full ? compression.Rows[equation.Output] * (double)program.Variables[equation.Output].Type.Count : spread;
                }
            }
            widest = (Math.Max(widest.own, held.own + arrived.Own + spread), Math.Max(widest.shared, held.shared + arrived.Shared));
            live.Remove(equation.Output);
            held = (held.own - arrived.Own, held.shared - arrived.Shared);
        }
        return ((kept + widest.own) * size / model.Examples, widest.shared * size);
    }
}
