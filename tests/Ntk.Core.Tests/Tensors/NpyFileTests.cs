using System.Numerics;
using Ntk.Core.Tensors;
using Xunit;

namespace Ntk.Core.Tests.Tensors;

public sealed class NpyFileTests : IDisposable
{
    private readonly TensorFixtures _files = new();

    public void Dispose() => _files.Dispose();

    public static TheoryData<string, NtkDType> Types => new()
    {
        { "f2", NtkDType.Float16 }, { "f4", NtkDType.Float32 }, { "f8", NtkDType.Float64 },
        { "i1", NtkDType.Int8 }, { "i2", NtkDType.Int16 }, { "i4", NtkDType.Int32 }, { "i8", NtkDType.Int64 },
        { "u1", NtkDType.UInt8 }, { "u2", NtkDType.UInt16 }, { "u4", NtkDType.UInt32 }, { "u8", NtkDType.UInt64 },
        { "bool", NtkDType.Bool }, { "c8", NtkDType.Complex64 }, { "c16", NtkDType.Complex128 },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_type_reads_in_both_byte_orders_and_writes_what_numpy_writes(string code, NtkDType dtype)
    {
        NtkTensor tensor = NpyFile.Read(TensorFixtures.Path($"{code}.npy"));
        Assert.Equal((code, dtype), (tensor.Name, tensor.DType));
        Assert.Equal([3, 4], tensor.Shape);
        for (int i = 0; i < 12; i++)
        {
            double number = code[0] == 'u' ? i : code[0] == 'f' ? (i - 3) / 2.0 : i - 3;
            object expected = code[0] switch { 'b' => i % 2 == 0, 'c' => number * new Complex(1, 0.5), _ => number };
            object actual = tensor[i / 4, i % 4];
            Assert.Equal(expected, expected is double ? actual is Half half ? (double)half : Convert.ToDouble(actual, null) : actual);
        }
        if (tensor.DType.Size() > 1)
        {
            Assert.Equal(tensor, NpyFile.Read(TensorFixtures.Path($"{code}_big.npy")));
        }
        NpyFile.Write(_files.New("again.npy"), tensor);
        Assert.Equal(File.ReadAllBytes(TensorFixtures.Path($"{code}.npy")), File.ReadAllBytes(_files.New("again.npy")));
        Assert.Equal(tensor, NpyFile.Read(TensorFixtures.Path($"{code}.npy"), map: true));
    }

    [Theory]
    [InlineData("fortran.npy")]
    [InlineData("fortran_big.npy")]
    [InlineData("version1.npy")]
    [InlineData("version2.npy")]
    [InlineData("version3.npy")]
    public void Orders_and_versions_give_the_same_tensor(string file)
    {
        NtkTensor tensor = NpyFile.Read(TensorFixtures.Path(file));
        Assert.Equal([2, 3, 4], tensor.Shape);
        Assert.Equal(Enumerable.Range(0, 24).Select(i => (double)i), tensor.AsType(NtkDType.Float64).ToFlatArray().Cast<double>());
    }

    [Fact]
    public void Scalars_empty_and_special_values_read()
    {
        Assert.Equal(2.5, (double)NpyFile.Read(TensorFixtures.Path("scalar.npy"))[0]);
        Assert.Equal([0, 4], NpyFile.Read(TensorFixtures.Path("empty.npy")).Shape);
        Assert.Equal(new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f, 1e-45f, float.MaxValue }, NpyFile.Read(TensorFixtures.Path("special.npy")).ToArray());
    }

