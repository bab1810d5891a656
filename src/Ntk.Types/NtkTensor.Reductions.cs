namespace Ntk;

/// <content>What many elements come down to.</content>
public sealed partial class NtkTensor
{
    /// <summary>For each row along the last axis the position of its largest element, the first of equal ones: the class with the highest score.</summary>
    /// <returns>Count / (size of the last axis) positions, in row-major order.</returns>
    /// <exception cref="NtkException">The tensor has no axes, or an empty last one.</exception>
    public long[] ArgMax()
    {
        if (Rank == 0 || Shape[^1] == 0)
        {
            throw new NtkException(NtkErrorId.ShapeMismatch, $"A tensor of shape {NtkShape.Format(Shape)} has no largest element along its last axis.");
        }
        Array values = ToFlatArray();
        int width = Shape[^1];
        var result = new long[Count / width];
        var comparer = System.Collections.Comparer.DefaultInvariant;
        for (long r = 0; r < result.Length; r++)
        {
            long best = r * width;
            for (long i = best + 1; i < (r + 1) * width; i++)
            {
                if (comparer.Compare(values.GetValue(i), values.GetValue(best)) > 0)
                {
                    best = i;
                }
            }
            result[r] = best - (r * width);
        }
        return result;
    }
}
