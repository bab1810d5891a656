using System.Collections;
using System.Management.Automation;
using Ntk;
using Ntk.Core.Analysis;

namespace NtkPs;

/// <summary>What a user may give for training targets: whatever is a tensor, or texts as class labels (several: a single text is a path).</summary>
internal static class TargetsArgument
{
    /// <summary>Reads <c>-YTrain</c>.</summary>
    /// <exception cref="NtkException">It is neither labels nor a tensor, or a file cannot be read.</exception>
    public static RegressionTargets Read(PSCmdlet cmdlet, object? value) =>
        Labels(value) is { } labels ? RegressionTargets.From(labels) : RegressionTargets.From(TensorArgument.One(cmdlet, value, "-YTrain"));

    private static string[]? Labels(object? value)
    {
        if (PlainValue.Unwrap(value) is not IEnumerable list || list is string or NtkTensor or IDictionary)
        {
            return null;
        }
        object?[] items = PlainValue.ToArray(list);
        // Records of one property, as Import-Csv makes of a file with one column.
        if (items.Length > 1 && Array.TrueForAll(items, item => PlainValue.IsRecord(item) && ((PSObject)item!).Properties.Count() == 1))
        {
            items = Array.ConvertAll(items, item => PlainValue.Unwrap(((PSObject)item!).Properties.First().Value));
            return Array.TrueForAll(items, item => item is string) && !Array.TrueForAll(items, item => Ntk.Core.Tensors.CsvReader.TryParse((string)item!, out _)) ? Array.ConvertAll(items, item => (string)item!) : null;
        }
        return items.Length > 1 && Array.TrueForAll(items, item => item is string or Enum or char) ? Array.ConvertAll(items, item => item!.ToString()!) : null;
    }
}
