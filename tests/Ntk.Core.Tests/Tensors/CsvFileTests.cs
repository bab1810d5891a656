using Ntk.Core.Tensors;
using Xunit;

namespace Ntk.Core.Tests.Tensors;

public sealed class CsvFileTests : IDisposable
{
    private readonly TensorFixtures _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("1,2\n3,4\n", "int64 (2, 2)")]
    [InlineData("1.5,2\n3,4", "float64 (2, 2)")]
    [InlineData("1\n2\n3\n", "int64 (3,)")]
    [InlineData("Value\n1.5\n", "float64 (1,)")]
    [InlineData("\"0\"\n\"1.5\"\n", "float64 (1, 1)")]
    [InlineData("\"0\",\"1\"\r\n\"5\",\"6\"\r\n", "int64 (1, 2)")]
    [InlineData("0,1,2\n0.5,0.25,1\n", "float64 (1, 3)")]
    [InlineData("0,1,2\n3,4,5\n", "int64 (2, 3)")]
    [InlineData("0.0,1.0\n0.5,0.25\n", "float64 (2, 2)")]
    [InlineData("\"0,0\",\"0,1\",\"1,0\",\"1,1\"\n1,2,3,4.5\n", "float64 (1, 2, 2)")]
    [InlineData("#TYPE Ntk.NtkTensorRow\n\"a\",\"b\"\n\n1,2\n", "int64 (1, 2)")]
    [InlineData("\"a, b\",\"c\"\"d\"\n1,2\n", "int64 (1, 2)")]
    [InlineData("nan,-inf,Infinity,+inf\n1,2,3,4e2\n", "float64 (2, 4)")]
    [InlineData("x,y\n", "float64 (0, 2)")]
    public void Shape_and_type_follow_the_text(string text, string expected)
    {
        NtkTensor tensor = CsvFile.Read(_files.Write("a.csv", text));
        Assert.Equal(expected, $"{tensor.DType.NumPyName()} {NtkShape.Format(tensor.Shape)}");
    }

    [Fact]
    public void Values_keep_their_meaning()
    {
        NtkTensor tensor = CsvFile.Read(_files.Write("a.csv", "nan,-inf,9007199254740993,4e2\n"));
        Assert.Equal(new[,] { { double.NaN, double.NegativeInfinity, 9007199254740993.0, 400 } }, tensor.ToArray());
        Assert.Equal(new[] { 9007199254740993L }, CsvFile.Read(_files.Write("b.csv", "9007199254740993\n")).ToArray());
        Assert.Equal(11.0, CsvFile.Read(TensorFixtures.Path("savetxt.csv"))[-1, -1]);
        Assert.Equal([3, 4], CsvFile.Read(TensorFixtures.Path("plain.csv")).Shape);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("1,2\n3\n", "line 2 has 1 cells where the first has 2")]
    [InlineData("a,b\n1,x\n", "line 2, column 2 is 'x'")]
    [InlineData("1,2\n3,\n", "line 2, column 2 is empty")]
    [InlineData("1,\"2\n", "quote in line 1")]
    public void Odd_text_says_where(string text, string words)
    {
        var error = Assert.Throws<NtkException>(() => CsvFile.Read(_files.Write("odd.csv", text)));
        Assert.Equal(NtkErrorId.FileCorrupt, error.ErrorId);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Contains("odd.csv", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_reads_back_to_the_bit()
    {
        NtkTensor[] tensors =
        [
            NtkTensor.FromArray(new[,] { { 0.1, 1.0 / 3 }, { double.MaxValue, double.Epsilon } }),
            NtkTensor.FromArray(new[] { 1.0, 2, -3 }),
            NtkTensor.FromArray(new[,,] { { { double.NaN, double.PositiveInfinity } }, { { -0.0, 5 } } }),
            NtkTensor.FromArray(new[,] { { 1L, long.MaxValue } }),
            NtkTensor.FromArray(new double[0, 3]),
        ];
        foreach (NtkTensor tensor in tensors)
        {
            CsvFile.Write(_files.New("b.csv"), tensor);
            Assert.Equal(tensor, CsvFile.Read(_files.New("b.csv")));
        }
        NtkTensor single = NtkTensor.FromArray(new[] { 0.1f, 1e-45f, 16777216f });
        CsvFile.Write(_files.New("c.csv"), single);
        Assert.Equal(single, CsvFile.Read(_files.New("c.csv")).AsType(NtkDType.Float32));
        Assert.Equal("\"Value\"\n0.1\n1E-45\n16777216.0\n", File.ReadAllText(_files.New("c.csv")));
    }
}