    [Theory]
    [InlineData("text.npy", "<U2")]
    [InlineData("record.npy", "[('x', '<f4'), ('y', '<i4')]")]
    public void What_holds_no_numbers_is_named(string file, string type)
    {
        var error = Assert.Throws<NtkException>(() => NpyFile.Read(TensorFixtures.Path(file)));
        Assert.Equal(NtkErrorId.DTypeMismatch, error.ErrorId);
        Assert.Contains(type, error.Message, StringComparison.Ordinal);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_cut_of_a_file_is_an_error_that_names_it()
    {
        byte[] whole = File.ReadAllBytes(TensorFixtures.Path("f4.npy"));
        for (int length = 0; length < whole.Length; length += 7)
        {
            File.WriteAllBytes(_files.New("cut.npy"), whole[..length]);
            var error = Assert.Throws<NtkException>(() => NpyFile.Read(_files.New("cut.npy")));
            Assert.Equal(NtkErrorId.FileCorrupt, error.ErrorId);
            Assert.Contains("cut.npy", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4)", "malformed")]
    [InlineData("{'descr': '<f4', 'fortran_order': 0, 'shape': (3,)}", "malformed")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}", "malformed")]
    [InlineData("{'descr': '<f4', 'fortran_order': False}", "lacks")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,)}", "99,999,999,999")]
    [InlineData("{'descr': '<f8', 'fortran_order': False, 'shape': (2000000000, 2000000000, 3)}", "no memory")]
    public void A_malformed_header_says_what_is_wrong(string header, string words)
    {
        File.WriteAllBytes(_files.New("odd.npy"), [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. System.Text.Encoding.ASCII.GetBytes(header), .. new byte[64]]);
        var error = Assert.Throws<NtkException>(() => NpyFile.Read(_files.New("odd.npy")));
        Assert.Equal(NtkErrorId.FileCorrupt, error.ErrorId);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing.npy", "does not exist")]
    [InlineData("", "is a folder")]
    public void A_missing_file_says_so(string name, string words)
    {
        var error = Assert.Throws<NtkException>(() => NpyFile.Read(_files.New(name)));
        Assert.Equal(NtkErrorId.PathNotFound, error.ErrorId);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public unsafe void A_mapped_file_gets_its_name_only_when_complete()
    {
        string path = _files.New("k.npy");
        using (var writer = new NpyWriter(path, NtkDType.Float32, [2, 3], "k"))
        {
            ((float*)writer.Tensor.Pointer)[4] = 1.5f;
            Assert.False(File.Exists(path));
            NtkTensor kernel = writer.Complete();
            Assert.Equal(("k", 1.5f), (kernel.Name, kernel[1, 1]));
        }
        using (new NpyWriter(path, NtkDType.Float32, [2, 3]))
        {
        }
        Assert.Equal(["k.npy"], _files.Files);
        Assert.Equal(1.5f, NpyFile.Read(path)[1, 1]);
    }

    [Fact]
    public void Writing_keeps_to_the_rules_of_files()
    {
        NtkTensor tensor = NtkTensor.FromArray(new[] { 1, 2 });
        string path = _files.New("a.npy");
        NpyFile.Write(path, tensor);
        Assert.Equal(NtkErrorId.FileExists, Assert.Throws<NtkException>(() => NpyFile.Write(path, tensor, overwrite: false)).ErrorId);
        Assert.Equal(NtkErrorId.PathNotFound, Assert.Throws<NtkException>(() => NpyFile.Write(_files.New("no/a.npy"), tensor)).ErrorId);
        Directory.CreateDirectory(_files.New("folder.npy"));
        Assert.Equal(NtkErrorId.FileWriteFailed, Assert.Throws<NtkException>(() => NpyFile.Write(_files.New("folder.npy"), tensor)).ErrorId);
        Assert.Throws<NotSupportedException>(() => AtomicFile.Write(path, true, _ => throw new NotSupportedException()));
        Assert.Equal(["a.npy"], _files.Files);
        Assert.Equal(tensor, NpyFile.Read(path));
    }

    [Theory]
    [InlineData("npy")]
    [InlineData("npz")]
    [InlineData("safetensors")]
    [InlineData("csv")]
    [InlineData("parquet")]
    public void Stopping_leaves_what_was_there(string extension)
    {
        string path = _files.New($"a.{extension}");
        NtkTensor before = NtkTensor.FromArray(new[] { 1.0, 2 }), large = NtkTensor.FromArray(new double[200_000, 2]);
        TensorFile.Write(path, [before]);
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => TensorFile.Write(path, [large], cancellation: stop.Token));
        Assert.Equal([$"a.{extension}"], _files.Files);
        Assert.Equal(before, TensorFile.Read(path));
    }
}
