using System.Globalization;
using System.Text;

namespace Ntk;

public sealed unsafe partial class NtkTensor
{
    // NumPy's repr shows three elements at each end of a long axis; a prompt wants that, and no more lines than it can show at once.
    private const int MostLines = 20;
    private const int MostColumns = 10;
    private const int Edge = 3;

    // How many indices of the axes before the last are shown at either end, from all to one alone.
    private static readonly (int First, int Last)[] Edges = [(int.MaxValue / 2, 0), (Edge, Edge), (2, 2), (1, 1), (1, 0)];

    /// <summary>Name, element type and shape, and a corner of the values: <c>kernel float32 (5, 20)</c> and, below, lines like NumPy's.</summary>
    public override string ToString()
    {
        if (IsDisposed)
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
        (int First, int Last) edge = Edges.FirstOrDefault(e => Lines(0, e) <= MostLines, Edges[^1]);
        var cells = new List<string>();
        Collect(0, 0, edge, cells);
        int width = cells.Max(cell => cell.Length);
        var text = new StringBuilder(Describe()).Append('\n');
        int next = 0;
        Append(text, 0, edge, cells, ref next, width);
        return text.ToString();
    }

    /// <summary>Name, element type and shape in one line.</summary>
    public string Describe() => $"{(string.IsNullOrEmpty(Name) ? "" : $"{Name} ")}{DType.NumPyName()} {NtkShape.Format(Shape)}";

    /// <summary>The first and last elements of a row in one line.</summary>
    internal string RowText(long row)
    {
        if (IsDisposed)
        {
            return "(disposed)";
        }
        long length = RowLength;
        var parts = new List<string>();
        for (long column = 0; column < length; column++)
        {
            if (length > MostColumns && column == Edge)
            {
                parts.Add("…");
                column = length - Edge;
            }
            parts.Add(Text(ElementAt((row * length) + column)));
        }
        return string.Join(' ', parts);
    }

    // An axis shows its ends where that is shorter than all of it.
    private bool Elides(int axis, (int First, int Last) edge) => axis == Rank - 1 ? Shape[axis] > MostColumns : Shape[axis] > edge.First + edge.Last + 1;

    private double Lines(int axis, (int First, int Last) edge) => axis == Rank - 1 ? 1
        : Elides(axis, edge) ? ((edge.First + edge.Last) * Lines(axis + 1, edge)) + 1 : Shape[axis] * Lines(axis + 1, edge);

    // -1 stands for those left out.
    private IEnumerable<int> Shown(int axis, (int First, int Last) edge)
    {
        (int first, int last) = axis == Rank - 1 ? (Edge, Edge) : edge;
        return Elides(axis, edge) ? [.. Enumerable.Range(0, first), -1, .. Enumerable.Range(Shape[axis] - last, last)] : Enumerable.Range(0, Shape[axis]);
    }

    private void Collect(int axis, long position, (int First, int Last) edge, List<string> cells)
    {
        foreach (int i in Shown(axis, edge))
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
                Collect(axis + 1, at, edge, cells);
            }
        }
    }

    private void Append(StringBuilder text, int axis, (int First, int Last) edge, List<string> cells, ref int next, int width)
    {
        text.Append('[');
        bool first = true;
        foreach (int i in Shown(axis, edge))
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
                Append(text, axis + 1, edge, cells, ref next, width);
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
