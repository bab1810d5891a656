using Ntk.Core.Autodiff.Primitives;

namespace Ntk.Core.Autodiff;

/// <content>Sorting.</content>
public static partial class Lax
{
    /// <summary>The elements along the last axis in order, and where they were; equal ones keep their order. With <paramref name="first"/> only so many.</summary>
    public static (Value Values, Value Indices) Sort(Value x, bool descending = false, long first = -1)
    {
        Value indices = x.Trace.Apply(new ArgSort(descending, first < 0 ? x.Shape[^1] : first), x);
        return (Gather(x, indices, -1, x.Rank - 1), indices);
    }
}
