using System.Management.Automation;
using Ntk;
using Ntk.Core.Tensors;

namespace NtkPs;

/// <summary>Custom objects as rows of numbers: what Import-Csv gives.</summary>
internal static class RecordTable
{
    /// <summary>The tensor (records, properties) of the records' values, numbers or text that is one.</summary>
    /// <exception cref="NtkException">A value that is no number, or records of different lengths.</exception>
    public static NtkTensor Read(object?[] records, string name)
    {
        var rows = new Array[records.Length];
        for (int row = 0; row < rows.Length; row++)
        {
            var cells = new List<object>();
            foreach (PSPropertyInfo property in ((PSObject)records[row]!).Properties)
            {
                object? value = PlainValue.Unwrap(property.Value);
                cells.Add(value switch
                {
                    string text when CsvReader.TryParse(text, out double number) => number,
                    not null when PlainValue.IsNumber(value) => value,
                    _ => throw new NtkException(NtkErrorId.InvalidArgument, $"{name}: record {row}, property '{property.Name}' is '{value}', not a number.") { Target = name },
                });
            }
            rows[row] = cells.ToArray();
        }
        return NtkTensor.FromArray(rows);
    }
}
