using System.Globalization;
using System.Text;

namespace Ntk;

public sealed unsafe partial class NtkTensor
{
    // NumPy's repr: three elements at each end of a long axis; it lists up to a thousand elements, which is more than a prompt wants.
    private const int Edge = 3;
    private const int SmallEnough = 100;

    /// <summary>Name, element type and shape, and a corner of the values: <c>kernel float32 (5, 20)</c> and, below, lines like NumPy's.</summary>
    public override string ToString()
    {
        if (_disposed != 0)
        {
            return $"{Describe()} (disposed)";
        }
        if (Rank == 0)
        {
            return $"{Describe()} {Text(ElementAt(0))}";
        }
        if (Count == 0)
        {
            return $"{Describe()} []";
        }
        var cells = new List<string>();
        Collect(0, 0, cells);
        int width = cells.Max(cell => cell.Length);
        var text = new StringBuilder(Describe()).Append('\n');
        int next = 0;
        Append(text, 0, cells, ref next, width);
        return text.ToString();
    }

    /// <summary>Name, element type and shape in one line.</summary>
    public string Describe() => $"{(string.IsNullOrEmpty(Name) ? "" : $"{Name} ")}{DType.NumPyName()} {NtkShape.Format(Shape)}";

    /// <summary>The first and last elements of a row in one line.</summary>
    internal string RowText(long row)
    {
        long length = RowLength;
        var parts = new List<string>();
        for (long column = 0; column < length; column++)
        {
            if (length > 2 * Edge + 2 && column == Edge)
            {
                parts.Add("…");
                column = length - Edge;
            }
            parts.Add(Text(ElementAt((row * length) + column)));
        }
        return string.Join(' ', parts);
    }

    private bool Elides(int axis) => Count > SmallEnough && Shape[axis] > 2 * Edge;

    private IEnumerable<long> Shown(int axis) => Elides(axis)
        ? [0, 1, 2, -1, Shape[axis] - 3, Shape[axis] - 2, Shape[axis] - 1]
        : Enumerable.Range(0, Shape[axis]).Select(i => (long)i);

    private void Collect(int axis, long position, List<string> cells)
    {
        foreach (long i in Shown(axis))
        {
            long at = (position * Shape[axis]) + i;
            if (i < 0)
            {
                continue;
            }
            if (axis == Rank - 1)
            {
                cells.Add(Text(ElementAt(at)));
            }
            else
            {
                Collect(axis + 1, at, cells);
            }
        }
    }

    private void Append(StringBuilder text, int axis, List<string> cells, ref int next, int width)
    {
        text.Append('[');
        bool first = true;
        foreach (long i in Shown(axis))
        {
            if (!first)
            {
                text.Append(axis == Rank - 1 ? " " : "\n" + new string(' ', axis + 1));
            }
            first = false;
            if (i < 0)
            {
                text.Append('…');
            }
            else if (axis == Rank - 1)
            {
                text.Append(cells[next++].PadLeft(width));
            }
            else
            {
                Append(text, axis + 1, cells, ref next, width);
            }
        }
        text.Append(']');
    }

    private static string Text(object element) => element switch
    {
        float value => value.ToString("G6", CultureInfo.InvariantCulture),
        double value => value.ToString("G8", CultureInfo.InvariantCulture),
        Half value => value.ToString("G4", CultureInfo.InvariantCulture),
        IFormattable value => value.ToString(null, CultureInfo.InvariantCulture),
        _ => element.ToString() ?? "",
    };
}

public sealed partial class NtkTensorRow
{
    /// <summary>The elements, or the first and the last of many.</summary>
    public override string ToString() => Source.RowText(Index);
}
