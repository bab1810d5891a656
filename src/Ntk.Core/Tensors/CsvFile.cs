using System.Buffers;
using System.Globalization;
using System.Text;

namespace Ntk.Core.Tensors;

/// <summary>
/// Tensors as comma-separated text, a line for each index of the first axis and the other axes flattened to columns, numbers in the invariant culture.
/// The header says the shape: <c>Value</c>, or <c>"0","1"</c> …, or <c>"0,0","0,1"</c> …; other headers, or none, are read too.
/// </summary>
public static class CsvFile
{
    /// <summary>Reads a file: float64, or int64 where every number is whole and without a decimal point.</summary>
    /// <exception cref="NtkException">No such file, an empty one, lines of different lengths, or cells that are not numbers.</exception>
    public static NtkTensor Read(string path, string? name = null)
    {
        using var reader = new StreamReader(TensorFile.Open(path), Encoding.UTF8);
        try
        {
            return new CsvReader($"'{path}'").Read(reader, name ?? Path.GetFileNameWithoutExtension(path));
        }
        catch (IOException e)
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' cannot be read: {e.Message}", e) { Target = path };
        }
    }

    /// <summary>Writes a tensor; floats in the fewest digits that read back to the same value, whole ones with <c>.0</c>.</summary>
    /// <exception cref="NtkException">Complex numbers, or the file cannot be written.</exception>
    public static void Write(string path, NtkTensor tensor, bool overwrite = true, CancellationToken cancellation = default)
    {
        if (tensor.DType.IsComplex())
        {
            throw new NtkException(NtkErrorId.DTypeMismatch, $"Complex numbers have no place in a .csv; write {tensor.Describe()} to a .npy or .npz file.") { Target = path };
        }
        AtomicFile.Write(path, overwrite, stream =>
        {
            using var writer = new StreamWriter(stream, new UTF8Encoding(false), 1 << 16) { NewLine = "\n" };
            string[] columns = tensor.Columns;
            for (int column = 0; column < columns.Length; column++)
            {
                writer.Write(column == 0 ? "\"" : ",\"");
                writer.Write(columns[column]);
                writer.Write('"');
            }
            writer.WriteLine();
            WriteRows(writer, tensor);
        }, cancellation);
    }

    private static unsafe void WriteRows(StreamWriter writer, NtkTensor tensor)
    {
        switch (tensor.DType)
        {
            case NtkDType.Float32: WriteCells((float*)tensor.Pointer, writer, tensor, ".0"); break;
            case NtkDType.Float64: WriteCells((double*)tensor.Pointer, writer, tensor, ".0"); break;
            case NtkDType.Float16 or NtkDType.BFloat16:
                NtkTensor wide = tensor.AsType(NtkDType.Float32);
                WriteCells((float*)wide.Pointer, writer, wide, ".0");
                GC.KeepAlive(wide);
                break;
            case NtkDType.UInt64: WriteCells((ulong*)tensor.Pointer, writer, tensor); break;
            default:
                NtkTensor whole = tensor.AsType(NtkDType.Int64);
                WriteCells((long*)whole.Pointer, writer, whole);
                GC.KeepAlive(whole);
                break;
        }
        GC.KeepAlive(tensor);
    }

    private static unsafe void WriteCells<T>(T* values, StreamWriter writer, NtkTensor tensor, string wholeSuffix = "") where T : unmanaged, ISpanFormattable
    {
        Span<char> cell = stackalloc char[64];
        long columns = tensor.RowLength;
        for (long row = 0; row < tensor.RowCount; row++)
        {
            for (long column = 0; column < columns; column++)
            {
                if (column > 0)
                {
                    writer.Write(',');
                }
                values[(row * columns) + column].TryFormat(cell, out int length, default, CultureInfo.InvariantCulture);
                ReadOnlySpan<char> text = cell[..length];
                writer.Write(text);
                if (wholeSuffix.Length > 0 && text.IndexOfAnyExcept(Digits) < 0)
                {
                    writer.Write(wholeSuffix);
                }
            }
            writer.WriteLine();
        }
    }

    private static readonly SearchValues<char> Digits = SearchValues.Create("-0123456789");
}
