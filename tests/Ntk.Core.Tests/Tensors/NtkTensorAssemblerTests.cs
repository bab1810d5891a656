using Xunit;

namespace Ntk.Core.Tests.Tensors;

public unsafe class NtkTensorAssemblerTests
{
    private static readonly NtkTensor A = NtkTensor.FromArray(new[,] { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 7, 8 } }, "a");
    private static readonly NtkTensor B = NtkTensor.FromArray(new[] { 0.5, 1.5 }, "b");

    private static IReadOnlyList<NtkTensor> Assemble(params IEnumerable<NtkTensorRow> rows)
    {
        var assembler = new NtkTensorAssembler();
        foreach (NtkTensorRow row in rows)
        {
            assembler.Add(row);
        }
        return assembler.Complete();
    }

    [Fact]
    public void All_rows_are_the_tensor_itself() => Assert.Same(A, Assert.Single(Assemble(A)));

    [Fact]
    public void Rows_in_sequence_are_a_view()
    {
        NtkTensor part = Assert.Single(Assemble(A[1], A[2]));
        Assert.True(part.Pointer == A.Slice(1, 2).Pointer);
        Assert.Equal(new[,] { { 3, 4 }, { 5, 6 } }, part.ToArray());
    }

    [Fact]
    public void Filtered_and_reordered_rows_keep_their_order()
    {
        NtkTensor part = Assert.Single(Assemble(A[3], A[0], A[1]));
        Assert.Equal(new[,] { { 7, 8 }, { 1, 2 }, { 3, 4 } }, part.ToArray());
        Assert.Equal("a", part.Name);
    }

    [Fact]
    public void Rows_of_different_tensors_come_apart_even_when_mixed()
    {
        IReadOnlyList<NtkTensor> parts = Assemble(A[0], B[0], A[1], B[1]);
        Assert.Equal(2, parts.Count);
        Assert.Equal(new[,] { { 1, 2 }, { 3, 4 } }, parts[0].ToArray());
        Assert.Same(B, parts[1]);
    }

    [Fact]
    public void A_single_row_keeps_its_axis() => Assert.Equal([1, 2], Assert.Single(Assemble(A[-1])).Shape);

    [Fact]
    public void A_scalar_is_one_row()
    {
        NtkTensor scalar = NtkTensor.FromArray(new[] { 2.5 }, []);
        Assert.Equal(2.5, (double)Assert.Single(scalar));
        Assert.Same(scalar, Assert.Single(Assemble(scalar)));
    }
}
