using Ntk.Core.Tensors;
using Xunit;

namespace Ntk.Core.Tests.Tensors;

public sealed class ImageFileTests : IDisposable
{
    private static readonly ImageOptions AsIs = new(null, null, false);
    private readonly TensorFixtures _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("a_rgb.png", "rgb", false)]
    [InlineData("b_rgba.png", "rgb", false)]
    [InlineData("a_rgb.png", "luma", true)]
    [InlineData("b_rgba.png", "luma", true)]
    [InlineData("more/gray.png", "luma", true)]
    [InlineData("more/palette.png", "palette", false)]
    public void Pixels_are_those_that_Pillow_reads(string file, string name, bool grayscale)
    {
        NtkTensor expected = TensorFile.Read(Repository.Fixture("images", $"expected.npz/{name}"));
        NtkTensor image = ImageFile.Read(Repository.Fixture("images", file), AsIs with { Grayscale = grayscale });
        Assert.Equal([5, 7, grayscale ? 1 : 3], image.Shape);
        Assert.Equal(expected.Reshape(image.Shape), image);
    }

    [Fact]
    public void A_jpeg_differs_by_rounding_at_most()
    {
        var expected = (byte[])TensorFile.Read(Repository.Fixture("images", "expected.npz/jpeg")).ToFlatArray();
        var actual = (byte[])ImageFile.Read(Repository.Fixture("images", "more/photo.jpg"), AsIs).ToFlatArray();
        Assert.InRange(expected.Zip(actual, (e, a) => Math.Abs(e - a)).Max(), 0, 2);
    }

    [Fact]
    public void Making_smaller_averages_and_larger_interpolates()
    {
        NtkTensor small = ImageFile.Read(Repository.Fixture("images", "more/blocks.png"), new ImageOptions(4, 4, true));
        // Each of the 4 x 4 blocks of the picture has one colour.
        Assert.Equal([.. Enumerable.Range(0, 16).Select(i => (byte)(16 * i))], (byte[])small.ToFlatArray());
        NtkTensor wide = ImageFile.Read(Repository.Fixture("images", "a_rgb.png"), new ImageOptions(3, 20, false));
        Assert.Equal([3, 20, 3], wide.Shape);
    }

    [Fact]
    public void What_is_no_image_says_so()
    {
        byte[] whole = File.ReadAllBytes(Repository.Fixture("images", "a_rgb.png"));
        File.WriteAllBytes(_files.New("cut.png"), whole[..(whole.Length / 2)]);
        Assert.Equal(NtkErrorId.FileCorrupt, Assert.Throws<NtkException>(() => ImageFile.Read(_files.New("cut.png"), AsIs)).ErrorId);
        Assert.Equal(NtkErrorId.FormatNotRecognized, Assert.Throws<NtkException>(() => ImageFile.Read(_files.Write("a.txt", "text"), AsIs)).ErrorId);
        Assert.Equal(NtkErrorId.FileCorrupt, Assert.Throws<NtkException>(() => ImageFile.Read(_files.Write("a.png", "text"), AsIs)).ErrorId);
        Assert.Equal(NtkErrorId.PathNotFound, Assert.Throws<NtkException>(() => ImageFile.Read(_files.New("none.png"), AsIs)).ErrorId);
    }
}
