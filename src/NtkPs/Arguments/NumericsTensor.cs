using System.Collections;
using Ntk;

namespace NtkPs;

/// <summary>
/// Tensors of System.Numerics.Tensors. That library comes with neither .NET nor PowerShell; whichever version a session has loaded is read through the two things that
/// all have, lengths and elements in row-major order, so that the module needs none.
/// </summary>
internal static class NumericsTensor
{
    private delegate ReadOnlySpan<nint> LengthsOf();

    /// <summary>The tensor copied into ours; null where the value is none.</summary>
    public static NtkTensor? Read(IEnumerable value)
    {
        Type type = value.GetType();
        if (type is not { Namespace: "System.Numerics.Tensors", IsGenericType: true } || type.GetProperty("Lengths")?.GetMethod is not { } lengths || lengths.ReturnType != typeof(ReadOnlySpan<nint>))
        {
            return null;
        }
        int[] shape = [.. lengths.CreateDelegate<LengthsOf>(value)().ToArray().Select(length => checked((int)length))];
        var elements = Array.CreateInstance(type.GetGenericArguments()[0], NtkShape.Count(shape));
        long at = 0;
        foreach (object? element in value)
        {
            elements.SetValue(element, at++);
        }
        return NtkTensor.FromArray(elements, shape);
    }
}
