using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Einsum of any number of operands, with ellipses and repeated labels, as products of pairs.</summary>
internal static class EinsumOp
{
    // Axes that an ellipsis stands for get labels of their own, counted from the last one back.
    private const char EllipsisBase = '\u0100';

    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } = [new("Einsum", c => Einsum(c.Text("equation", ""), c.Values()))];

    /// <summary>The sum of products that <paramref name="equation"/> describes.</summary>
    public static Value Einsum(string equation, Value[] operands)
    {
        string[] sides = equation.Replace(" ", "", StringComparison.Ordinal).Split("->");
        string[] inputs = sides[0].Split(',');
        if (inputs.Length != operands.Length || sides.Length != 2)
        {
            throw new ShapeException($"the equation '{equation}' for {operands.Length} operands");
        }
        int ellipsis = 0;
        var terms = new List<(Value Value, List<char> Labels)>();
        var sizes = new Dictionary<char, long>();
        for (int i = 0; i < inputs.Length; i++)
        {
            int extra = operands[i].Rank - inputs[i].Replace("...", "", StringComparison.Ordinal).Length;
            if (extra < 0 || (extra > 0 && !inputs[i].Contains("...", StringComparison.Ordinal)))
            {
                throw new ShapeException($"'{inputs[i]}' in '{equation}' does not fit an operand of shape {Shapes.Format(operands[i].Shape)}");
            }
            ellipsis = Math.Max(ellipsis, extra);
            (Value value, List<char> labels) = Diagonal(operands[i], Expand(inputs[i], extra));
            for (int a = 0; a < labels.Count; a++)
            {
                long size = value.Shape[a], known = sizes.GetValueOrDefault(labels[a], 1);
                if (size != known && size != 1 && known != 1)
                {
                    throw new ShapeException($"the label '{labels[a]}' of '{equation}' has the sizes {known} and {size}");
                }
                sizes[labels[a]] = known == 1 ? size : known;
            }
            terms.Add((value, labels));
        }
        List<char> output = Expand(sides[1], sides[1].Contains("...", StringComparison.Ordinal) ? ellipsis : 0);
        // Labels of size one in one operand and more in another broadcast (ellipses may).
        for (int i = 0; i < terms.Count; i++)
        {
            (Value value, List<char> labels) = terms[i];
            terms[i] = (Lax.BroadcastTo(value, labels.Select(l => sizes[l]).ToArray()), labels);
        }
        (Value Value, List<char> Labels) result = terms[0];
        if (terms.Count == 1)
        {
            result = SumOut(result, output);
        }
        for (int i = 1; i < terms.Count; i++)
        {
            HashSet<char> needed = [.. output, .. terms.Skip(i + 1).SelectMany(t => t.Labels)];
            result = Multiply(result, terms[i], needed);
        }
        int[] order = output.Select(l => result.Labels.IndexOf(l)).ToArray();
        return order.Contains(-1) ? throw new ShapeException($"'{equation}' has an output label that no operand has") : Lax.Transpose(result.Value, order);
    }

    private static List<char> Expand(string labels, int extra)
    {
        int at = labels.IndexOf("...", StringComparison.Ordinal);
        return at < 0 ? [.. labels] : [.. labels[..at], .. Enumerable.Range(0, extra).Select(i => (char)(EllipsisBase + extra - i)), .. labels[(at + 3)..]];
    }

    // A label that one operand repeats: the elements where those axes agree.
    private static (Value, List<char>) Diagonal(Value x, List<char> labels)
    {
        while (labels.Select((l, i) => (l, i)).FirstOrDefault(p => labels.IndexOf(p.l) < p.i) is { i: > 0 } repeated)
        {
            int first = labels.IndexOf(repeated.l), second = repeated.i;
            long size = x.Shape[first];
            if (x.Shape[second] != size)
            {
                throw new ShapeException($"the repeated label '{repeated.l}' has the sizes {size} and {x.Shape[second]}");
            }
            Value joined = Lax.MoveAxis(Lax.MoveAxis(x, second, -1), first, -2);
            Value flat = Lax.Reshape(joined, [.. joined.Shape[..^2], size * size]);
            Value diagonal = Lax.Gather(flat, x.Trace.Integers(Enumerable.Range(0, (int)size).Select(i => i * (size + 1)).ToArray()), -1);
            labels = [.. labels.Where((_, i) => i != first && i != second), repeated.l];
            x = diagonal;
        }
        return (x, labels);
    }

    private static (Value, List<char>) SumOut((Value Value, List<char> Labels) term, ICollection<char> needed)
    {
        long[] axes = term.Labels.Select((l, i) => (l, i)).Where(p => !needed.Contains(p.l)).Select(p => (long)p.i).ToArray();
        return axes.Length == 0 ? term : (Lax.Sum(term.Value, axes), term.Labels.Where(needed.Contains).ToList());
    }

    private static (Value, List<char>) Multiply((Value Value, List<char> Labels) x, (Value Value, List<char> Labels) y, HashSet<char> needed)
    {
        x = SumOut(x, [.. needed, .. y.Labels]);
        y = SumOut(y, [.. needed, .. x.Labels]);
        char[] common = x.Labels.Intersect(y.Labels).ToArray();
        char[] batch = common.Where(needed.Contains).ToArray(), contracted = common.Where(l => !needed.Contains(l)).ToArray();
        Value product = Lax.DotGeneral(x.Value, y.Value, Places(contracted, x.Labels), Places(contracted, y.Labels), Places(batch, x.Labels), Places(batch, y.Labels));
        return (product, [.. batch, .. x.Labels.Except(common), .. y.Labels.Except(common)]);
    }

    private static int[] Places(char[] labels, List<char> axes) => Array.ConvertAll(labels, l => axes.IndexOf(l));
}
