using System.Numerics;
using System.Runtime.InteropServices;

namespace Ntk.Core.Formats;

/// <summary>The checksum of LevelDB's tables and of TensorFlow's checkpoints: CRC-32C (Castagnoli), stored masked.</summary>
internal static class Crc32C
{
    private const uint MaskDelta = 0xa282ead8;

    /// <summary>The checksum of what <paramref name="crc"/> is of, followed by <paramref name="bytes"/>; of nothing it is 0.</summary>
    public static uint Extend(uint crc, ReadOnlySpan<byte> bytes)
    {
        uint state = ~crc;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            state = BitOperations.Crc32C(state, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        }
        foreach (byte value in bytes[(words.Length * sizeof(ulong))..])
        {
            state = BitOperations.Crc32C(state, value);
        }
        return ~state;
    }

    /// <summary>As it is stored: rotated and shifted, so that a checksum of bytes that hold a checksum is no trivial one.</summary>
    public static uint Mask(uint crc) => unchecked(BitOperations.RotateRight(crc, 15) + MaskDelta);
}
