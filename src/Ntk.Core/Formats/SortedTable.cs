using System.Buffers.Binary;
using Snappier;

namespace Ntk.Core.Formats;

/// <summary>
/// Reads LevelDB's table format, in which a tensor bundle keeps its index: data blocks of prefix-compressed entries, an index block that lists
/// them, and a footer of fixed size.
/// </summary>
internal static class SortedTable
{
    private const ulong Magic = 0xdb4775248b80fb57;
    private const int FooterSize = 48;
    private const int NoCompression = 0;
    private const int SnappyCompression = 1;

    /// <summary>All entries, in order of their keys.</summary>
    /// <exception cref="InvalidDataException">The bytes are no table, or are damaged.</exception>
    public static List<(byte[] Key, byte[] Value)> Read(byte[] file)
    {
        if (file.Length < FooterSize || BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(file.Length - 8)) != Magic)
        {
            throw new InvalidDataException("it does not end as a table does");
        }
        var footer = new Cursor(file, file.Length - FooterSize, file.Length - 8);
        (long metaOffset, long metaSize) = footer.Handle();
        _ = Block(file, metaOffset, metaSize); // of no use here, but its damage is the file's
        (long indexOffset, long indexSize) = footer.Handle();
        var entries = new List<(byte[], byte[])>();
        foreach ((_, byte[] handle) in Entries(Block(file, indexOffset, indexSize)))
        {
            (long offset, long size) = new Cursor(handle, 0, handle.Length).Handle();
            entries.AddRange(Entries(Block(file, offset, size)));
        }
        return entries;
    }

    // A block is followed by one byte of compression kind and a checksum of four.
    private static byte[] Block(byte[] file, long offset, long size)
    {
        if (offset < 0 || size < 0 || offset > file.Length - 5 || size > file.Length - 5 - offset)
        {
            throw new InvalidDataException("a block lies outside the file");
        }
        ReadOnlySpan<byte> block = file.AsSpan((int)offset, (int)size), stored = file.AsSpan((int)(offset + size) + 1);
        if (Crc32C.Mask(Crc32C.Extend(0, file.AsSpan((int)offset, (int)size + 1))) != BinaryPrimitives.ReadUInt32LittleEndian(stored))
        {
            throw new InvalidDataException("a block's checksum is wrong");
        }
        return file[offset + size] switch
        {
            NoCompression => block.ToArray(),
            SnappyCompression => Decompress(block),
            byte kind => throw new InvalidDataException($"a block of unknown compression {kind}"),
        };
    }

    private static byte[] Decompress(ReadOnlySpan<byte> block)
    {
        try
        {
            return Snappy.DecompressToArray(block);
        }
        catch (Exception error) when (error is InvalidDataException or ArgumentException or InvalidOperationException)
        {
            throw new InvalidDataException("a compressed block is damaged", error);
        }
    }

    private static IEnumerable<(byte[] Key, byte[] Value)> Entries(byte[] block)
    {
        if (block.Length < 4)
        {
            throw new InvalidDataException("an empty block");
        }
        long restarts = BinaryPrimitives.ReadUInt32LittleEndian(block.AsSpan(block.Length - 4));
        long end = block.Length - 4 - (4 * restarts);
        if (end < 0)
        {
            throw new InvalidDataException("a block's restart points exceed it");
        }
        var cursor = new Cursor(block, 0, (int)end);
        byte[] key = [];
        while (!cursor.AtEnd)
        {
            long shared = cursor.Number(), own = cursor.Number(), length = cursor.Number();
            if (shared > key.Length)
            {
                throw new InvalidDataException("a key shares more than its predecessor has");
            }
            key = [.. key.AsSpan(0, (int)shared), .. cursor.Take(own)];
            yield return (key, cursor.Take(length).ToArray());
        }
    }

    private sealed class Cursor(byte[] bytes, int position, int end)
    {
        private int _position = position;

        public bool AtEnd => _position >= end;

        public (long Offset, long Size) Handle() => (Number(), Number());

        public long Number()
        {
            ulong value = 0;
            for (int shift = 0; shift < 64 && _position < end; shift += 7)
            {
                byte next = bytes[_position++];
                value |= (ulong)(next & 0x7f) << shift;
                if (next < 0x80)
                {
                    return value <= long.MaxValue ? (long)value : throw new InvalidDataException("a length out of range");
                }
            }
            throw new InvalidDataException("a damaged length");
        }

        public ReadOnlySpan<byte> Take(long length)
        {
            if (length > end - _position)
            {
                throw new InvalidDataException("an entry exceeds its block");
            }
            ReadOnlySpan<byte> taken = bytes.AsSpan(_position, (int)length);
            _position += (int)length;
            return taken;
        }
    }
}
