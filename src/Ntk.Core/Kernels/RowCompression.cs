using Ntk.Core.Autodiff;

namespace Ntk.Core.Kernels;

/// <summary>
/// Where a pass goes on with fewer rows. A kernel whose rows are all summed over depends on them only through CᵀC, C (K, U) being the rows at a variable
/// that all cotangents pass and that all examples share them at: where K is larger than U, the U rows of a factor R with RᵀR = CᵀC do the same. So a network of
/// 1000 outputs and 512 units before them pulls back 512 rows.
/// </summary>
/// <param name="Rows">For each variable how many rows its cotangent has when it is pulled on.</param>
/// <param name="At">The variables whose rows are replaced.</param>
/// <param name="Flops">Operations of finding the factors.</param>
internal sealed record RowCompression(long[] Rows, IReadOnlySet<int> At, double Flops)
{
    // Factors are computed in float64, and once.
    private const double FactorCost = 4;

    /// <summary>All rows everywhere.</summary>
    public static RowCompression None(TracedModel model, long rows)
    {
        var all = new long[model.Program.Variables.Length];
        Array.Fill(all, rows);
        return new RowCompression(all, new HashSet<int>(), 0);
    }

    /// <summary>Compresses where that takes less than it spares.</summary>
    /// <param name="model">The traced model.</param>
    /// <param name="rows">The output's rows.</param>
    /// <param name="forms">The cotangents' forms.</param>
    /// <param name="examples">How many examples pass.</param>
    public static RowCompression Of(TracedModel model, OutputRows rows, CotangentForm[] forms, double examples)
    {
        RowCompression compression = None(model, rows.Count);
        if (model.Unit is not { } unit || rows.Diagonal * rows.Full > 1)
        {
            return compression;
        }
        Program program = model.Program;
        double[] below = FlopsBelow(model, forms);
        var at = new HashSet<int>();
        var live = new HashSet<int> { model.Output };
        long current = rows.Count;
        double flops = 0;
        for (int e = program.Equations.Length - 1; e >= 0; e--)
        {
            Equation equation = program.Equations[e];
            int output = equation.Output;
            if (!live.Remove(output))
            {
                continue;
            }
            long units = unit.Variables[output].Type.Count;
            double cost = 2.0 * current * units * units;
            bool pays = current > units && (current - units) * examples * below[e] > FactorCost * cost;
            if (pays && units > 0 && live.Count == 0 && forms[output] == CotangentForm.Shared && !program.Variables[output].Type.DType.IsComplex() && !model.Groups.Any(g => Straddles(g, e)))
            {
                at.Add(output);
                current = units;
                flops += cost;
            }
            compression.Rows[output] = current;
            for (int i = 0; i < equation.Operands.Length; i++)
            {
                if (model.PullsTo(equation, i))
                {
                    live.Add(equation.Operands[i]);
                }
            }
        }
        return compression with { At = at, Flops = flops };
    }

    // What pulling one row of one example back through an equation and those before it takes.
    private static double[] FlopsBelow(TracedModel model, CotangentForm[] forms)
    {
        Program program = model.Program;
        var below = new double[program.Equations.Length];
        double sum = 0;
        for (int e = 0; e < below.Length; e++)
        {
            Equation equation = program.Equations[e];
            for (int i = 0; forms[equation.Output] != CotangentForm.None && i < equation.Operands.Length; i++)
            {
                if (model.PullsTo(equation, i) && CotangentForms.Pulled(model, equation, i, forms[equation.Output]) == CotangentForm.Full)
                {
                    sum += equation.Primitive.Flops(program.OperandTypes(equation), program.Variables[equation.Output].Type) / model.Examples;
                }
            }
            below[e] = sum;
        }
        return below;
    }

    // A parameter that is met above and below would have its rows of both kinds added up.
    private static bool Straddles(ParameterGroup group, int equation)
    {
        Meeting[] meetings = group.Roots.SelectMany(r => r.Meetings).ToArray();
        return meetings.Any(m => m.Equation < 0 || m.Equation > equation) && meetings.Any(m => m.Equation >= 0 && m.Equation <= equation);
    }
}
