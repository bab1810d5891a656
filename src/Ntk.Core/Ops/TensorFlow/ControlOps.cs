using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Graphs;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>Conditionals, resolved while tracing where their conditions are known; identities.</summary>
internal static class ControlOps
{
    /// <summary>The ops.</summary>
    public static OpDefinition[] Table { get; } =
    [
        new("If", If), new("StatelessIf", If), new("Case", Case), new("StatelessCase", Case),
        new("Switch", Switch, "output_false", "output_true"), new("Merge", Merge, "output", "value_index"), new("LoopCond", Pass),
        new("Identity", Pass), new("Snapshot", Pass), new("DeepCopy", Pass), new("Copy", Pass), new("PreventGradient", Pass), new("GuaranteeConst", Pass), new("DebugIdentityV2", Pass), new("DebugIdentityV3", Pass), new("CheckNumerics", Pass),
        new("CheckNumericsV2", Pass), new("IdentityN", CustomGradientOp.Run), new("Print", c => OpResult.Of(c.Inputs[0])), new("PlaceholderWithDefault", Pass),
        new("DebugIdentity", Pass), new("StopGradient", c => Lax.StopGradient(c[0])),
        new("OptionalFromValue", c => OpResult.Of(new OptionalValue(c.Inputs))), new("OptionalNone", _ => OpResult.Of(new OptionalValue(null))),
        new("OptionalGetValue", c => OpResult.Of(c.Handle<OptionalValue>(0).Components ?? throw new InvalidDataException("an optional that holds nothing is read"))),
        new("OptionalHasValue", c => c.Trace.Constant(tensor(c.Handle<OptionalValue>(0).Components is not null))),
        new("Assert", _ => OpResult.Of()), new("NoOp", _ => OpResult.Of()), new("ControlTrigger", _ => OpResult.Of()),
        new("Placeholder", Unfed), new("PlaceholderV2", Unfed),
    ];

    private static OpResult Pass(OpContext c) => OpResult.Of(c.Inputs);

    private static OpResult Unfed(OpContext c)
    {
        // Its own attributes are no obstacle.
        _ = c.FileType("dtype", default);
        throw new NtkException(NtkErrorId.TensorNotFound, "the outputs need this placeholder, which is none of the model's inputs; name the inputs to feed with -InputTensor");
    }

    // The condition as a scalar truth value; numbers hold when they are not zero.
    internal static Value Truth(Value condition)
    {
        Value truth = condition.DType == ScalarType.Bool ? condition : Lax.NotEqual(condition, Lax.ScalarLike(condition, 0));
        return truth.Type.Count == 1 ? Lax.Reshape(truth) : throw new ShapeException($"a condition of shape {Shapes.Format(condition.Shape)}, where a scalar is needed");
    }

    // If(cond, inputs…; then_branch, else_branch)
    private static OpResult If(OpContext c)
    {
        Value condition = Truth(c[0]);
        object[] arguments = c.Inputs[1..];
        string yes = c.Function("then_branch"), no = c.Function("else_branch");
        return condition.IsKnown() ? OpResult.Of(c.Tracer.Call(condition.KnownScalar() != 0 ? yes : no, arguments))
            : Choose(condition, Branch(c, yes, arguments, condition), Branch(c, no, arguments, Lax.Not(condition)));
    }

    // Case(branch_index, inputs…; branches): an index out of range takes the last branch.
    private static OpResult Case(OpContext c)
    {
        object[] arguments = c.Inputs[1..];
        string[] branches = c.Functions("branches");
        if (c[0].IsKnown())
        {
            int index = c.KnownInt(0);
            return OpResult.Of(c.Tracer.Call(branches[index < 0 || index >= branches.Length ? ^1 : index], arguments));
        }
        Value number = Lax.Reshape(c[0]);
        Value last = Lax.Or(Lax.Less(number, Lax.ScalarLike(number, 0)), Lax.GreaterEqual(number, Lax.ScalarLike(number, branches.Length - 1)));
        object[] result = Branch(c, branches[^1], arguments, last);
        for (int i = branches.Length - 2; i >= 0; i--)
        {
            Value chosen = Lax.Equal(number, Lax.ScalarLike(number, i));
            result = Choose(chosen, Branch(c, branches[i], arguments, chosen), result).Outputs;
        }
        return OpResult.Of(result);
    }

    // A branch that may not be taken. Its derivative would then be zero times what may be infinite or NaN, as 1/√z is where the condition kept z from
    // zero; so whatever enters the branch passes its derivative on only where the branch is taken.
    private static object[] Branch(OpContext c, string function, object[] arguments, Value taken)
    {
        return c.Tracer.Through(x => Gate(x, taken)).Call(function, Array.ConvertAll(arguments, a => a switch
        {
            Value value => Gate(value, taken),
            TensorList list => list.Combine(list, (item, _) => Gate(item, taken)),
            _ => a,
        }));
    }

    /// <summary>What enters a branch: its derivative passes only where the branch is taken.</summary>
    internal static Value Gate(Value x, Value taken) => x.Dependence.HasFlag(Dependence.Parameters) && x.DType.IsDifferentiable() ? Lax.Select(taken, x, Lax.StopGradient(x)) : x;

    // A condition that depends on the data: both branches are computed and one is chosen, which needs results of the same shapes.
    private static OpResult Choose(Value condition, object[] yes, object[] no)
    {
        object Pick(object a, object b) => (a, b) switch
        {
            (Value x, Value y) when x.Shape.AsSpan().SequenceEqual(y.Shape) => ReferenceEquals(x, y) ? x : Lax.Select(condition, x, y),
            // What a branch keeps for its gradient, which is looked at where the branch was taken.
            (OptionalValue x, OptionalValue y) => x.Components is null || y.Components is null ? (x.Components is null ? y : x)
                : new OptionalValue(x.Components.Zip(y.Components, Pick).ToArray()),
            (TensorList x, TensorList y) when x.Count == y.Count => x.Combine(y, (p, q) => (Value)Pick(p, q)),
            _ when ReferenceEquals(a, b) || a.Equals(b) => a,
            _ => throw OpContext.Unsupported($"a condition that depends on the data, whose branches give {Describe(a)} and {Describe(b)},"),
        };
        return OpResult.Of(yes.Zip(no, Pick).ToArray());
    }

    private static string Describe(object result) => result is Value value ? value.Type.ToString() : result.GetType().Name;

    // Both sides are alive where the condition is not known; OpenBranches brings them together again.
    private static OpResult Switch(OpContext c)
    {
        Value condition = Truth(c[1]);
        if (!condition.IsKnown())
        {
            return c.Inputs[0] is Value x ? OpResult.Of(Gate(x, Lax.Not(condition)), Gate(x, condition)) : OpResult.Of(c.Inputs[0], c.Inputs[0]);
        }
        return condition.KnownScalar() != 0 ? OpResult.Of(DeadTensor.Instance, c.Inputs[0]) : OpResult.Of(c.Inputs[0], DeadTensor.Instance);
    }

    private static OpResult Merge(OpContext c)
    {
        int alive = Array.FindIndex(c.Inputs, i => i is not DeadTensor);
        if (alive >= 0 && c.Inputs.Any(i => i is not DeadTensor && !ReferenceEquals(i, c.Inputs[alive])))
        {
            throw OpContext.Unsupported("a Merge of two branches that are both taken");
        }
        return alive < 0 ? OpResult.Of(DeadTensor.Instance, DeadTensor.Instance) : OpResult.Of(c.Inputs[alive], c.Trace.Constant(tensor(alive)));
    }
}
