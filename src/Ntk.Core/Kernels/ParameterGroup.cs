using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;

namespace Ntk.Core.Kernels;

/// <summary>A place where a root meets data.</summary>
/// <param name="Equation">The equation's index.</param>
/// <param name="Operand">Which operand the root is; −1 where the root is itself the output.</param>
internal readonly record struct Meeting(int Equation, int Operand);

/// <summary>A value of parameters alone that meets data.</summary>
/// <param name="Variable">The variable.</param>
/// <param name="Meetings">Where it does.</param>
internal sealed record Root(int Variable, IReadOnlyList<Meeting> Meetings);

/// <summary>
/// Parameters whose contributions cannot be told apart at the roots: those that reach the same root, and all roots they reach. Mostly one parameter,
/// its own root.
/// </summary>
/// <param name="Parameters">Positions in the program's list of parameters.</param>
/// <param name="Roots">The roots.</param>
/// <param name="IsDirect">Whether there is one parameter and one root with the same scalars, so that inner products at the root are those at the parameter.</param>
/// <param name="Shift">The position of the group that is added to this one's product (a dense layer's bias); null for none.</param>
internal sealed record ParameterGroup(IReadOnlyList<int> Parameters, IReadOnlyList<Root> Roots, bool IsDirect, int? Shift = null)
{
    /// <summary>The groups of a program, given which variables carry examples (or depend on data, where the batch is taken as one).</summary>
    public static IReadOnlyList<ParameterGroup> Find(Program program, Func<int, bool> batched)
    {
        var meetings = new Dictionary<int, List<Meeting>>();
        void Add(int root, Meeting meeting)
        {
            if (!meetings.TryGetValue(root, out List<Meeting>? list))
            {
                meetings.Add(root, list = []);
            }
            list.Add(meeting);
        }
        bool[] needed = Needed(program);
        for (int e = 0; e < program.Equations.Length; e++)
        {
            Equation equation = program.Equations[e];
            if (!batched(equation.Output) || !needed[equation.Output] || !program.Variables[equation.Output].Active)
            {
                continue;
            }
            for (int i = 0; i < equation.Operands.Length; i++)
            {
                int o = equation.Operands[i];
                if (program.Variables[o].Active && !batched(o) && equation.Primitive.IsDifferentiable(i))
                {
                    Add(o, new Meeting(e, i));
                }
            }
        }
        foreach (int output in program.Outputs.Where(o => program.Variables[o].Active && !batched(o)))
        {
            Add(output, new Meeting(-1, -1));
        }
        Equation?[] definitions = new Equation?[program.Variables.Length];
        foreach (Equation equation in program.Equations)
        {
            definitions[equation.Output] = equation;
        }
        Dictionary<int, int> position = program.Parameters.Select((v, i) => (v, i)).ToDictionary(p => p.v, p => p.i);
        // Roots and the parameters behind them, merged where they share one.
        var groups = new List<(HashSet<int> Parameters, List<Root> Roots)>();
        foreach ((int root, List<Meeting> places) in meetings.OrderBy(m => m.Key))
        {
            HashSet<int> parameters = Behind(program, definitions, root).Select(v => position[v]).ToHashSet();
            List<(HashSet<int> Parameters, List<Root> Roots)> touched = groups.Where(g => g.Parameters.Overlaps(parameters)).ToList();
            var merged = (Parameters: parameters, Roots: new List<Root> { new(root, places) });
            foreach ((HashSet<int> Parameters, List<Root> Roots) other in touched)
            {
                merged.Parameters.UnionWith(other.Parameters);
                merged.Roots.InsertRange(0, other.Roots);
                groups.Remove(other);
            }
            groups.Add(merged);
        }
        return groups.Select(g => new ParameterGroup(g.Parameters.Order().ToArray(), g.Roots, g.Roots.Count == 1 && g.Parameters.Count == 1 && IsIsometry(definitions, g.Roots[0].Variable)))
            .OrderBy(g => g.Parameters[0]).ToArray();
    }

    /// <summary>The active parameter variables that a value of parameters alone is computed from.</summary>
    private static IEnumerable<int> Behind(Program program, Equation?[] definitions, int variable)
    {
        var seen = new HashSet<int> { variable };
        var open = new Stack<int>([variable]);
        while (open.TryPop(out int next))
        {
            if (definitions[next] is not { } definition)
            {
                yield return next;
                continue;
            }
            for (int i = 0; i < definition.Operands.Length; i++)
            {
                int o = definition.Operands[i];
                if (program.Variables[o].Active && definition.Primitive.IsDifferentiable(i) && seen.Add(o))
                {
                    open.Push(o);
                }
            }
        }
    }

    // Reshapes and transposes keep every scalar once.
    private static bool IsIsometry(Equation?[] definitions, int variable)
    {
        while (definitions[variable] is { } definition)
        {
            if (definition.Primitive is not (Reshape or Transpose))
            {
                return false;
            }
            variable = definition.Operands[0];
        }
        return true;
    }

    // What a cotangent of the outputs reaches.
    private static bool[] Needed(Program program)
    {
        var needed = new bool[program.Variables.Length];
        foreach (int output in program.Outputs)
        {
            needed[output] = true;
        }
        for (int e = program.Equations.Length - 1; e >= 0; e--)
        {
            Equation equation = program.Equations[e];
            for (int i = 0; needed[equation.Output] && i < equation.Operands.Length; i++)
            {
                needed[equation.Operands[i]] |= equation.Primitive.IsDifferentiable(i);
            }
        }
        return needed;
    }
}
