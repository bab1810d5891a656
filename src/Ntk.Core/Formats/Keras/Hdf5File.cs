using System.Buffers.Binary;
using PureHDF;
using PureHDF.Selections;
using PureHDF.VOL.Native;

namespace Ntk.Core.Formats.Keras;

/// <summary>What Keras needs of an HDF5 file: groups, string attributes and dense datasets.</summary>
internal sealed unsafe class Hdf5File : IDisposable
{
    // A read goes through a span, whose length is an int.
    private const long Piece = 1L << 30;

    private readonly Dictionary<string, IH5Group> _groups = [];
    private readonly NativeFile _file;
    private readonly string _path;

    private Hdf5File(NativeFile file, string path)
    {
        _file = file;
        _path = path;
    }

    /// <summary>Opens a file that <paramref name="stream"/> reads; the stream is closed with it.</summary>
    /// <exception cref="NtkException">It is no HDF5 file, or a truncated one.</exception>
    public static Hdf5File Open(Stream stream, string path) => Guarded(path, () =>
    {
        RequireWhole(stream);
        return new Hdf5File(H5File.Open(stream, leaveOpen: false), path);
    });

    // The reader meets the file's end only where a dataset lies behind it. The superblock says where the end should be: an address behind the versions, sizes and
    // two more addresses. A file may begin with a block of the user's own; those that do are left to the reader.
    private static void RequireWhole(Stream stream)
    {
        const int Signature = 8, Head = 56;
        Span<byte> head = stackalloc byte[Head];
        stream.Position = 0;
        int read = stream.ReadAtLeast(head, Head, throwOnEndOfStream: false);
        stream.Position = 0;
        if (read < Head || !head[1..].StartsWith("HDF"u8))
        {
            return;
        }
        int version = head[Signature];
        (int sizeAt, int addresses) = version switch { 0 => (13, 24), 1 => (13, 28), _ => (9, 12) };
        if (head[sizeAt] == sizeof(ulong))
        {
            ulong end = BinaryPrimitives.ReadUInt64LittleEndian(head[(addresses + 16)..]);
            if (end > (ulong)stream.Length)
            {
                throw new InvalidDataException($"it ends after {stream.Length} of {end} bytes");
            }
        }
    }

    /// <summary>Whether a group or dataset lies at <paramref name="path"/>; the empty path is the root.</summary>
    public bool Exists(string path) => path.Length == 0 || Guarded(_path, () =>
    {
        (string parent, string name) = Split(path);
        return Exists(parent) && (_groups.ContainsKey(path) || Group(parent).LinkExists(name));
    });

    /// <summary>The names in a group.</summary>
    public string[] Children(string path) => Guarded(_path, () => Group(path).Children().Select(c => c.Name).ToArray());

    /// <summary>A group's text attribute; null where it has none of the name.</summary>
    public string? Text(string group, string name) => Guarded(_path, () =>
    {
        IH5Group place = Group(group);
        return !place.AttributeExists(name) ? null : place.Attribute(name).Space.Dimensions.Length == 0
            ? place.Attribute(name).Read<string>()
            : string.Concat(place.Attribute(name).Read<string[]>());
    });

    /// <summary>
    /// A group's list of texts, in one attribute or, where it was too long for one, in <c>name0</c>, <c>name1</c>, …; null where it has none of the name.
    /// </summary>
    public string[]? Texts(string group, string name) => Guarded(_path, () =>
    {
        IH5Group place = Group(group);
        if (place.AttributeExists(name))
        {
            return Strings(place.Attribute(name));
        }
        if (!place.AttributeExists($"{name}0"))
        {
            return null;
        }
        var parts = new List<string>();
        for (int i = 0; place.AttributeExists($"{name}{i}"); i++)
        {
            parts.AddRange(Strings(place.Attribute($"{name}{i}")));
        }
        return parts.ToArray();
    });

