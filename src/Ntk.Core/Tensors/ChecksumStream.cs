using System.Buffers.Binary;
using System.IO.Compression;

namespace Ntk.Core.Tensors;

/// <summary>Reads a stream and counts its CRC-32: .NET does not compare a zip entry's with its directory's, as NumPy does.</summary>
internal sealed class ChecksumStream(Stream inner) : Stream
{
    private static readonly uint[] Table = MakeTable();
    // What deflate makes of zeros; nothing expands further.
    private const long MostExpansion = 1032;
    private uint _crc = uint.MaxValue;

    /// <summary>Opens an archive's entry.</summary>
    /// <exception cref="InvalidDataException">It claims more bytes than its compressed ones could hold: memory for them is not to be asked for.</exception>
    public static ChecksumStream Open(ZipArchiveEntry entry) => entry.Length / MostExpansion <= entry.CompressedLength + 1 ? new ChecksumStream(entry.Open())
        : throw new InvalidDataException($"{entry.FullName} claims {entry.Length:N0} bytes, more than its {entry.CompressedLength:N0} compressed bytes can hold");

    public uint Checksum => ~_crc;
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int read = inner.Read(buffer);
        _crc = Update(_crc, buffer[..read]);
        return read;
    }

    public void ReadToEnd()
    {
        Span<byte> rest = stackalloc byte[1024];
        while (Read(rest) > 0)
        {
        }
    }

    // CRC-32 (ISO-HDLC) eight bytes at a time: table k advances a byte by k more zero bytes.
    private static uint Update(uint crc, ReadOnlySpan<byte> bytes)
    {
        uint[] t = Table;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            uint a = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc, b = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = t[0x700 + (a & 0xFF)] ^ t[0x600 + (a >> 8 & 0xFF)] ^ t[0x500 + (a >> 16 & 0xFF)] ^ t[0x400 + (a >> 24)]
                ^ t[0x300 + (b & 0xFF)] ^ t[0x200 + (b >> 8 & 0xFF)] ^ t[0x100 + (b >> 16 & 0xFF)] ^ t[b >> 24];
        }
        foreach (byte value in bytes)
        {
            crc = t[(crc ^ value) & 0xFF] ^ (crc >> 8);
        }
        return crc;
    }

    private static uint[] MakeTable()
    {
        const uint Polynomial = 0xEDB88320;
        var table = new uint[8 * 256];
        for (uint i = 0; i < 256; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ Polynomial : crc >> 1;
            }
            table[i] = crc;
        }
        for (int i = 256; i < table.Length; i++)
        {
            table[i] = table[table[i - 256] & 0xFF] ^ (table[i - 256] >> 8);
        }
        return table;
    }

    public override void Flush() { }
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }
        base.Dispose(disposing);
    }
}
