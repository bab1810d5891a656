using System.Buffers.Binary;
using Google.Protobuf;
using Ntk.Core.Formats;
using Ntk.Core.Formats.Protos;
using Snappier;
using Xunit;

namespace Ntk.Core.Tests.Formats;

/// <summary>Checkpoints that TensorFlow may write but rarely does: compressed index blocks, big-endian data, slices over several shards.</summary>
public sealed class TensorBundleTests : IDisposable
{
    private readonly GraphFixtures _fixtures = new();

    public void Dispose() => _fixtures.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CompressedIndexAndByteOrderAreRead(bool bigEndian)
    {
        float[] values = [1.5f, -2, 3e-8f];
        var data = new byte[12];
        for (int i = 0; i < values.Length; i++)
        {
            if (bigEndian)
            {
                BinaryPrimitives.WriteSingleBigEndian(data.AsSpan(4 * i), values[i]);
            }
            else
            {
                BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(4 * i), values[i]);
            }
        }
        File.WriteAllBytes(_fixtures.New("v.data-00000-of-00001"), data);
        var header = new BundleHeaderProto { NumShards = 1, Endianness = bigEndian ? BundleHeaderProto.Types.Endianness.Big : BundleHeaderProto.Types.Endianness.Little };
        WriteIndex(compressed: true, ([], header), ("dense/kernel"u8.ToArray(), Entry(3, 0, 12)), ("dense/scale"u8.ToArray(), Entry(1, 4, 4)));
        TensorBundle bundle = TensorBundle.Open(_fixtures.New("v"));
        Assert.Equal(["dense/kernel", "dense/scale"], bundle.Keys);
        Assert.Equal(values.Select(v => (double)v), GraphFixtures.Elements(bundle.Read("dense/kernel")));
        Assert.Equal([-2.0], GraphFixtures.Elements(bundle.Read("dense/scale")));
    }

    [Fact]
    public void SlicesInSeveralShardsArePutTogether()
    {
        TensorSliceProto left = Columns(0, 100), right = Columns(100, 28);
        var whole = new BundleEntryProto { Dtype = DataType.DtFloat, Slices = { left, right } };
        whole.Shape = Shape(2, 128);
        for (int shard = 0; shard < 2; shard++)
        {
            int columns = shard == 0 ? 100 : 28, first = shard == 0 ? 0 : 100;
            byte[] data = Enumerable.Range(0, 2 * columns).SelectMany(i => BitConverter.GetBytes((float)((i / columns * 128) + first + (i % columns)))).ToArray();
            File.WriteAllBytes(_fixtures.New($"v.data-{shard:D5}-of-00002"), data);
        }
        WriteIndex(compressed: false, ([], new BundleHeaderProto { NumShards = 2 }), (TensorSliceKey.Encode("w", left), Part(0, 100)), (TensorSliceKey.Encode("w", right), Part(1, 28)),
            ("w"u8.ToArray(), whole));
        Assert.Equal(Enumerable.Range(0, 256).Select(i => (double)i), GraphFixtures.Elements(TensorBundle.Open(_fixtures.New("v")).Read("w")));
    }

    [Fact]
    public void SliceKeysAreTensorFlows()
    {
        // EncodeTensorNameSlice("a", [0,100] of one axis and all of another), as TensorFlow writes it.
        var slice = new TensorSliceProto { Extent = { new TensorSliceProto.Types.Extent { Start = 0, Length = 100 }, new TensorSliceProto.Types.Extent() } };
        Assert.Equal([0x00, (byte)'a', 0x00, 0x01, 0x01, 0x02, 0x80, 0xc0, 0x64, 0x80, 0x7f], TensorSliceKey.Encode("a", slice));
    }

    [Fact]
    public void TheChecksumIsCastagnolis()
    {
        // RFC 3720, appendix B.4: 32 bytes of zeros; and the usual nine digits.
        Assert.Equal(0x8a9136aau, Crc32C.Extend(0, new byte[32]));
        Assert.Equal(0xe3069283u, Crc32C.Extend(Crc32C.Extend(0, "1234"u8), "56789"u8));
    }

    [Theory]
    [InlineData("variables/variables.index")]
    [InlineData("variables/variables.data-00000-of-00001")]
    public void AnyFlippedBitIsFound(string file)
    {
        string folder = _fixtures.Copy("tied_module"), path = Path.Combine(folder, file);
        byte[] good = File.ReadAllBytes(path);
        // The table's footer ends in padding that nothing reads.
        int used = file.EndsWith("index", StringComparison.Ordinal) ? good.Length - 48 : good.Length;
        for (int i = 0; i < used; i += 7)
        {
            byte[] bad = (byte[])good.Clone();
            bad[i] ^= (byte)(1 << (i % 8));
            File.WriteAllBytes(path, bad);
            NtkException error = Assert.Throws<NtkException>(() => ModelImporter.Import(folder).Parameters.Select(p => p.Value!.Count).Sum());
            Assert.Equal(NtkErrorId.FileCorrupt, error.ErrorId);
        }
    }

    private static BundleEntryProto Entry(long count, long offset, long size) =>
        new() { Dtype = DataType.DtFloat, Shape = Shape(count), Offset = offset, Size = size };

    private static BundleEntryProto Part(int shard, long columns) =>
        new() { Dtype = DataType.DtFloat, Shape = Shape(2, columns), ShardId = shard, Size = 8 * columns };

    private static TensorShapeProto Shape(params long[] sizes) => new() { Dim = { sizes.Select(s => new TensorShapeProto.Types.Dim { Size = s }) } };

    private static TensorSliceProto Columns(long start, long length) =>
        new() { Extent = { new TensorSliceProto.Types.Extent(), new TensorSliceProto.Types.Extent { Start = start, Length = length } } };

    // A table of one data block, its keys prefix-compressed as LevelDB does it.
    private void WriteIndex(bool compressed, params (byte[] Key, IMessage Value)[] entries)
    {
        var file = new MemoryStream();
        (long, long) data = WriteBlock(file, entries.Select(e => (e.Key, e.Value.ToByteArray())), compressed);
        (long, long) meta = WriteBlock(file, [], compressed: false);
        (long, long) index = WriteBlock(file, [(new byte[] { 0xff }, Handle(data))], compressed);
        byte[] footer = new byte[48];
        byte[] handles = [.. Handle(meta), .. Handle(index)];
        handles.CopyTo(footer, 0);
        BinaryPrimitives.WriteUInt64LittleEndian(footer.AsSpan(40), 0xdb4775248b80fb57);
        file.Write(footer);
        File.WriteAllBytes(_fixtures.New("v.index"), file.ToArray());
    }

    private static (long Offset, long Size) WriteBlock(MemoryStream file, IEnumerable<(byte[] Key, byte[] Value)> entries, bool compressed)
    {
        var block = new List<byte>();
        byte[] before = [];
        foreach ((byte[] key, byte[] value) in entries)
        {
            int shared = 0;
            while (shared < Math.Min(before.Length, key.Length) && before[shared] == key[shared])
            {
                shared++;
            }
            block.AddRange([.. Varint(shared), .. Varint(key.Length - shared), .. Varint(value.Length), .. key[shared..], .. value]);
            before = key;
        }
        block.AddRange([0, 0, 0, 0, 1, 0, 0, 0]);
        byte[] bytes = compressed ? Snappy.CompressToArray(block.ToArray()) : block.ToArray();
        long offset = file.Position;
        file.Write(bytes);
        byte kind = compressed ? (byte)1 : (byte)0;
        file.Write([kind, .. BitConverter.GetBytes(Crc32C.Mask(Crc32C.Extend(0, [.. bytes, kind])))]);
        return (offset, bytes.Length);
    }

    private static byte[] Handle((long Offset, long Size) block) => [.. Varint(block.Offset), .. Varint(block.Size)];

    private static byte[] Varint(long value)
    {
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }
        bytes.Add((byte)value);
        return bytes.ToArray();
    }
}
