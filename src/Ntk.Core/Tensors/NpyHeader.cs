using System.Buffers.Binary;
using System.Text;

namespace Ntk.Core.Tensors;

/// <summary>The header of NumPy's .npy format, versions 1 to 3 (numpy/lib/format.py).</summary>
/// <param name="DType">The element type.</param>
/// <param name="Swapped">Whether the elements' bytes are in the other order than this machine's.</param>
/// <param name="Fortran">Whether the first axis varies fastest.</param>
/// <param name="Shape">The sizes of the axes.</param>
/// <param name="Length">Bytes before the first element.</param>
public sealed record NpyHeader(NtkDType DType, bool Swapped, bool Fortran, int[] Shape, long Length)
{
    // After the byte 0x93.
    private static ReadOnlySpan<byte> Magic => "NUMPY"u8;

    private const int Alignment = 64;

    /// <summary>Reads the header at the stream's position.</summary>
    /// <param name="stream">The file or archive entry.</param>
    /// <param name="what">Its name, for errors.</param>
    /// <exception cref="NtkException">It is no .npy, or holds something other than numbers.</exception>
    public static NpyHeader Read(Stream stream, string what)
    {
        Span<byte> start = stackalloc byte[12];
        if (stream.ReadAtLeast(start[..8], 8, throwOnEndOfStream: false) < 8 || start[0] != 0x93 || !start[1..6].SequenceEqual(Magic))
        {
            throw Corrupt(what, "it does not begin as a .npy file does (\\x93NUMPY)");
        }
        int version = start[6];
        int lengthBytes = version switch { 1 => 2, 2 or 3 => 4, _ => throw Corrupt(what, $"its format version is {version}.{start[7]}; 1 to 3 can be read") };
        if (stream.ReadAtLeast(start[8..(8 + lengthBytes)], lengthBytes, throwOnEndOfStream: false) < lengthBytes)
        {
            throw Corrupt(what, "it ends within its header");
        }
        uint length = lengthBytes == 2 ? BinaryPrimitives.ReadUInt16LittleEndian(start[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(start[8..]);
        const uint Limit = 1 << 20;
        if (length > Limit)
        {
            throw Corrupt(what, $"its header claims {length:N0} bytes");
        }
        var text = new byte[length];
        if (stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) < text.Length)
        {
            throw Corrupt(what, "it ends within its header");
        }
        return Parse((version == 3 ? Encoding.UTF8 : Encoding.Latin1).GetString(text), 8 + lengthBytes + length, what);
    }

    /// <summary>The header of a tensor written in this machine's byte order, padded to a multiple of 64 bytes.</summary>
    public static byte[] Write(NtkDType dtype, int[] shape)
    {
        string order = dtype.Size() == 1 ? "|" : BitConverter.IsLittleEndian ? "<" : ">";
        string sizes = shape.Length == 1 ? $"{shape[0]}," : string.Join(", ", shape);
        string text = $"{{'descr': '{order}{Code(dtype)}', 'fortran_order': False, 'shape': ({sizes}), }}";
        // Version 1 counts the text in 16 bits; a tensor of some thousand axes is not worth version 2.
        int total = (10 + text.Length + 1 + Alignment - 1) / Alignment * Alignment;
        var header = new byte[total];
        header.AsSpan().Fill((byte)' ');
        header[0] = 0x93;
        Magic.CopyTo(header.AsSpan(1));
        header[6] = 1;
        header[7] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), checked((ushort)(total - 10)));
        Encoding.ASCII.GetBytes(text, header.AsSpan(10));
        header[^1] = (byte)'\n';
        return header;
    }

    /// <summary>The error of a damaged file.</summary>
    public static NtkException Corrupt(string what, string why) =>
        new(NtkErrorId.FileCorrupt, $"{what} cannot be read: {why}{(why.EndsWith('?') ? "" : ".")}") { Target = PathOf(what) };

    /// <summary>The path in a file's or an archive entry's name as errors give it: <c>'x' in 'data.npz'</c>.</summary>
    private static string PathOf(string what) => what.EndsWith('\'') && what.LastIndexOf('\'', what.Length - 2) is >= 0 and var open ? what[(open + 1)..^1] : what;

    private static NpyHeader Parse(string text, long length, string what)
    {
        var reader = new PythonLiteral(text, what);
        string? descr = null;
        bool? fortran = null;
        int[]? shape = null;
        reader.Expect('{');
        while (!reader.Take('}'))
        {
            string key = reader.String();
            reader.Expect(':');
            switch (key)
            {
                case "descr": descr = reader.StringOrRaw(); break;
                case "fortran_order": fortran = reader.Boolean(); break;
                case "shape": shape = reader.Tuple(); break;
                default: throw Corrupt(what, $"its header has an unknown entry '{key}'");
            }
            if (!reader.Take(','))
            {
                reader.Expect('}');
                break;
            }
        }
        if (descr is null || fortran is null || shape is null)
        {
            throw Corrupt(what, "its header lacks the element type, order or shape");
        }
        (NtkDType dtype, bool swapped) = TypeOf(descr, what);
        return new NpyHeader(dtype, swapped, fortran.Value, shape, length);
    }

    private static (NtkDType, bool) TypeOf(string descr, string what)
    {
        char order = descr.Length > 0 && descr[0] is '<' or '>' or '|' or '=' ? descr[0] : '=';
        string code = descr.TrimStart('<', '>', '|', '=');
        NtkDType dtype = code switch
        {
            "f2" => NtkDType.Float16,
            "f4" => NtkDType.Float32,
            "f8" => NtkDType.Float64,
            "i1" => NtkDType.Int8,
            "i2" => NtkDType.Int16,
            "i4" => NtkDType.Int32,
            "i8" => NtkDType.Int64,
            "u1" => NtkDType.UInt8,
            "u2" => NtkDType.UInt16,
            "u4" => NtkDType.UInt32,
            "u8" => NtkDType.UInt64,
            "b1" or "?" => NtkDType.Bool,
            "c8" => NtkDType.Complex64,
            "c16" => NtkDType.Complex128,
            _ => throw new NtkException(NtkErrorId.DTypeMismatch,
                $"{what} holds elements of NumPy's type '{descr}'; only numbers and booleans can be read. Convert it with NumPy's astype first.") { Target = PathOf(what) },
        };
        bool swapped = dtype.Size() > 1 && order switch { '<' => !BitConverter.IsLittleEndian, '>' => BitConverter.IsLittleEndian, _ => false };
        return (dtype, swapped);
    }

    private static string Code(NtkDType dtype) => dtype switch
    {
        NtkDType.Float16 => "f2",
        NtkDType.Float32 => "f4",
        NtkDType.Float64 => "f8",
        NtkDType.Int8 => "i1",
        NtkDType.Int16 => "i2",
        NtkDType.Int32 => "i4",
        NtkDType.Int64 => "i8",
        NtkDType.UInt8 => "u1",
        NtkDType.UInt16 => "u2",
        NtkDType.UInt32 => "u4",
        NtkDType.UInt64 => "u8",
        NtkDType.Bool => "b1",
        NtkDType.Complex64 => "c8",
        NtkDType.Complex128 => "c16",
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "NumPy has no such type."),
    };
}
