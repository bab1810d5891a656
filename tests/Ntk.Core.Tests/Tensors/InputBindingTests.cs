using Ntk.Core.Tensors;
using Xunit;

namespace Ntk.Core.Tests.Tensors;

public class InputBindingTests
{
    private static readonly NtkTensorSpec Image = new("image", [-1, 2, 2, 1], NtkDType.Float32);
    private static readonly NtkTensorSpec Tokens = new("tokens", [-1, 3], NtkDType.Int32);

    private static NtkTensor Ones(NtkDType dtype, params int[] shape) => NtkTensor.Allocate(dtype, shape).Add(NtkTensor.FromArray(new[] { 1 }).AsType(dtype));

    [Theory]
    [InlineData(NtkDType.Float64)]
    [InlineData(NtkDType.UInt8)]
    [InlineData(NtkDType.Int32)]
    [InlineData(NtkDType.Int64)]
    [InlineData(NtkDType.Bool)]
    public void Numbers_convert_where_that_loses_nothing(NtkDType from)
    {
        NtkTensor bound = InputBinding.Conform(Ones(NtkDType.Int32, 5, 2, 2, 1).AsType(from), Image, "-X1");
        Assert.Equal(Ones(NtkDType.Float32, 5, 2, 2, 1), bound);
    }

