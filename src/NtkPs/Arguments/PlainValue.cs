using System.Collections;
using System.Management.Automation;
using Ntk;

namespace NtkPs;

/// <summary>Values out of PowerShell's wrappers.</summary>
internal static class PlainValue
{
    /// <summary>The .NET object; a custom object stays wrapped, its properties are in the wrapper.</summary>
    public static object? Unwrap(object? value) => value is PSObject wrapped && wrapped.BaseObject is not PSCustomObject ? wrapped.BaseObject : value;

    /// <summary>Whether the array's element type is a number.</summary>
    public static bool IsNumeric(Array array) => Elements.DTypeOf(array.GetType().GetElementType()!) is not null;

    /// <summary>Whether the value is a number that a tensor can hold.</summary>
    public static bool IsNumber(object value) => Elements.DTypeOf(value.GetType()) is not null;

    /// <summary>Whether the value is a custom object, a row of a table.</summary>
    public static bool IsRecord(object? value) => value is PSObject { BaseObject: PSCustomObject };

    /// <summary>A list as an array, its items unwrapped and its nested lists likewise.</summary>
    public static object?[] ToArray(IEnumerable list)
    {
        var items = new List<object?>();
        foreach (object? item in list)
        {
            object? plain = Unwrap(item);
            items.Add(plain is IEnumerable nested and not (string or NtkTensor or PSObject or IDictionary) && !(plain is Array array && IsNumeric(array)) ? ToArray(nested) : plain);
        }
        return [.. items];
    }
}
