using System.Numerics;
using Xunit;

namespace Ntk.Core.Tests.Tensors;

public class NtkTensorTests
{
    private static readonly NtkTensor Cube = NtkTensor.FromArray(Enumerable.Range(0, 24).Select(i => (float)i).ToArray(), [2, 3, 4], "cube");

    [Fact]
    public void A_rectangular_array_keeps_shape_type_and_elements()
    {
        var array = new double[,] { { 1, 2, 3 }, { 4, 5, 6 } };
        NtkTensor tensor = NtkTensor.FromArray(array, "a");
        Assert.Equal(("a", NtkDType.Float64, 2, 6L), (tensor.Name, tensor.DType, tensor.Rank, tensor.Count));
        Assert.Equal([2, 3], tensor.Shape);
        Assert.Equal(array, tensor.ToArray());
        Assert.Equal(new double[] { 1, 2, 3, 4, 5, 6 }, tensor.ToFlatArray());
    }

    [Fact]
    public void Jagged_and_nested_arrays_take_the_common_type()
    {
        Assert.Equal(new float[,] { { 1, 2 }, { 3, 4 } }, NtkTensor.FromArray(new float[][] { [1, 2], [3, 4] }).ToArray());
        NtkTensor mixed = NtkTensor.FromArray(new object[] { new object[] { 1, 2.5 }, new object[] { (byte)3, 4L } });
        Assert.Equal(new[,] { { 1, 2.5 }, { 3, 4 } }, mixed.ToArray());
        Assert.Equal(NtkDType.Int64, NtkTensor.FromArray(new object[] { 1, 2L }).DType);
        Assert.Equal(new[] { 1.5, 2 }, NtkTensor.FromArray(new[] { 1.5m, 2m }).ToArray());
        Assert.Equal([1, 2, 2], NtkTensor.FromArray(new int[][,] { new[,] { { 1, 2 }, { 3, 4 } } }).Shape);
    }

