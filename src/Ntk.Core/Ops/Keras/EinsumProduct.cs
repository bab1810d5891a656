using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>Two-operand einsum as one general product: the axes that both have are batch or contracted axes of it.</summary>
internal static class EinsumProduct
{
    /// <summary>Evaluates an equation such as <c>abc,cde-&gt;abde</c>; <c>...</c> stands for the axes not named.</summary>
    /// <exception cref="ShapeException">The equation does not fit, or sums an axis that only one operand has.</exception>
    public static Value Apply(string equation, Value x, Value y)
    {
        string[] sides = equation.Replace(" ", "", StringComparison.Ordinal).Split("->");
        string[] operands = sides[0].Split(',');
        if (sides.Length != 2 || operands.Length != 2)
        {
            throw new ShapeException($"einsum equation '{equation}' is not of the form 'ab,bc->ac'");
        }
        string left = Expand(operands[0], x.Rank, equation), right = Expand(operands[1], y.Rank, equation), output = sides[1];
        if (output.Contains("...", StringComparison.Ordinal))
        {
            string hidden = string.Concat((left + right).Where(char.IsDigit).Distinct().Order());
            output = output.Replace("...", hidden, StringComparison.Ordinal);
        }
        x = SumUnused(x, ref left, right + output);
        y = SumUnused(y, ref right, left + output);
        char[] shared = left.Where(right.Contains).ToArray();
        char[] batch = shared.Where(output.Contains).ToArray(), contracted = shared.Except(batch).ToArray();
        int[] Places(string of, char[] labels) => Array.ConvertAll(labels, l => of.IndexOf(l));
        Value product = Lax.DotGeneral(x, y, Places(left, contracted), Places(right, contracted), Places(left, batch), Places(right, batch));
        string labels = string.Concat(batch) + string.Concat(left.Except(shared)) + string.Concat(right.Except(shared));
        return labels.Length == output.Length && output.All(labels.Contains)
            ? Lax.Transpose(product, output.Select(l => labels.IndexOf(l)).ToArray())
            : throw new ShapeException($"einsum equation '{equation}' repeats or invents an axis");
    }

    // The axes behind "..." get digits, counted from the last one so that both operands' agree.
    private static string Expand(string labels, int rank, string equation)
    {
        int named = labels.Replace("...", "", StringComparison.Ordinal).Length, hidden = rank - named;
        bool dots = named < labels.Length;
        if (hidden < 0 || (hidden > 0 && !dots) || hidden > 10 || labels.Replace("...", "", StringComparison.Ordinal).Distinct().Count() != named)
        {
            throw new ShapeException($"einsum equation '{equation}' does not fit an operand of rank {rank}");
        }
        return labels.Replace("...", string.Concat(Enumerable.Range(10 - hidden, hidden).Select(d => (char)('0' + d))), StringComparison.Ordinal);
    }

    private static Value SumUnused(Value x, ref string labels, string used)
    {
        string all = labels;
        long[] unused = Enumerable.Range(0, all.Length).Where(i => !used.Contains(all[i])).Select(i => (long)i).ToArray();
        labels = string.Concat(all.Where(used.Contains));
        return unused.Length == 0 ? x : Lax.Sum(x, unused);
    }
}
