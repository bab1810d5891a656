using System.Globalization;
using System.Runtime.InteropServices;

namespace Ntk.Core.Tensors;

/// <summary>Reads the numbers of comma-separated text line by line.</summary>
/// <param name="what">The text's name, for errors.</param>
internal sealed class CsvReader(string what)
{
    private readonly List<Range> _cells = [];
    private readonly NumberList _numbers = new();
    private string[]? _header;
    private string[]? _first;
    private int _columns = -1;
    private long _rows;
    private long _lineNumber;

    /// <summary>Reads to the end.</summary>
    public NtkTensor Read(TextReader reader, string name)
    {
        while (reader.ReadLine() is { } line)
        {
            _lineNumber++;
            // Windows PowerShell writes #TYPE above the header, numpy.savetxt its own header as a comment.
            if (line.Length == 0 || line[0] == '#' || line.AsSpan().IsWhiteSpace())
            {
                continue;
            }
            Split(line);
            if (_columns < 0)
            {
                _columns = _cells.Count;
                if (IsHeader(line))
                {
                    _header = Array.ConvertAll([.. _cells], cell => line[cell]);
                    continue;
                }
                _first = Array.ConvertAll([.. _cells], cell => line[cell]);
            }
            AddRow(line);
        }
        if (_columns < 0)
        {
            throw NpyHeader.Corrupt(what, "it is empty");
        }
        DropUnquotedHeader();
        return _numbers.ToTensor(Shape(), name);
    }

    /// <summary>A number as CSV files write it, in the invariant culture, infinities and NaN as .NET, NumPy and C do.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out double value)
    {
        text = text.Trim();
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value))
        {
            return true;
        }
        ReadOnlySpan<char> bare = text.TrimStart("+-");
        value = bare.Equals("nan", StringComparison.OrdinalIgnoreCase) ? double.NaN
            : text.Length - bare.Length < 2 && (bare.Equals("inf", StringComparison.OrdinalIgnoreCase) || bare.Equals("infinity", StringComparison.OrdinalIgnoreCase))
                ? (text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity)
            : 0;
        return value != 0; // NaN differs from 0, too
    }

    private void AddRow(string line)
    {
        if (_cells.Count != _columns)
        {
            throw NpyHeader.Corrupt(what, $"line {_lineNumber} has {_cells.Count} cells where the first has {_columns}");
        }
        for (int column = 0; column < _columns; column++)
        {
            ReadOnlySpan<char> cell = line.AsSpan(_cells[column]);
            if (!_numbers.TryAdd(cell))
            {
                throw NpyHeader.Corrupt(what, cell.IsWhiteSpace()
                    ? $"line {_lineNumber}, column {column + 1} is empty (write NaN for a missing number)"
                    : $"line {_lineNumber}, column {column + 1} is '{cell.Trim()}', not a number{(cell.IndexOfAny(';', '\t') >= 0 ? " (cells are separated by commas, and numbers have a decimal point)" : "")}");
            }
        }
        _rows++;
    }

    // A header is a line with a cell that is no number, or a quoted count of the columns, as Export-Csv and Export-NtkTensor write it.
    private bool IsHeader(string line)
    {
        bool counts = true;
        for (int column = 0; column < _cells.Count; column++)
        {
            (int start, int length) = _cells[column].GetOffsetAndLength(line.Length);
            ReadOnlySpan<char> cell = line.AsSpan(start, length);
            if (!TryParse(cell, out _))
            {
                return true;
            }
            counts &= start > 0 && line[start - 1] == '"' && cell.SequenceEqual($"{column}");
        }
        return counts;
    }

    // The same count without quotes (Export-Csv -UseQuotes Never) is a header where the numbers below it are not all whole.
    private void DropUnquotedHeader()
    {
        if (_header is null && _columns > 1 && _rows > 1 && !_numbers.AreWhole
            && _first!.Select((cell, column) => cell == $"{column}").All(same => same))
        {
            _header = _first;
            _numbers.RemoveFirst(_columns);
            _rows--;
        }
    }

    private int[] Shape() => _header is not null ? ShapeOf(_header, checked((int)_rows)) : _columns == 1 ? [checked((int)_rows)] : [checked((int)_rows), _columns];

    /// <summary>The shape of a table with these columns: <c>Value</c> is a vector, <c>0</c>, <c>1</c> … a matrix, <c>0,0</c> … <c>3,4</c> more axes, any other names a matrix (or one of them a vector).</summary>
    internal static int[] ShapeOf(string[] header, int rows)
    {
        if (header is [var single])
        {
            return single == "0" ? [rows, 1] : [rows];
        }
        // The last name tells the sizes.
        int[] last = Array.ConvertAll(header[^1].Split(','), part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int i) ? i + 1 : 0);
        if (last.Length > 1 && Array.TrueForAll(last, size => size > 0) && NtkShape.Count(last) == header.Length && NtkTensor.NameColumns([rows, .. last]).AsSpan().SequenceEqual(header))
        {
            return [rows, .. last];
        }
        return [rows, header.Length];
    }

    // Cells without their quotes; a doubled quote within one is left as it is, no number has it.
    private void Split(string line)
    {
        _cells.Clear();
        for (int at = 0; ;)
        {
            int start = at, end;
            if (at < line.Length && line[at] == '"')
            {
                start = at + 1;
                end = line.IndexOf('"', start);
                while (end >= 0 && end + 1 < line.Length && line[end + 1] == '"')
                {
                    end = line.IndexOf('"', end + 2);
                }
                if (end < 0)
                {
                    throw NpyHeader.Corrupt(what, $"a quote in line {_lineNumber} is not closed");
                }
                at = line.IndexOf(',', end);
            }
            else
            {
                at = line.IndexOf(',', at);
                end = at < 0 ? line.Length : at;
            }
            _cells.Add(start..end);
            if (at < 0)
            {
                return;
            }
            at++;
        }
    }

    /// <summary>A growing list of numbers, exact integers until the first that is none.</summary>
    private sealed class NumberList
    {
        private readonly List<long> _integers = [];
        private List<double>? _floats;

        public bool AreWhole => _floats is null;

        public bool TryAdd(ReadOnlySpan<char> text)
        {
            if (long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out long integer))
            {
                if (_floats is null)
                {
                    _integers.Add(integer);
                }
                else
                {
                    _floats.Add(integer);
                }
                return true;
            }
            if (!TryParse(text, out double value))
            {
                return false;
            }
            if (_floats is null)
            {
                _floats = _integers.ConvertAll(i => (double)i);
                _integers.Clear();
            }
            _floats.Add(value);
            return true;
        }

        public void RemoveFirst(int count) => _floats!.RemoveRange(0, count);

        public unsafe NtkTensor ToTensor(int[] shape, string name)
        {
            NtkTensor tensor = NtkTensor.Allocate(_floats is null && _integers.Count > 0 ? NtkDType.Int64 : NtkDType.Float64, shape, name);
            if (_floats is null)
            {
                CollectionsMarshal.AsSpan(_integers).CopyTo(new Span<long>(tensor.Pointer, _integers.Count));
            }
            else
            {
                CollectionsMarshal.AsSpan(_floats).CopyTo(new Span<double>(tensor.Pointer, _floats.Count));
            }
            GC.KeepAlive(tensor);
            return tensor;
        }
    }
}
