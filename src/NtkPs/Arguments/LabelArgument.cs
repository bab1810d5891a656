using System.Collections;
using System.Globalization;
using System.Management.Automation;
using Ntk;
using Ntk.Core.Tensors;

namespace NtkPs;

/// <summary>Class labels as a user has them: names or numbers in a list, a tensor or its rows, or a tensor's path.</summary>
internal static class LabelArgument
{
    /// <summary>The labels as text; null for null.</summary>
    /// <exception cref="NtkException">A file that cannot be read, or something that is no label.</exception>
    public static string[]? Read(PSCmdlet cmdlet, object? value, string argument) => PlainValue.Unwrap(value) switch
    {
        null => null,
        NtkTensor tensor => Flat(tensor),
        // A single example's class, unless it looks like a file.
        string path when TensorFile.IsKnown(TensorFile.Split(path).File) => Flat(TensorFile.Read(SessionPaths.Full(cmdlet, path))),
        IEnumerable list and not string => [.. list.Cast<object?>().Select(item => One(PlainValue.Unwrap(item), argument))],
        var single => [One(single, argument)],
    };

    private static string[] Flat(NtkTensor tensor) => [.. tensor.ToFlatArray().Cast<object>().Select(Text)];

    private static string One(object? item, string argument) => item switch
    {
        NtkTensorRow row when row.Length == 1 => Text(row.ColumnValue(0)),
        string or IConvertible => Text(item),
        _ => throw new NtkException(NtkErrorId.InvalidArgument, $"{argument} has {(item is null ? "an item that is missing ($null)" : $"a {item.GetType().Name}")}; labels are names or numbers, one an example.") { Target = argument },
    };

    private static string Text(object item) => Convert.ToString(item, CultureInfo.InvariantCulture) ?? "";
}
