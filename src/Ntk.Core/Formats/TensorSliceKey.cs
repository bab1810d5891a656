using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Formats;

/// <summary>The key under which a bundle keeps one slice of a partitioned variable, in TensorFlow's order-preserving code (ordered_code.cc).</summary>
internal static class TensorSliceKey
{
    private const int FullExtent = -1;

    /// <summary>The key of a slice of the tensor <paramref name="name"/>.</summary>
    public static byte[] Encode(string name, TensorSliceProto slice)
    {
        var key = new List<byte>();
        AppendNumber(key, 0);
        AppendText(key, name);
        AppendNumber(key, (ulong)slice.Extent.Count);
        foreach (TensorSliceProto.Types.Extent extent in slice.Extent)
        {
            bool full = extent.HasLengthCase == TensorSliceProto.Types.Extent.HasLengthOneofCase.None;
            AppendSigned(key, full ? 0 : extent.Start);
            AppendSigned(key, full ? FullExtent : extent.Length);
        }
        return key.ToArray();
    }

    // A byte of length, then the bytes, most significant first, without leading zeros.
    private static void AppendNumber(List<byte> key, ulong value)
    {
        int length = (64 - BitOperations.LeadingZeroCount(value) + 7) / 8;
        key.Add((byte)length);
        for (int i = length - 1; i >= 0; i--)
        {
            key.Add((byte)(value >> (8 * i)));
        }
    }

    private static void AppendText(List<byte> key, string text)
    {
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            key.Add(b);
            if (b is 0 or 0xff)
            {
                key.Add((byte)~b);
            }
        }
        key.Add(0);
        key.Add(1);
    }

    // The leading bits count the bytes, in unary; the sign inverts them, so that bytes order as numbers do.
    private static void AppendSigned(List<byte> key, long value)
    {
        ulong magnitude = (ulong)(value < 0 ? ~value : value);
        int length = ((64 - BitOperations.LeadingZeroCount(magnitude)) / 7) + 1;
        Span<byte> bytes = stackalloc byte[10];
        bytes[..2].Fill(value < 0 ? (byte)0xff : (byte)0);
        BinaryPrimitives.WriteInt64BigEndian(bytes[2..], value);
        Span<byte> used = bytes[(10 - length)..];
        int header = 0xffff & (0xffff << (16 - length));
        used[0] ^= (byte)(header >> 8);
        if (length > 1)
        {
            used[1] ^= (byte)header;
        }
        key.AddRange(used);
    }
}