    /// <summary>A dataset's elements; booleans of NumPy, halves and bfloat16 keep their type.</summary>
    public NtkTensor Read(string path) => Guarded(_path, () =>
    {
        (string parent, string name) = Split(path);
        var dataset = (NativeDataset)Group(parent).Dataset(name);
        bool isBFloat16 = dataset.AttributeExists("dtype") && dataset.Attribute("dtype").Read<string>() == "bfloat16";
        NtkDType dtype = TypeOf(dataset.Type, isBFloat16, path);
        int[] shape = Array.ConvertAll(dataset.Space.Dimensions, d => checked((int)d));
        NtkTensor tensor = NtkTensor.Allocate(dtype, shape);
        long bytes = tensor.ByteCount;
        if (bytes > 0 && bytes <= Piece)
        {
            dataset.Read(new Span<byte>(tensor.Pointer, (int)bytes));
        }
        else if (bytes > 0)
        {
            ReadRows(dataset, tensor, bytes / shape[0]);
        }
        GC.KeepAlive(tensor);
        return tensor;
    });

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    // Each group is looked up in its parent once: from the root the reader would search every group on the way again.
    private IH5Group Group(string path)
    {
        if (path.Length == 0)
        {
            return _file;
        }
        if (!_groups.TryGetValue(path, out IH5Group? group))
        {
            (string parent, string name) = Split(path);
            _groups[path] = group = Group(parent).Group(name);
        }
        return group;
    }

    private static (string Parent, string Name) Split(string path) => path.LastIndexOf('/') is var slash && slash < 0 ? ("", path) : (path[..slash], path[(slash + 1)..]);

    private static void ReadRows(NativeDataset dataset, NtkTensor tensor, long rowBytes)
    {
        ulong[] dimensions = dataset.Space.Dimensions;
        ulong step = (ulong)Math.Max(1, Piece / rowBytes);
        for (ulong start = 0; start < dimensions[0]; start += step)
        {
            ulong rows = Math.Min(step, dimensions[0] - start);
            var starts = new ulong[dimensions.Length];
            starts[0] = start;
            ulong[] blocks = [rows, .. dimensions[1..]];
            var selection = new HyperslabSelection(dimensions.Length, starts, blocks);
            dataset.Read(new Span<byte>(tensor.Pointer + ((long)start * rowBytes), checked((int)((long)rows * rowBytes))), selection);
        }
    }

    // An empty list is written as an empty array of numbers.
    private static string[] Strings(IH5Attribute attribute)
    {
        string?[] texts = attribute.Space.Dimensions.Length == 0 ? [attribute.Read<string>()]
            : attribute.Space.Dimensions[0] == 0 ? [] : attribute.Read<string?[]>();
        return Array.ConvertAll(texts, text => text ?? throw new InvalidDataException($"a text of the attribute '{attribute.Name}' is missing"));
    }

    private static NtkDType TypeOf(IH5DataType type, bool isBFloat16, string path) => (type.Class, type.Size) switch
    {
        (_, 2) when isBFloat16 => NtkDType.BFloat16,
        (H5DataTypeClass.FloatingPoint, 2) => NtkDType.Float16,
        (H5DataTypeClass.FloatingPoint, 4) => NtkDType.Float32,
        (H5DataTypeClass.FloatingPoint, 8) => NtkDType.Float64,
        (H5DataTypeClass.FixedPoint, 1) => type.FixedPoint.IsSigned ? NtkDType.Int8 : NtkDType.UInt8,
        (H5DataTypeClass.FixedPoint, 2) => type.FixedPoint.IsSigned ? NtkDType.Int16 : NtkDType.UInt16,
        (H5DataTypeClass.FixedPoint, 4) => type.FixedPoint.IsSigned ? NtkDType.Int32 : NtkDType.UInt32,
        (H5DataTypeClass.FixedPoint, 8) => type.FixedPoint.IsSigned ? NtkDType.Int64 : NtkDType.UInt64,
        (H5DataTypeClass.Enumerated, 1) => NtkDType.Bool,
        _ => throw new InvalidDataException($"dataset '{path}' holds {type.Class} elements of {type.Size} bytes, not numbers"),
    };

    // The reader meets bytes that anyone may have written, and reports damage by whatever exception its code runs into; lengths out of a damaged file
    // can ask for more memory than there is.
    private static T Guarded<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is not (NtkException or OperationCanceledException))
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{path}' cannot be read as HDF5: {e.Message.TrimEnd('.')}. It may be truncated or damaged; copy or save it again.", e) { Target = path };
        }
    }
}
