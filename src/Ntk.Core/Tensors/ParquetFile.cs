using Parquet;
using Parquet.Schema;

namespace Ntk.Core.Tensors;

/// <summary>
/// Tensors as Apache Parquet tables: a row for each index of the first axis, the other axes flattened to columns that are named as in a .csv, from which the shape is read back.
/// Parquet keeps neither 16-bit floats nor complex numbers: the first are written as float32, the others refused.
/// </summary>
public static class ParquetFile
{
    // Rows are written in groups of about this size: what a reader of one group holds in memory.
    private const long GroupBytes = 64L << 20;

    /// <summary>Reads a table of numbers: in the columns' common type; a missing number is NaN.</summary>
    /// <exception cref="NtkException">No such file, a damaged one, or columns of other things than numbers.</exception>
    public static NtkTensor Read(string path, string? name = null)
    {
        using FileStream stream = TensorFile.Open(path);
        try
        {
            return ReadAsync(stream, path, name ?? Path.GetFileNameWithoutExtension(path)).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is not (NtkException or OutOfMemoryException or OperationCanceledException))
        {
            // The library tells of damage by whatever its decoders happen to throw.
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' cannot be read: it is not a whole .parquet file, or uses what cannot be read here ({e.Message.Split('\n')[0].TrimEnd('.')}).", e) { Target = path };
        }
    }

    /// <summary>Writes a tensor.</summary>
    /// <exception cref="NtkException">Complex numbers, or the file cannot be written.</exception>
    public static void Write(string path, NtkTensor tensor, bool overwrite = true, CancellationToken cancellation = default)
    {
        if (tensor.DType.IsComplex())
        {
            throw new NtkException(NtkErrorId.DTypeMismatch, $"Complex numbers have no place in a .parquet; write {tensor.Describe()} to a .npy or .npz file.") { Target = path };
        }
        NtkTensor table = tensor.DType is NtkDType.Float16 or NtkDType.BFloat16 ? tensor.AsType(NtkDType.Float32) : tensor;
        AtomicFile.Write(path, overwrite, stream => WriteAsync(stream, table).GetAwaiter().GetResult(), cancellation);
    }

