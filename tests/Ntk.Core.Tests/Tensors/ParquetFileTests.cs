using Ntk.Core.Tensors;
using Xunit;

namespace Ntk.Core.Tests.Tensors;

public sealed class ParquetFileTests : IDisposable
{
    private readonly TensorFixtures _files = new();

    public void Dispose() => _files.Dispose();

    public static TheoryData<Array> Arrays =>
    [
        new[,] { { 0.1f, float.NaN }, { float.MaxValue, -0f }, { 1e-45f, 3 } },
        new[] { 1.0 / 3, double.Epsilon },
        new[,,] { { { 1L, long.MaxValue }, { 3, 4 } } },
        new[] { true, false, true },
        new[,] { { (byte)1, (byte)255 } },
        new[] { ulong.MaxValue },
        new[,] { { short.MinValue } },
        new[,] { { (sbyte)-1, (sbyte)2 } },
        new[] { uint.MaxValue, 1u },
        new[] { ushort.MaxValue },
        new int[0, 3],
    ];

    [Theory]
    [MemberData(nameof(Arrays))]
    public void What_is_written_reads_back_to_the_bit(Array array)
    {
        NtkTensor tensor = NtkTensor.FromArray(array);
        TensorFile.Write(_files.New("a.parquet"), [tensor]);
        NtkTensor read = TensorFile.Read(_files.New("a.parquet"));
        Assert.Equal((tensor.DType, "a"), (read.DType, read.Name));
        Assert.Equal(tensor.Shape, read.Shape);
        Assert.Equal(tensor, read);
    }

    [Fact]
    public void What_Arrow_wrote_is_read_with_its_gaps()
    {
        NtkTensor table = ParquetFile.Read(TensorFixtures.Path("arrow.parquet"));
        // x: doubles, one missing; n: int32; flag: booleans; in three row groups.
        Assert.Equal(NtkDType.Float64, table.DType);
        Assert.Equal(new[,] { { 0.5, 1, 1 }, { double.NaN, 2, 0 }, { 2.5, 3, 1 }, { 3.5, 4, 0 }, { 4.5, 5, 1 } }, table.ToArray());
        NtkTensor whole = ParquetFile.Read(TensorFixtures.Path("arrow_gaps.parquet"));
        Assert.Equal(new[,] { { 1, 10.0 }, { double.NaN, 20 } }, whole.ToArray());
    }

    [Fact]
    public void A_column_of_text_is_named()
    {
        var error = Assert.Throws<NtkException>(() => ParquetFile.Read(TensorFixtures.Path("arrow_text.parquet")));
        Assert.Equal(NtkErrorId.DTypeMismatch, error.ErrorId);
        Assert.Contains("'label'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_is_an_error()
    {
        byte[] whole = File.ReadAllBytes(TensorFixtures.Path("arrow.parquet"));
        foreach (int length in new[] { 0, 3, 40, whole.Length / 2, whole.Length - 5 })
        {
            File.WriteAllBytes(_files.New("cut.parquet"), whole[..length]);
            var error = Assert.Throws<NtkException>(() => ParquetFile.Read(_files.New("cut.parquet")));
            Assert.Equal(NtkErrorId.FileCorrupt, error.ErrorId);
            Assert.Contains("cut.parquet", error.Message, StringComparison.Ordinal);
        }
        Assert.Equal(NtkErrorId.PathNotFound, Assert.Throws<NtkException>(() => ParquetFile.Read(_files.New("none.parquet"))).ErrorId);
    }

    [Fact]
    public void Sixteen_bit_floats_widen_and_complex_numbers_are_refused()
    {
        TensorFile.Write(_files.New("h.parquet"), [NtkTensor.FromArray(new[] { (Half)0.5, (Half)2 })]);
        Assert.Equal(new[] { 0.5f, 2 }, TensorFile.Read(_files.New("h.parquet")).ToArray());
        Assert.Equal(NtkErrorId.DTypeMismatch, Assert.Throws<NtkException>(() => TensorFile.Write(_files.New("c.parquet"), [NtkTensor.FromArray(new[] { System.Numerics.Complex.One })])).ErrorId);
        Assert.Equal(["h.parquet"], _files.Files);
    }

    [Fact]
    public void A_large_table_is_written_in_groups()
    {
        var values = new double[3_000_000, 3];
        for (int i = 0; i < values.GetLength(0); i++)
        {
            (values[i, 0], values[i, 1], values[i, 2]) = (i, i % 7, -i);
        }
        NtkTensor tensor = NtkTensor.FromArray(values);
        TensorFile.Write(_files.New("large.parquet"), [tensor]);
        Assert.Equal(tensor, TensorFile.Read(_files.New("large.parquet")));
    }
}
