using System.Collections;
using System.Globalization;
using System.Management.Automation;
using Ntk.Core.Kernels;

namespace NtkPs;

/// <summary>Whole numbers as axes: PowerShell's own conversion would read '' as axis 0 and 1.5 as axis 2.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class AxisTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => PlainValue.Unwrap(inputData) switch
    {
        null => Array.Empty<int>(),
        IEnumerable list and not string => (from object? item in list select Axis(item)).ToArray(),
        var single => new[] { Axis(single) },
    };

    /// <summary>One axis.</summary>
    /// <exception cref="ArgumentTransformationMetadataException">It is not a whole number.</exception>
    internal static int Axis(object? value) =>
         WholeNumber(value) is { } axis ? axis : throw new ArgumentTransformationMetadataException(PlainValue.Unwrap(value) is { } plain
            ? $"'{plain}' is not an axis; an axis is a whole number, such as 0 or -1." : "An axis is missing ($null); an axis is a whole number, such as 0 or -1.");

    /// <summary>The value as a whole number; null where it is none.</summary>
    internal static int? WholeNumber(object? value)
    {
        object? plain = PlainValue.Unwrap(value);
        double number = plain switch
        {
            sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal => Convert.ToDouble(plain, CultureInfo.InvariantCulture),
            string text when int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int parsed) => parsed,
            _ => double.NaN,
        };
        return number == Math.Truncate(number) && Math.Abs(number) <= int.MaxValue ? (int)number : null;
    }
}

/// <summary><c>Auto</c>, <c>None</c> (or $null), an axis, or in and out axes, as -VmapAxis takes them.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class VmapAxisTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? plain = PlainValue.Unwrap(inputData);
        if (plain is string text && text.Contains(',', StringComparison.Ordinal))
        {
            plain = text.Split(',');
        }
        object?[] parts = plain is IEnumerable list and not string ? PlainValue.ToArray(list) : [plain];
        return parts switch
        {
            [VmapAxes axes] => axes,
            [string word] when word.Equals("Auto", StringComparison.OrdinalIgnoreCase) => VmapAxes.Automatic,
            [var one] when IsNone(one) => VmapAxes.None,
            [var one] when AxisTransformationAttribute.WholeNumber(one) is not null => new VmapAxes(false, AxisTransformationAttribute.Axis(one), AxisTransformationAttribute.Axis(one)),
            [var input, var output] when IsNone(input) || IsNone(output) => VmapAxes.None,
            [var input, var output] => new VmapAxes(false, AxisTransformationAttribute.Axis(input), AxisTransformationAttribute.Axis(output)),
            _ => throw new ArgumentTransformationMetadataException($"-VmapAxis takes Auto, None, one axis, or an input and an output axis (0,0), not '{string.Join(",", parts)}'."),
        };
    }

    private static bool IsNone(object? value) => value is null || (value is string word && word.Equals("None", StringComparison.OrdinalIgnoreCase));
}
