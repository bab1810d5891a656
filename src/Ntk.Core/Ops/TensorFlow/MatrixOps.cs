using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Matrix products.</summary>
internal static class MatrixOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("MatMul", c => Product(c, c.Bool("transpose_a"), c.Bool("transpose_b"))),
        new("BatchMatMul", Batched), new("BatchMatMulV2", Batched), new("BatchMatMulV3", Batched),
        new("Cross", Cross),
    ];

    // adj_x and adj_y are conjugate transposes; of real matrices they are transposes.
    private static OpResult Batched(OpContext c)
    {
        bool x = c.Bool("adj_x"), y = c.Bool("adj_y");
        return Lax.MatMul(x ? Lax.Conjugate(c[0]) : c[0], y ? Lax.Conjugate(c[1]) : c[1], x, y);
    }

    private static OpResult Product(OpContext c, bool transposeA, bool transposeB)
    {
        if (c[0].Rank != 2 || c[1].Rank != 2)
        {
            throw new ShapeException($"a product of {Shapes.Format(c[0].Shape)} and {Shapes.Format(c[1].Shape)}, where matrices are needed");
        }
        return Lax.MatMul(c[0], c[1], transposeA, transposeB);
    }

    private static OpResult Cross(OpContext c)
    {
        Value x = c[0], y = c[1];
        return (Lax.Roll(x, -1, -1) * Lax.Roll(y, -1, -2)) - (Lax.Roll(x, -1, -2) * Lax.Roll(y, -1, -1));
    }
}
