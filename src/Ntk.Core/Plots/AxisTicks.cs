using System.Globalization;

namespace Ntk.Core.Plots;

/// <summary>A mark on an axis; minor ones have no text.</summary>
/// <param name="Position">Where, in the axis's own units.</param>
/// <param name="Text">What stands beside it.</param>
internal readonly record struct AxisTick(double Position, string Text);

/// <summary>Round positions on an axis, and numbers as short text.</summary>
internal static class AxisTicks
{
    /// <summary>Some <paramref name="count"/> round positions within a range; on a logarithmic axis decades, with 2 and 5 between few of them.</summary>
    public static IReadOnlyList<AxisTick> Between(double low, double high, int count, bool logarithmic)
    {
        double[] positions = logarithmic ? Logarithmic(low, high, count) : Linear(low, high, count);
        if (logarithmic && positions.Length > 0 && (positions[0] < 1e-3 || positions[^1] >= 1e5))
        {
            // All in one way, though some could be written out.
            return [.. positions.Select(position => new AxisTick(position, Power(position)))];
        }
        int decimals = logarithmic || positions.Length < 2 ? -1 : Math.Max(0, -(int)Math.Floor(Math.Log10(positions[1] - positions[0]) + 1e-9));
        return [.. positions.Select(position => new AxisTick(position, decimals is >= 0 and <= 4 && Math.Abs(position) < 1e5 ? position.ToString($"N{decimals}", CultureInfo.InvariantCulture) : Number(position)))];
    }

    /// <summary>Whole positions below <paramref name="size"/>: 0, 200, 400 …</summary>
    public static IReadOnlyList<AxisTick> Indices(int size, int count)
    {
        double step = Math.Max(1, Step(size, count));
        return [.. Enumerable.Range(0, (int)Math.Ceiling(size / step)).Select(i => new AxisTick(i * step, (i * step).ToString("N0", CultureInfo.InvariantCulture)))];
    }

    /// <summary>The positions 2 … 9 between decades.</summary>
    public static IEnumerable<double> Minor(double low, double high) =>
        from exponent in Enumerable.Range((int)Math.Floor(Math.Log10(low)), (int)Math.Ceiling(Math.Log10(high)) - (int)Math.Floor(Math.Log10(low)) + 1)
        from digit in Enumerable.Range(2, 8)
        let position = digit * Math.Pow(10, exponent)
        where position >= low && position <= high
        select position;

    /// <summary>A number in four digits at most: 1,000, 0.25, 1e-07.</summary>
    public static string Number(double value)
    {
        double size = Math.Abs(value);
        return value == 0 ? "0"
            : size is >= 1e-3 and < 1e5 ? value.ToString(size >= 1000 ? "N0" : "G4", CultureInfo.InvariantCulture)
            : value.ToString("0.###e0", CultureInfo.InvariantCulture);
    }

    // 10⁻⁴, 2·10⁵
    private static string Power(double position)
    {
        int exponent = (int)Math.Floor(Math.Log10(position) + 1e-9), digit = (int)Math.Round(position / Math.Pow(10, exponent));
        string raised = string.Concat($"{exponent}".Select(sign => sign == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[sign - '0']));
        return exponent is 0 or 1 ? $"{digit * Math.Pow(10, exponent)}" : $"{(digit == 1 ? "" : $"{digit}·")}10{raised}";
    }

    private static double[] Linear(double low, double high, int count)
    {
        double step = Step(high - low, count);
        long first = (long)Math.Ceiling((low / step) - 1e-9), last = (long)Math.Floor((high / step) + 1e-9);
        return [.. Enumerable.Range(0, (int)(last - first + 1)).Select(i => (first + i) * step)];
    }

    private static double[] Logarithmic(double low, double high, int count)
    {
        int first = (int)Math.Ceiling(Math.Log10(low) - 1e-9), last = (int)Math.Floor(Math.Log10(high) + 1e-9);
        int every = Math.Max(1, (int)Math.Ceiling((last - first + 1) / (double)count));
        double[] decades = [.. Enumerable.Range(0, Math.Max(0, last - first + 1)).Where(i => (first + i) % every == 0).Select(i => Math.Pow(10, first + i))];
        double[] between = [.. Minor(low, high).Where(position => Math.Round(position / Math.Pow(10, Math.Floor(Math.Log10(position) + 1e-9))) is 2 or 5)];
        return decades.Length >= 3 || between.Length == 0 ? decades : [.. decades.Concat(between).Order()];
    }

    // 1, 2 or 5 times a power of ten.
    private static double Step(double range, int count)
    {
        double raw = Math.Max(range, double.Epsilon) / count, power = Math.Pow(10, Math.Floor(Math.Log10(raw))), digit = raw / power;
        return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    }
}
