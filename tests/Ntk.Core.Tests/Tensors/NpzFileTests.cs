using Ntk.Core.Tensors;
using Xunit;

namespace Ntk.Core.Tests.Tensors;

public sealed class NpzFileTests : IDisposable
{
    private readonly TensorFixtures _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("stored.npz")]
    [InlineData("deflated.npz")]
    public void Arrays_read_by_name(string file)
    {
        using var archive = new NpzFile(TensorFixtures.Path(file));
        NtkTensor y = archive.Read("y");
        Assert.Equal(("y", NtkDType.Int64), (y.Name, y.DType));
        Assert.Equal(23f, archive.Read("x")[1, 2, 3]);
        var error = Assert.Throws<NtkException>(() => archive.Read("z"));
        Assert.Equal(NtkErrorId.TensorNotFound, error.ErrorId);
        Assert.Contains("It has: x, y", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stored.npz/y", 5)]
    [InlineData("stored.npz/layer/kernel", 3)]
    [InlineData("stored.npz\\x", 2)]
    [InlineData("single.npz", 2)]
    public void A_path_names_an_entry(string path, int rows) => Assert.Equal(rows, TensorFile.Read(TensorFixtures.Path(path)).Shape[0]);

    [Fact]
    public void An_archive_of_several_asks_which() =>
        Assert.Contains("stored.npz/x'", Assert.Throws<NtkException>(() => TensorFile.Read(TensorFixtures.Path("stored.npz"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Written_archives_read_back()
    {
        NtkTensor named = NtkTensor.FromArray(new[] { 1.5, 2 }, "a"), bare = NtkTensor.FromArray(new[] { true });
        TensorFile.Write(_files.New("a.npz"), [named, bare, named]);
        using var archive = new NpzFile(_files.New("a.npz"));
        Assert.Equal(["a", "arr_1", "a_1"], archive.Names);
        Assert.Equal(named, archive.Read("a_1"));
        Assert.Equal(bare, archive.Read("arr_1"));
    }

    [Fact]
    public void A_cut_or_damaged_archive_is_an_error()
    {
        byte[] whole = File.ReadAllBytes(TensorFixtures.Path("stored.npz"));
        File.WriteAllBytes(_files.New("cut.npz"), whole[..^30]);
        Assert.Equal(NtkErrorId.FileCorrupt, Assert.Throws<NtkException>(() => new NpzFile(_files.New("cut.npz"))).ErrorId);
        int data = whole.AsSpan().IndexOf("\x93NUMPY"u8[1..]) + 127 + 20; // within x's elements
        whole[data] ^= 0x10;
        File.WriteAllBytes(_files.New("flipped.npz"), whole);
        using var archive = new NpzFile(_files.New("flipped.npz"));
        var error = Assert.Throws<NtkException>(() => archive.Read("x"));
        Assert.Equal(NtkErrorId.FileCorrupt, error.ErrorId);
        Assert.Contains("'x' in ", error.Message, StringComparison.Ordinal);
        Assert.Contains("checksum", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_array_does_not_keep_the_others_from_being_read()
    {
        using var archive = new NpzFile(TensorFixtures.Path("deflated.npz"));
        Assert.Equal(NtkErrorId.DTypeMismatch, Assert.Throws<NtkException>(() => archive.Read("t")).ErrorId);
        Assert.Equal(5, archive.Read("y").Count);
    }
}