    [Theory]
    [InlineData(new[] { 16777217 }, NtkDType.Float32, "16777217")]
    [InlineData(new[] { 1.5 }, NtkDType.Int32, "1.5")]
    [InlineData(new[] { double.NaN }, NtkDType.Int64, "NaN")]
    [InlineData(new[] { 9223372036854775808.0 }, NtkDType.Int64, "9.22")]
    [InlineData(new[] { long.MaxValue }, NtkDType.Float64, "9223372036854775807")]
    [InlineData(new[] { 1L << 31 }, NtkDType.Int32, "2147483648")]
    [InlineData(new[] { -1 }, NtkDType.UInt64, "-1")]
    [InlineData(new[] { 1e39 }, NtkDType.Float32, "1E+39")]
    [InlineData(new[] { 2 }, NtkDType.Bool, "2")]
    public void What_would_be_lost_is_named(Array values, NtkDType to, string words)
    {
        var error = Assert.Throws<NtkException>(() => LosslessCast.To(NtkTensor.FromArray(values), to, "-X1"));
        Assert.Equal(NtkErrorId.DTypeMismatch, error.ErrorId);
        Assert.Contains($"element [0], {words}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { 1.0, -2 }, NtkDType.Int32)]
    [InlineData(new[] { 0.1, double.NaN, double.PositiveInfinity }, NtkDType.Float32)]
    [InlineData(new[] { 1L << 53 }, NtkDType.Float64)]
    [InlineData(new[] { 16777216 }, NtkDType.Float32)]
    [InlineData(new[] { 0.1, 100 }, NtkDType.BFloat16)]
    public void What_is_kept_converts(Array values, NtkDType to) => Assert.Equal(to, LosslessCast.To(NtkTensor.FromArray(values), to, "-X1").DType);

    [Fact]
    public void Flat_rows_fill_an_input_of_the_same_count()
    {
        Assert.Equal([5, 2, 2, 1], InputBinding.Conform(Ones(NtkDType.Float32, 5, 4), Image, "-X1").Shape);
        Assert.Equal([5, 1], InputBinding.Conform(Ones(NtkDType.Float32, 5), new("x", [-1, 1], NtkDType.Float32), "-X1").Shape);
    }

    [Theory]
    [InlineData(new[] { 2, 2, 1 }, "$x.Reshape(1, 2, 2, 1)")]
    [InlineData(new[] { 5, 3 }, "(5, 3)")]
    [InlineData(new[] { 5, 2, 3, 1 }, "takes (?, 2, 2, 1)")]
    [InlineData(new[] { 5, 2, 2, 1, 1 }, "$x.Reshape(5, 2, 2, 1)")]
    public void Another_shape_is_an_error_with_the_way_out(int[] shape, string words)
    {
        var error = Assert.Throws<NtkException>(() => InputBinding.Conform(Ones(NtkDType.Float32, shape), Image, "-X1"));
        Assert.Equal(NtkErrorId.ShapeMismatch, error.ErrorId);
        Assert.Contains("'image'", error.Message, StringComparison.Ordinal);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_computed_in_float64_stays_float64()
    {
        NtkTensor value = NtkTensor.FromArray(new double[,,,] { { { { 0.1 }, { 0.2 } }, { { 0.3 }, { 0.4 } } } });
        Assert.Same(value.Shape, InputBinding.Conform(value, Image, "-X1", NtkPrecision.Double).Shape);
        Assert.Equal(NtkDType.Float64, InputBinding.Conform(value, Image, "-X1", NtkPrecision.Double).DType);
        Assert.Equal(NtkDType.Float32, InputBinding.Conform(value, Image, "-X1").DType);
        Assert.Equal(NtkDType.Int32, InputBinding.Conform(Ones(NtkDType.Float64, 5, 3), Tokens, "-X1", NtkPrecision.Double).DType);
    }

    [Fact]
    public void Several_inputs_bind_by_name_in_the_models_order()
    {
        var given = new Dictionary<string, NtkTensor> { ["tokens:0"] = Ones(NtkDType.Int64, 5, 3), ["image"] = Ones(NtkDType.Float32, 5, 2, 2, 1) };
        IReadOnlyList<NtkTensor> bound = InputBinding.ByName(given, [Image, Tokens], "-X1");
        Assert.Equal([NtkDType.Float32, NtkDType.Int32], bound.Select(t => t.DType));
        given.Remove("tokens:0");
        Assert.Contains("no value for the input tokens (?, 3) Int32", Error(() => InputBinding.ByName(given, [Image, Tokens], "-X1")), StringComparison.Ordinal);
        given["token"] = given["image"];
        Assert.Contains("names an input 'token'", Error(() => InputBinding.ByName(given, [Image, Tokens], "-X1")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_binds_only_where_inputs_have_an_order()
    {
        NtkTensor[] given = [Ones(NtkDType.Float32, 5, 2, 2, 1), Ones(NtkDType.Int32, 5, 3)];
        Assert.Equal(2, InputBinding.InOrder(given, [Image, Tokens], ordered: true, "-X1").Count);
        Assert.Contains("-X1 @{ 'image' = …; 'tokens' = … }", Error(() => InputBinding.InOrder(given, [Image, Tokens], ordered: false, "-X1")), StringComparison.Ordinal);
        Assert.Contains("one tensor, and the model takes 2", Error(() => InputBinding.InOrder(given[..1], [Image, Tokens], ordered: true, "-X1")), StringComparison.Ordinal);
        Assert.Contains("2 tensors, and the model takes one", Error(() => InputBinding.InOrder(given, [Image], ordered: true, "-X1")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_parameter_takes_its_own_shape()
    {
        var parameter = new NtkParameter("dense/kernel", [3, 2], NtkDType.Float32, true, () => null);
        Assert.Equal(NtkDType.Float32, InputBinding.ConformParameter(Ones(NtkDType.Float64, 3, 2), parameter).DType);
        Assert.Equal(NtkErrorId.ShapeMismatch, Assert.Throws<NtkException>(() => InputBinding.ConformParameter(Ones(NtkDType.Float64, 2, 3), parameter)).ErrorId);
    }

    [Fact]
    public void Rows_with_NaN_are_counted()
    {
        Assert.Equal(2, InputBinding.CountRowsNotFinite(NtkTensor.FromArray(new[,] { { 1, double.NaN }, { 2, 3 }, { double.NaN, double.NaN } })));
        Assert.Equal(0, InputBinding.CountRowsNotFinite(NtkTensor.FromArray(new[,] { { 1, 2 } })));
        Assert.Equal(1, InputBinding.CountRowsNotFinite(NtkTensor.FromArray(new[] { Half.NaN, Half.One })));
    }

    private static string Error(Func<object> action)
    {
        var error = Assert.Throws<NtkException>(action);
        Assert.Equal(NtkErrorId.InputMismatch, error.ErrorId);
        return error.Message;
    }
}
