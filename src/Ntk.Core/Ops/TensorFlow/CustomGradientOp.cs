using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using Ntk.Core.Formats.Graphs;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>
/// IdentityN with a gradient of its author's own. Most such gradients only save memory (swish) and are the true derivative: then the forward graph is
/// differentiated as it stands. Others (reversed gradients, straight-through estimators) replace it: y = y₀ + g · (x − x₀), where y₀, x₀ and g, the
/// gradient function at a cotangent of ones, count as constants. That needs a gradient that works element by element.
/// </summary>
internal static class CustomGradientOp
{
    private const double Step = 1e-5;
    private const double Tolerance = 1e-5;

    /// <summary>Runs the op.</summary>
    public static OpResult Run(OpContext c)
    {
        if (c.Node.Gradient is not { } gradient)
        {
            return OpResult.Of(c.Inputs);
        }
        int own = c.Count - gradient.Reads.Count(r => r is not null);
        object[] inputs = c.Inputs[..own], reads = c.Inputs[own..];
        if (inputs.All(i => i is Value value && value.IsKnown()) || (gradient.IsComplete && (gradient.IsTrue ??= IsTrueDerivative(c, gradient, own))))
        {
            return OpResult.Of(inputs);
        }
        if (!gradient.IsComplete || gradient.Gives.Count != own || inputs.Any(i => i is not Value))
        {
            throw OpContext.Unsupported($"the custom gradient '{gradient.Function}', which reads more than tensors,");
        }
        Value[] values = c.Values(0, own);
        var outputs = (Value[])values.Clone();
        for (int i = 0; i < own; i++)
        {
            // What has a cotangent is an argument, which IdentityN passes on unread.
            if (!gradient.Gives[i])
            {
                outputs[i] = Replace(c, gradient, values, reads, i);
            }
        }
        return outputs;
    }

    private static Value Replace(OpContext c, CustomGradient gradient, Value[] values, object[] reads, int output)
    {
        // Which of the function's results are for arguments that vary.
        Value[] arguments = values.Where((_, i) => gradient.Gives[i]).ToArray();
        int[] wanted = Enumerable.Range(0, arguments.Length).Where(i => !arguments[i].IsKnown() && arguments[i].DType.IsDifferentiable()).ToArray();
        if (wanted.Any(i => !arguments[i].Shape.AsSpan().SequenceEqual(values[output].Shape)))
        {
            throw OpContext.Unsupported($"the custom gradient '{gradient.Function}', whose arguments have other shapes than its result,");
        }
        RequireElementwise(c, gradient, values, reads, output, wanted);
        object[] cotangents = values.Select((v, i) => (object)ArrayOps.Filled(v, v.Shape, i == output ? 1 : 0)).ToArray();
        object[] factors = c.Tracer.Call(gradient.Function, [.. cotangents, .. reads], wanted);
        Value result = Lax.StopGradient(values[output]);
        foreach ((int argument, object factor) in wanted.Zip(factors))
        {
            result += Lax.StopGradient((Value)factor) * (arguments[argument] - Lax.StopGradient(arguments[argument]));
        }
        return result;
    }

    // Follows the cotangent through the gradient function: every step must be linear in it, element by element and of its shape.
    private static void RequireElementwise(OpContext c, CustomGradient gradient, Value[] values, object[] reads, int output, int[] wanted)
    {
        var trace = new Trace(c.Trace.FloatType);
        Value cotangent = trace.Input(values[output].Type);
        object[] cotangents = values.Select((v, i) => (object)(i == output ? cotangent : trace.Constant(zeros([], v.DType).expand(v.Shape)))).ToArray();
        object[] given = Array.ConvertAll(reads, r => r is Value v ? v.Constant is { } known ? trace.Constant(known.alias()) : trace.Parameter(v.Type) : r);
        Program program = trace.Finish(c.Tracer.On(trace).Call(gradient.Function, [.. cotangents, .. given], wanted).OfType<Value>().ToArray());
        var depends = new bool[program.Variables.Length];
        depends[program.Inputs[0]] = true;
        foreach (Equation equation in program.Equations)
        {
            int[] touched = Enumerable.Range(0, equation.Operands.Length).Where(i => depends[equation.Operands[i]]).ToArray();
            if (touched.Length == 0)
            {
                continue;
            }
            depends[equation.Output] = true;
            bool linear = equation.Primitive is Elementwise && touched.All(i => equation.Primitive.IsDifferentiable(i) && equation.Primitive.IsLinear(i)) &&
                (touched.Length == 1 || equation.Primitive is Select || equation.Primitive.Name is "add" or "sub");
            if (!linear || !program.Variables[equation.Output].Type.Shape.AsSpan().SequenceEqual(values[output].Shape))
            {
                throw OpContext.Unsupported($"the custom gradient '{gradient.Function}', which is not linear element by element ({equation.Primitive.Name}),");
            }
        }
    }

    // Whether the gradient is the derivative of the forward graph, by finite differences at many places, in double precision.
    private static bool IsTrueDerivative(OpContext c, CustomGradient gradient, int own)
    {
        int[] arguments = Enumerable.Range(0, own).Where(i => i < gradient.Gives.Count && gradient.Gives[i]).ToArray();
        int[] results = Enumerable.Range(0, own).Where(i => !arguments.Contains(i)).ToArray();
        int[] free = arguments.Where(i => c.Inputs[i] is Value value && !value.IsKnown()).ToArray();
        if (free.Length != 1 || results.Length != 1)
        {
            return false;
        }
        TensorRef[] inputs = c.Node.Inputs;
        var forward = new FlatGraph(c.Graph.Nodes, [inputs[free[0]]], [inputs[results[0]], .. inputs[own..]]);
        if (forward.Order.Any(n => c.Graph.Nodes[n].Op is GraphNode.ArgumentOp or "VarHandleOp" or "VariableV2" or "Variable" or "Placeholder" || c.Graph.Nodes[n].Parameter is not null))
        {
            return false;
        }
        var trace = new Trace(ScalarType.Float64);
        GraphTracer tracer = c.Tracer.On(trace);
        using Tensor magnitudes = logspace(-2, 2, 40, dtype: ScalarType.Float64);
        using Tensor places = cat([magnitudes, magnitudes.neg()]).reshape([-1, .. Enumerable.Repeat(1L, Math.Max(0, c[free[0]].Rank - 1))]);
        try
        {
            object[] At(double shift) => tracer.Run(forward, [trace.Constant(places + shift)]);
            object[] here = At(0);
            using Tensor difference = (((Value)At(Step)[0]).Constant! - ((Value)At(-Step)[0]).Constant!) / (2 * Step);
            object[] cotangents = Enumerable.Range(0, own).Select(i => (object)trace.Constant(i == results[0] ? ones_like(places) : zeros([], ScalarType.Float64))).ToArray();
            object[] given = tracer.Call(gradient.Function, [.. cotangents, .. here[1..]], [Array.IndexOf(arguments, free[0])]);
            Tensor derivative = ((Value)given[0]).Constant!;
            return derivative.shape.AsSpan().SequenceEqual(places.shape) && derivative.allclose(difference, Tolerance, Tolerance);
        }
        catch (NtkException)
        {
            // Not a function of single elements.
            return false;
        }
    }
}
