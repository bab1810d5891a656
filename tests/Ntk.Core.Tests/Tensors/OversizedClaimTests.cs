using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Ntk.Core.Tensors;
using Xunit;

namespace Ntk.Core.Tests.Tensors;

/// <summary>No memory is asked for that a file cannot fill, whatever its header says.</summary>
public sealed class OversizedClaimTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ntk-claims-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("(1000000, 1000000, 1000)")]
    [InlineData("(2147483647, 2147483647, 2147483647)")]
    [InlineData("(99999999999999999999,)")]
    [InlineData("(-1, 4)")]
    public void A_header_that_claims_too_much_is_refused(string shape)
    {
        string path = Path.Combine(_folder.FullName, "a.npy");
        File.WriteAllBytes(path, Npy(shape, 100));

        NtkException error = Assert.Throws<NtkException>(() => TensorFile.Read(path));

        Assert.Equal(NtkErrorId.FileCorrupt, error.ErrorId);
        Assert.Equal(path, error.Target);
    }

    [Fact]
    public void An_archive_whose_entry_claims_more_than_its_bytes_can_hold_is_refused()
    {
        string path = Path.Combine(_folder.FullName, "lies.npz");
        using (ZipArchive archive = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            using Stream entry = archive.CreateEntry("a.npy").Open();
            entry.Write(Npy("(30000, 30000)", 100));
        }
        // The directory's field for the uncompressed length, 24 bytes into its entry.
        byte[] bytes = File.ReadAllBytes(path);
        int directory = bytes.AsSpan().IndexOf("PK\u0001\u0002"u8);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(directory + 24), 3_600_000_128);
        File.WriteAllBytes(path, bytes);

        NtkException error = Assert.Throws<NtkException>(() => TensorFile.Read(path));

        Assert.Equal(NtkErrorId.FileCorrupt, error.ErrorId);
        Assert.Contains("claims 3,600,000,128 bytes", error.Message, StringComparison.Ordinal);
    }

    private static byte[] Npy(string shape, int data)
    {
        string text = $"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".PadRight(117) + "\n";
        byte[] header = [0x93, .. "NUMPY"u8, 1, 0, (byte)text.Length, 0, .. Encoding.ASCII.GetBytes(text)];
        return [.. header, .. new byte[data]];
    }
}
