using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using Ntk.Core.Formats.Graphs;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>
/// A loop whose number of steps depends on the data but has a bound, as dynamic_rnn's has over sequences of given lengths: all steps are run one by one, so that what
/// counts them stays known, and a variable is what it was when the condition first failed.
/// </summary>
internal static class BoundedLoop
{
    private const int MostSteps = 10_000;

    /// <summary>Whether a condition on the data is one that counts, too.</summary>
    public static bool HasBound(Value condition) => condition.IsKnown() || Definition(condition) switch
    {
        (Binary { Name: "and" }, var operands) => operands.Any(HasBound),
        (Binary { Name: "lt" or "le" }, var operands) => Form(operands[1])?.High < double.PositiveInfinity,
        (Binary { Name: "gt" or "ge" }, var operands) => Form(operands[0])?.High < double.PositiveInfinity,
        (Movement, var operands) => HasBound(operands[0]),
        _ => false,
    };

    /// <summary>The variables behind the loop; null where it cannot be run so.</summary>
    public static object[]? TryRun(OpContext c, object[] state, int variables, FlatGraph condition, FlatGraph body, Value more)
    {
        object[] result = state[..variables], running = (object[])state.Clone();
        Value active = more;
        try
        {
            for (int steps = 0; steps < MostSteps; steps++)
            {
                // A step that is not needed passes no derivative on: it would be zero times what may be infinite or NaN.
                Value taken = active;
                object[] entering = Array.ConvertAll(running, s => LoopOps.Each(s, v => ControlOps.Gate(v, taken)));
                c.Tracer.Through(x => ControlOps.Gate(x, taken)).Run(body, entering).CopyTo(running, 0);
                for (int k = 0; k < variables; k++)
                {
                    if (Either(active, running[k], result[k]) is not { } chosen)
                    {
                        return null;
                    }
                    result[k] = chosen;
                }
                Value next = ControlOps.Truth((Value)c.Tracer.Run(condition, running)[0]);
                switch (Decided(next))
                {
                    case false: return result;
                    case null: active = Lax.And(active, next); break;
                }
            }
        }
        catch (Exception error) when (error is NtkException or ShapeException)
        {
            // What stood in the way of the loop as it is says more.
        }
        return null;
    }

    private static object? Either(Value active, object yes, object no) => (yes, no) switch
    {
        (Value x, Value y) when x.Shape.AsSpan().SequenceEqual(y.Shape) => ReferenceEquals(x, y) ? x : Lax.Select(active, x, y),
        (TensorList x, TensorList y) when x.Count == y.Count && y.Items.All(i => i is not null) && x.Items.All(i => i is not null) =>
            x.Of(x.Items.Zip(y.Items, (p, q) => (Value?)Either(active, p!, q!)).ToArray()) is var list && list.Items.All(i => i is not null) ? list : null,
        _ => ReferenceEquals(yes, no) || yes.Equals(no) ? yes : null,
    };

    // What a condition is, whatever the data are.
    private static bool? Decided(Value condition)
    {
        if (condition.IsKnown())
        {
            return condition.KnownScalar() != 0;
        }
        switch (Definition(condition))
        {
            case (Binary { Name: "and" }, var operands):
                bool? a = Decided(operands[0]), b = Decided(operands[1]);
                return a == false || b == false ? false : a & b;
            case (Binary { Name: "lt" or "le" or "gt" or "ge" } compare, var operands):
                bool less = compare.Name[0] == 'l', strict = compare.Name[1] == 't';
                return Form(operands[less ? 0 : 1]) is { } x && Form(operands[less ? 1 : 0]) is { } y
                    ? (strict ? x.High < y.Low : x.High <= y.Low) ? true : (strict ? x.Low >= y.High : x.Low > y.High) ? false : null : null;
            case (Movement, var operands):
                return Decided(operands[0]);
            default:
                return null;
        }
    }

    private static (Primitive Primitive, Value[] Operands)? Definition(Value value) => value.Trace.Definition(value);

    private static IntegerForm? Form(Value value) => IntegerForm.Of(value) is [var form] ? form : null;
}
