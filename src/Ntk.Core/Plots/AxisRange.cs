namespace Ntk.Core.Plots;

/// <summary>The part of an axis that is shown, and where a value lies on it.</summary>
/// <param name="Low">Its first value.</param>
/// <param name="High">Its last value.</param>
/// <param name="Logarithmic">Whether equal ratios are equal lengths.</param>
internal readonly record struct AxisRange(double Low, double High, bool Logarithmic)
{
    /// <summary>A range with all values in it, and a margin (a share of its length) around.</summary>
    public static AxisRange Of(IEnumerable<double> values, bool logarithmic, double margin)
    {
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        foreach (double value in values)
        {
            if (double.IsFinite(value) && (!logarithmic || value > 0))
            {
                (low, high) = (Math.Min(low, value), Math.Max(high, value));
            }
        }
        if (low > high)
        {
            (low, high) = (1, 1);
        }
        if (logarithmic)
        {
            double factor = low == high ? 2 : Math.Pow(high / low, margin);
            return new AxisRange(low / factor, high * factor, true);
        }
        double space = low == high ? Math.Max(Math.Abs(low), 1) / 2 : (high - low) * margin;
        return new AxisRange(low - space, high + space, false);
    }

    /// <summary>0 at the low end, 1 at the high end.</summary>
    public double Share(double value) => Logarithmic ? Math.Log(value / Low) / Math.Log(High / Low) : (value - Low) / (High - Low);

    /// <summary>The value as the picture's coordinate: its decimal logarithm on a logarithmic axis.</summary>
    public double Coordinate(double value) => Logarithmic ? Math.Log10(value) : value;
}
