using System.Buffers.Binary;
using System.Text;
using Ntk.Core.Tensors;
using Xunit;

namespace Ntk.Core.Tests.Tensors;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TensorFixtures _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void What_Python_wrote_by_the_format_s_description_is_read()
    {
        using var file = new SafetensorsFile(TensorFixtures.Path("python.safetensors"));
        Assert.Equal(["bf16", "bool", "empty", "f16", "f32", "f64", "i64", "scalar", "u8"], file.Names.Order());
        NtkTensor f32 = file.Read("f32");
        Assert.Equal(("f32", NtkDType.Float32), (f32.Name, f32.DType));
        Assert.Equal(new[,] { { 0f, 0.5f, 1f }, { 1.5f, 2f, 2.5f } }, f32.ToArray());
        Assert.Equal(new[] { 1.0, -2.5 }, file.Read("f64").ToArray());
        Assert.Equal(new[] { (Half)0.5, (Half)(-3) }, file.Read("f16").ToArray());
        Assert.Equal(new[] { 1.5f, -0.25f }, file.Read("bf16").ToArray());
        Assert.Equal(new[] { long.MinValue, 7 }, file.Read("i64").ToArray());
        Assert.Equal(new byte[] { 1, 255 }, file.Read("u8").ToArray());
        Assert.Equal(new[] { true, false, true }, file.Read("bool").ToArray());
        Assert.Equal([], file.Read("scalar").Shape);
        Assert.Equal([0, 4], file.Read("empty").Shape);
    }

    [Fact]
    public void What_is_written_reads_back_and_is_aligned()
    {
        NtkTensor[] tensors = [NtkTensor.FromArray(new[] { true, false, true }, "flags"), NtkTensor.FromArray(new[,] { { 0.1, 2 } }, "w"), NtkTensor.FromArray(new[] { 1f }, "w"), NtkTensor.FromArray(new[] { 3 })];
        TensorFile.Write(_files.New("a.safetensors"), tensors);
        using var file = new SafetensorsFile(_files.New("a.safetensors"));
        Assert.Equal(["w", "w_1", "arr_3", "flags"], file.Names);
        Assert.Equal(tensors[1], file.Read("w"));
        Assert.Equal(tensors[2], file.Read("w_1"));
        Assert.Equal(tensors[3], file.Read("arr_3"));
        Assert.Equal(tensors[0], TensorFile.Read(_files.New("a.safetensors/flags")));
        byte[] bytes = File.ReadAllBytes(_files.New("a.safetensors"));
        Assert.Equal(0, BinaryPrimitives.ReadInt64LittleEndian(bytes) % 8);
    }

    [Theory]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4, "was it cut off")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, "does not take 8 bytes")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 12, "belong to none")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}", 6, "does not begin where")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "lies at")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "malformed")]
    [InlineData("{\"a\":[]}", 4, "malformed")]
    [InlineData("[1, 2]", 4, "malformed")]
    [InlineData("{\"a\":", 4, "malformed")]
    public void A_damaged_file_says_what_is_wrong(string header, int data, string words)
    {
        byte[] text = Encoding.UTF8.GetBytes(header), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        File.WriteAllBytes(_files.New("odd.safetensors"), [.. length, .. text, .. new byte[data]]);
        var error = Assert.Throws<NtkException>(() => TensorFile.Read(_files.New("odd.safetensors")));
        Assert.Equal(NtkErrorId.FileCorrupt, error.ErrorId);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Contains("odd.safetensors", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_cut_is_an_error()
    {
        byte[] whole = File.ReadAllBytes(TensorFixtures.Path("python.safetensors"));
        for (int length = 0; length < whole.Length; length += 13)
        {
            File.WriteAllBytes(_files.New("cut.safetensors"), whole[..length]);
            Assert.Equal(NtkErrorId.FileCorrupt, Assert.Throws<NtkException>(() => new SafetensorsFile(_files.New("cut.safetensors"))).ErrorId);
        }
    }

    [Fact]
    public void Types_that_one_side_lacks_are_named()
    {
        var error = Assert.Throws<NtkException>(() => TensorFile.Write(_files.New("c.safetensors"), [NtkTensor.FromArray(new[] { System.Numerics.Complex.One })]));
        Assert.Equal(NtkErrorId.DTypeMismatch, error.ErrorId);
        byte[] text = Encoding.UTF8.GetBytes("{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[0,2]}}"), length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        File.WriteAllBytes(_files.New("f8.safetensors"), [.. length, .. text, 0, 0]);
        Assert.Contains("F8_E4M3", Assert.Throws<NtkException>(() => TensorFile.Read(_files.New("f8.safetensors"))).Message, StringComparison.Ordinal);
        Assert.Equal(NtkErrorId.TensorNotFound, Assert.Throws<NtkException>(() => TensorFile.Read(_files.New("f8.safetensors/b"))).ErrorId);
    }
}