    private static async Task WriteAsync(Stream stream, NtkTensor tensor)
    {
        Type type = Elements.TypeOf(tensor.DType);
        DataField[] fields = [.. tensor.Columns.Select(column => new DataField(column, type, isNullable: false))];
        await using ParquetWriter writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), stream).ConfigureAwait(false);
        long rows = Math.Max(1, GroupBytes / Math.Max(1, tensor.RowLength * tensor.DType.Size()));
        for (long start = 0; start < Math.Max(tensor.RowCount, 1); start += rows)
        {
            using ParquetRowGroupWriter group = writer.CreateRowGroup();
            for (int column = 0; column < fields.Length; column++)
            {
                await WriteColumnAsync(group, fields[column], tensor, column, start, (int)Math.Min(rows, tensor.RowCount - start)).ConfigureAwait(false);
            }
        }
    }

    private static Task WriteColumnAsync(ParquetRowGroupWriter group, DataField field, NtkTensor tensor, int column, long start, int rows) => tensor.DType switch
    {
        NtkDType.Float32 => WriteColumnAsync<float>(group, field, tensor, column, start, rows),
        NtkDType.Float64 => WriteColumnAsync<double>(group, field, tensor, column, start, rows),
        NtkDType.Int8 => WriteColumnAsync<sbyte>(group, field, tensor, column, start, rows),
        NtkDType.Int16 => WriteColumnAsync<short>(group, field, tensor, column, start, rows),
        NtkDType.Int32 => WriteColumnAsync<int>(group, field, tensor, column, start, rows),
        NtkDType.Int64 => WriteColumnAsync<long>(group, field, tensor, column, start, rows),
        NtkDType.UInt8 => WriteColumnAsync<byte>(group, field, tensor, column, start, rows),
        NtkDType.UInt16 => WriteColumnAsync<ushort>(group, field, tensor, column, start, rows),
        NtkDType.UInt32 => WriteColumnAsync<uint>(group, field, tensor, column, start, rows),
        NtkDType.UInt64 => WriteColumnAsync<ulong>(group, field, tensor, column, start, rows),
        NtkDType.Bool => WriteColumnAsync<bool>(group, field, tensor, column, start, rows),
        _ => throw Elements.NoNumbers(tensor.DType),
    };

    private static Task WriteColumnAsync<T>(ParquetRowGroupWriter group, DataField field, NtkTensor tensor, int column, long start, int rows) where T : unmanaged =>
        group.WriteAsync<T>(field, Gather<T>(tensor, column, start, rows));

    private static unsafe ReadOnlyMemory<T> Gather<T>(NtkTensor tensor, int column, long start, int rows) where T : unmanaged
    {
        var values = new T[rows];
        T* at = (T*)tensor.Pointer + (start * tensor.RowLength) + column;
        for (int row = 0; row < rows; row++, at += tensor.RowLength)
        {
            values[row] = *at;
        }
        GC.KeepAlive(tensor);
        return values;
    }

    private static async Task<NtkTensor> ReadAsync(Stream stream, string path, string name)
    {
        await using ParquetReader reader = await ParquetReader.CreateAsync(stream, leaveStreamOpen: true).ConfigureAwait(false);
        DataField[] fields = reader.Schema.GetDataFields();
        if (fields.Length == 0 || reader.Schema.Fields.Count != fields.Length)
        {
            throw new NtkException(NtkErrorId.DTypeMismatch, $"'{path}' has {(fields.Length == 0 ? "no columns" : "nested columns")}; a tensor is read from a table of plain columns of numbers.") { Target = path };
        }
        NtkDType? common = null;
        foreach (DataField field in fields)
        {
            NtkDType own = (field.IsArray || field.ClrType == typeof(decimal) ? null : Elements.DTypeOf(field.ClrType)) ?? throw new NtkException(NtkErrorId.DTypeMismatch,
                $"The column '{field.Name}' of '{path}' holds {field.ClrType.Name}{(field.IsArray ? " lists" : "")}, not numbers; leave it out when the table is written.") { Target = path };
            common = common is null ? own : NtkDTypes.Promote(common.Value, own);
        }
        var groups = new List<long>();
        for (int i = 0; i < reader.RowGroupCount; i++)
        {
            using ParquetRowGroupReader group = reader.OpenRowGroupReader(i);
            groups.Add(group.RowCount);
        }
        int rows = checked((int)groups.Sum());
        NtkTensor table = NtkTensor.Allocate(common!.Value, [rows, fields.Length], name);
        long start = 0;
        for (int i = 0; i < groups.Count; i++)
        {
            using ParquetRowGroupReader group = reader.OpenRowGroupReader(i);
            for (int column = 0; column < fields.Length; column++)
            {
                (Array values, int[]? gaps) = await ReadColumnAsync(group, fields[column], (int)groups[i]).ConfigureAwait(false);
                if (gaps?.Length > 0 && !table.DType.IsFloat())
                {
                    // Whole numbers have no NaN.
                    table = table.AsType(NtkDType.Float64);
                }
                Scatter(values, gaps, table, column, start);
            }
            start += groups[i];
        }
        return table.Reshape(CsvReader.ShapeOf([.. fields.Select(field => field.Name)], rows));
    }

    private static Task<(Array, int[]?)> ReadColumnAsync(ParquetRowGroupReader group, DataField field, int rows) => Type.GetTypeCode(field.ClrType) switch
    {
        TypeCode.Single => ReadColumnAsync<float>(group, field, rows),
        TypeCode.Double => ReadColumnAsync<double>(group, field, rows),
        TypeCode.SByte => ReadColumnAsync<sbyte>(group, field, rows),
        TypeCode.Int16 => ReadColumnAsync<short>(group, field, rows),
        TypeCode.Int32 => ReadColumnAsync<int>(group, field, rows),
        TypeCode.Int64 => ReadColumnAsync<long>(group, field, rows),
        TypeCode.Byte => ReadColumnAsync<byte>(group, field, rows),
        TypeCode.UInt16 => ReadColumnAsync<ushort>(group, field, rows),
        TypeCode.UInt32 => ReadColumnAsync<uint>(group, field, rows),
        TypeCode.UInt64 => ReadColumnAsync<ulong>(group, field, rows),
        TypeCode.Boolean => ReadColumnAsync<bool>(group, field, rows),
        _ => throw new NtkException(NtkErrorId.DTypeMismatch, $"The column '{field.Name}' holds {field.ClrType.Name}, not numbers."),
    };

    // The values, and the rows where there are none.
    private static async Task<(Array, int[]?)> ReadColumnAsync<T>(ParquetRowGroupReader group, DataField field, int rows) where T : struct
    {
        var values = new T[rows];
        if (!field.IsNullable)
        {
            await group.ReadAsync<T>(field, values.AsMemory()).ConfigureAwait(false);
            return (values, null);
        }
        var optional = new T?[rows];
        await group.ReadAsync<T>(field, optional.AsMemory()).ConfigureAwait(false);
        var gaps = new List<int>();
        for (int row = 0; row < rows; row++)
        {
            values[row] = optional[row].GetValueOrDefault();
            if (optional[row] is null)
            {
                gaps.Add(row);
            }
        }
        return (values, gaps.ToArray());
    }

    private static unsafe void Scatter(Array values, int[]? gaps, NtkTensor table, int column, long start)
    {
        NtkTensor cast = NtkTensor.FromArray(values).AsType(table.DType);
        int size = table.DType.Size();
        byte* from = cast.Pointer, to = table.Pointer + (((start * table.RowLength) + column) * size);
        for (int row = 0; row < values.Length; row++, from += size, to += table.RowLength * size)
        {
            Buffer.MemoryCopy(from, to, size, size);
        }
        foreach (int row in gaps ?? [])
        {
            double nan = double.NaN;
            Elements.Convert((byte*)&nan, NtkDType.Float64, table.Pointer + ((((start + row) * table.RowLength) + column) * size), table.DType, 1);
        }
        GC.KeepAlive(cast);
        GC.KeepAlive(table);
    }
}