    [Theory]
    [InlineData(new object[] { 1, null! }, NtkErrorId.InvalidArgument, "missing")]
    [InlineData(new object[] { "a" }, NtkErrorId.InvalidArgument, "'a' (String) is not a number")]
    [InlineData(new object[] { new[] { 1 }, 2 }, NtkErrorId.ShapeMismatch, "side by side")]
    [InlineData(new object[] { new[] { 1 }, new[] { 2, 3 } }, NtkErrorId.ShapeMismatch, "(1,) and (2,)")]
    public void What_is_no_tensor_says_why(object[] array, string id, string words)
    {
        var error = Assert.Throws<NtkException>(() => NtkTensor.FromArray(array));
        Assert.Equal(id, error.ErrorId);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Indices_give_rows_and_elements_from_either_end()
    {
        Assert.Equal(23f, Cube[1, 2, 3]);
        Assert.Equal(23f, Cube[-1, -1, -1]);
        Assert.Equal(new float[,] { { 12, 13, 14, 15 }, { 16, 17, 18, 19 }, { 20, 21, 22, 23 } }, Cube[-1].ToArray());
        Assert.Equal(14f, Cube[1][0, 2]);
        Assert.Contains("Index 2 is outside axis 0", Assert.Throws<ArgumentOutOfRangeException>(() => Cube[2]).Message, StringComparison.Ordinal);
        Assert.Contains("2 indices for 3 axes", Assert.Throws<ArgumentException>(() => Cube[0, 1]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_slice_is_a_view_of_rows()
    {
        NtkTensor tensor = NtkTensor.FromArray(new[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } });
        Assert.Equal(new[,] { { 3, 4 }, { 5, 6 } }, tensor.Slice(1, 2).ToArray());
        Assert.Equal(new[,] { { 5, 6 } }, tensor.Slice(-1, 1).ToArray());
        Assert.Equal([0, 2], tensor.Slice(3, 0).Shape);
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.Slice(2, 2));
    }

    [Fact]
    public void Columns_are_named_by_rank()
    {
        Assert.Equal(["Value"], NtkTensor.NameColumns([5]));
        Assert.Equal(["Value"], NtkTensor.NameColumns([]));
        Assert.Equal(["0", "1", "2"], NtkTensor.NameColumns([5, 3]));
        Assert.Equal(["0,0", "0,1", "1,0", "1,1"], NtkTensor.NameColumns([5, 2, 2]));
    }

    [Fact]
    public void Reshape_and_transpose_follow_numpy()
    {
        Assert.Equal([4, 6], Cube.Reshape(4, -1).Shape);
        Assert.Equal(7f, Cube.Reshape(4, 6)[1, 1]);
        NtkTensor turned = Cube.Transpose(2, 0, 1);
        Assert.Equal([4, 2, 3], turned.Shape);
        Assert.Equal(Cube[1, 2, 3], turned[3, 1, 2]);
        Assert.Equal(Cube, Cube.Transpose().Transpose());
        Assert.Equal(NtkErrorId.ShapeMismatch, Assert.Throws<NtkException>(() => Cube.Reshape(5, -1)).ErrorId);
        Assert.Equal(NtkErrorId.InvalidAxis, Assert.Throws<NtkException>(() => Cube.Transpose(0, 0, 1)).ErrorId);
    }

    [Fact]
    public void Arithmetic_broadcasts_and_promotes()
    {
        NtkTensor ints = NtkTensor.FromArray(new[,] { { 1, 2 }, { 3, 4 } });
        NtkTensor row = NtkTensor.FromArray(new[] { 0.5f, 1.5f });
        Assert.Equal(new[,] { { 1.5, 3.5 }, { 3.5, 5.5 } }, ints.Add(row).ToArray());
        Assert.Equal(new[,] { { 3, 6 }, { 9, 12 } }, ints.Multiply(3).ToArray());
        Assert.Equal(new[,] { { 0.5, 1 }, { 1.5, 2 } }, ints.Divide(2).ToArray());
        Assert.Equal(new[,] { { 0, 0 }, { 0, 0 } }, ints.Subtract(ints).ToArray());
        Assert.Equal(NtkDType.Float32, row.Multiply(0.1).DType);
        Assert.Equal(new Complex[] { new(2, 2) }, NtkTensor.FromArray(new Complex[] { new(1, 1) }).Multiply(2).ToArray());
        Assert.Contains("(2, 2) and (3,)", Assert.Throws<NtkException>(() => ints.Add(NtkTensor.FromArray(new[] { 1, 2, 3 }))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Equality_is_of_type_shape_and_numbers()
    {
        NtkTensor a = NtkTensor.FromArray(new[] { 0.0, double.NaN }, "a"), b = NtkTensor.FromArray(new[] { -0.0, double.NaN }, "b");
        Assert.True(a.Equals(b));
        Assert.Equal(a.GetHashCode(), b.GetHashCode());
        Assert.False(a.Equals(a.Add(1)));
        Assert.False(a.Equals(a.Reshape(2, 1)));
        Assert.False(a.Equals(a.AsType(NtkDType.Float32)));
    }

    [Theory]
    [InlineData(1f, 0x3F80)]
    [InlineData(1.00390625f, 0x3F80)] // half way, to even
    [InlineData(1.01171875f, 0x3F82)]
    [InlineData(float.NegativeInfinity, 0xFF80)]
    public void Bfloat16_rounds_to_nearest_even(float value, int bits) => Assert.Equal(bits, Elements.ToBFloat16(value));

    [Fact]
    public void A_single_element_row_stands_for_its_number()
    {
        NtkTensorRow row = NtkTensor.FromArray(new[] { 1.5f, 2.5f })[1];
        Assert.Equal(2.5, (double)row);
        Assert.Equal(5.0, row * 2);
        Assert.True(row.Equals(2.5));
        Assert.True(row.CompareTo(2) > 0);
        Assert.Throws<InvalidCastException>(() => (double)Cube[0]);
    }

    [Fact]
    public void A_disposed_tensor_says_so_and_its_views_live_on()
    {
        NtkTensor tensor = NtkTensor.FromArray(new[] { 1, 2, 3 }, "gone");
        NtkTensor view = tensor.Slice(1, 2);
        tensor.Dispose();
        tensor.Dispose();
        Assert.Contains("'gone' (3,) was disposed", Assert.Throws<ObjectDisposedException>(() => tensor.ToArray()).Message, StringComparison.Ordinal);
        Assert.Equal("gone int32 (3,) (disposed)", tensor.ToString());
        Assert.Equal(new[] { 2, 3 }, view.ToArray());
        view.Dispose();
        Assert.Throws<ObjectDisposedException>(() => view.ToArray());
    }

    [Fact]
    public void Text_shows_a_corner()
    {
        Assert.Equal("cube float32 (2, 3, 4)\n[[[ 0  1  2  3]\n  [ 4  5  6  7]\n  [ 8  9 10 11]]\n [[12 13 14 15]\n  [16 17 18 19]\n  [20 21 22 23]]]", Cube.ToString());
        NtkTensor large = NtkTensor.FromArray(new double[1000, 2000]);
        Assert.Equal(8, large.ToString().Split('\n').Length);
        Assert.Contains("[0 0 0 … 0 0 0]", large.ToString(), StringComparison.Ordinal);
        Assert.Equal("float64 () 2.5", NtkTensor.FromArray(new[] { 2.5 }, []).ToString());
        Assert.Equal("float32 (0, 4) []", NtkTensor.FromArray(new float[0, 4]).ToString());
        Assert.Equal("0 0 0 … 0 0 0", large[5].ToString());
    }

    [Fact]
    public void A_shape_of_too_many_elements_is_refused() =>
        Assert.Equal(NtkErrorId.ShapeMismatch, Assert.Throws<NtkException>(() => NtkShape.Count([int.MaxValue, int.MaxValue, 4])).ErrorId);
}
