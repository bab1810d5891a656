using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Simulated quantisation: values are rounded to steps and the derivative passes straight through, as far as they lie in the range.</summary>
internal static class QuantizationOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("FakeQuantWithMinMaxArgs", c => Fake(c, Lax.ScalarLike(c[0], c.Float("min", -6)), Lax.ScalarLike(c[0], c.Float("max", 6)))),
        new("FakeQuantWithMinMaxVars", c => Fake(c, c[1], c[2])), new("FakeQuantWithMinMaxVarsPerChannel", c => Fake(c, c[1], c[2])),
        new("QuantizeAndDequantize", c => RoundTrip(c, c.Int("num_bits", 8), false)),
        new("QuantizeAndDequantizeV2", c => RoundTrip(c, c.Int("num_bits", 8), false)), new("QuantizeAndDequantizeV3", c => RoundTrip(c, c.KnownInt(3), false)),
        new("QuantizeAndDequantizeV4", c => RoundTrip(c, c.Int("num_bits", 8), true)),
    ];

    // Equal to rounded; differentiates as passed does.
    private static Value StraightThrough(Value rounded, Value passed) => Lax.StopGradient(rounded) + (passed - Lax.StopGradient(passed));

    // The operand within the range, the nearer end outside: that is where derivatives go.
    private static Value Clipped(Value x, Value low, Value high, Value least, Value most) => Lax.Select(Lax.Less(x, low), least, Lax.Select(Lax.Greater(x, high), most, x));

    // The range is moved a little, so that zero is a step.
    private static OpResult Fake(OpContext c, Value least, Value most)
    {
        double first = c.Bool("narrow_range") ? 1 : 0, last = Math.Pow(2, c.Int("num_bits", 8)) - 1;
        Value x = c[0], scale = (most - least) * (1 / (last - first));
        Value zero = Lax.ScalarLike(scale, first) - (least / scale);
        zero = Lax.Floor(Lax.Minimum(Lax.Maximum(zero, Lax.ScalarLike(zero, first)), Lax.ScalarLike(zero, last)) + 0.5);
        Value low = Lax.StopGradient((first - zero) * scale), high = Lax.StopGradient((last - zero) * scale), inside = Lax.Minimum(Lax.Maximum(x, low), high);
        Value steps = Lax.Floor(((inside - low) / scale) + 0.5);
        return StraightThrough((steps * scale) + low, Clipped(x, low, high, least, most));
    }

    // QuantizeAndDequantizeV2(input, input_min, input_max; signed_input, range_given, round_mode, narrow_range, axis)
    private static OpResult RoundTrip(OpContext c, long bits, bool clips)
    {
        bool signed = c.Bool("signed_input", true), given = c.Bool("range_given"), narrow = c.Bool("narrow_range");
        bool up = c.Choice("round_mode", "HALF_TO_EVEN", "HALF_TO_EVEN", "HALF_UP") == "HALF_UP";
        long axis = c.Int("axis", -1);
        Value x = c[0];
        long[] others = Enumerable.Range(0, x.Rank).Where(a => a != axis).Select(a => (long)a).ToArray();
        Value Spread(Value range) => axis < 0 ? range : Lax.Reshape(range, Enumerable.Range(0, x.Rank).Select(a => a == axis ? x.Shape[a] : 1).ToArray());
        Value least = given ? Spread(c[1]) : Lax.Min(x, others, true), most = given ? Spread(c[2]) : Lax.Max(x, others, true);
        double lowest = signed ? -Math.Pow(2, bits - 1) + (narrow ? 1 : 0) : 0, highest = signed ? Math.Pow(2, bits - 1) - 1 : Math.Pow(2, bits) - 1;
        // The side that is wider for its number of steps gives their size.
        Value size = Lax.StopGradient(lowest == 0 ? most * (1 / highest) : Lax.Maximum(least * (1 / lowest), most * (1 / highest)));
        Value inside = given ? Lax.Minimum(Lax.Maximum(x, size * lowest), size * highest) : x, steps = inside / size;
        Value rounded = (up ? Lax.Floor(steps + 0.5) : Lax.Round(steps)) * size;
        return StraightThrough(rounded, clips && given ? Clipped(x, least, most, least, most) : x);
    }
}
