using System.Collections;
using System.Management.Automation;

namespace NtkPs;

/// <summary>One index of an output without its batch axis (<c>10,20</c>) or a list of them; arrays of arrays of whole numbers.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class OutputIndexTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        object? plain = PlainValue.Unwrap(inputData);
        object?[] items = plain is IEnumerable list and not string ? PlainValue.ToArray(list) : [plain];
        if (items.Length == 0 || plain is null)
        {
            throw new ArgumentTransformationMetadataException("-OutputIndex names no element of the output; leave it out for all of them.");
        }
        // Flat numbers are one index, until the output's rank says that they are several.
        return Array.Exists(items, item => item is Array)
            ? Array.ConvertAll(items, item => item is Array index ? Index(index) : [Whole(item)])
            : new[] { Index(items) };
    }

    /// <summary>What was given for an output of <paramref name="rank"/> axes, batch axis included; null when nothing was.</summary>
    internal static IReadOnlyList<int[]>? For(int[][]? given, int? rank) =>
        given is [var flat] && rank == 2 ? Array.ConvertAll(flat, i => new[] { i }) : given;

    private static int[] Index(Array items) => [.. from object? item in items select Whole(item)];

    private static int Whole(object? value) => AxisTransformationAttribute.WholeNumber(value)
        ?? throw new ArgumentTransformationMetadataException($"'{PlainValue.Unwrap(value)}' is no index; an index is one whole number for each axis of the output but the batch's, such as 3 or 10,20.");
}
