namespace Ntk.Core.Autodiff;

/// <summary>
/// Where the examples lie in a value: along <paramref name="Axis"/>, whose size is Outer · N · Inner in row-major order
/// (a reshape merges the batch with its neighbours, and splits it again).
/// </summary>
/// <param name="Axis">The axis.</param>
/// <param name="Outer">How many blocks of examples lie along the axis.</param>
/// <param name="Inner">How many neighbours each example has along the axis.</param>
public readonly record struct BatchAxis(int Axis, long Outer = 1, long Inner = 1)
{
    /// <summary>Whether the axis holds the examples alone.</summary>
    public bool IsPlain => Outer == 1 && Inner == 1;

    /// <summary>The same place on another axis.</summary>
    public BatchAxis On(int axis) => this with { Axis = axis };
}

/// <summary>What a primitive's batch rule may look at.</summary>
/// <param name="Size">The number of examples.</param>
/// <param name="Operands">The operands' types.</param>
/// <param name="Output">The output's type.</param>
/// <param name="Axes">Where the operands carry the examples; null where they do not.</param>
/// <param name="Introduce">
/// Asks whether an operand that carries no examples may be read as one that does (all examples equal): a constant that repeats along the axis, or a
/// parameter broadcast along it. When it says yes the operand carries them from then on.
/// </param>
public readonly record struct BatchSite(long Size, TensorType[] Operands, TensorType Output, BatchAxis?[] Axes, Func<int, BatchAxis, bool> Introduce)
{
    /// <summary>The only operand that carries the examples; null when several do.</summary>
    public int? Single
    {
        get
        {
            int found = -1;
            for (int i = 0; i < Axes.Length; i++)
            {
                if (Axes[i] is not null)
                {
                    if (found >= 0)
                    {
                        return null;
                    }
                    found = i;
                }
            }
            return found;
        }
    }

    /// <summary>Whether operand <paramref name="operand"/> carries the examples at <paramref name="axis"/>, or can be read so.</summary>
    public bool Has(int operand, BatchAxis axis) => Axes[operand] is { } own ? own == axis : Introduce(operand, axis);
}
