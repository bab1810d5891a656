using Ntk.Core.Autodiff;
using Ntk.Core.Autodiff.Primitives;
using Ntk.Core.Formats.Graphs;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.TensorFlow;

/// <summary>
/// IdentityN with a gradient of its author's own. Most such gradients only save memory (swish) and are the true derivative: then the forward graph is
/// differentiated as it stands. Others (reversed gradients, straight-through estimators) replace it: y = y₀ + Gᵀ(x − x₀), where y₀, x₀ and G, the gradient
/// function, which must be linear in its cotangent, count as constants. Where G works element by element it is its value at a cotangent of ones.
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
            if (!gradient.Gives[i] && values[i].DType.IsDifferentiable())
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
        object[] Cotangents(Value own) => values.Select((v, i) => (object)(i == output ? own : own.Trace.Constant(zeros([], v.DType).expand(v.Shape)))).ToArray();
        Value result = Lax.StopGradient(values[output]);
        if (IsElementwise(c, gradient, values[output], Cotangents, reads, wanted))
        {
            object[] factors = c.Tracer.Call(gradient.Function, [.. Cotangents(ArrayOps.Filled(result, result.Shape, 1)), .. reads], wanted);
            foreach ((int argument, object factor) in wanted.Zip(factors))
            {
                result += Lax.StopGradient((Value)factor) * Lax.Change(arguments[argument]);
            }
            return result;
        }
        Value[] tensors = reads.OfType<Value>().ToArray();
        foreach (int argument in wanted)
        {
            Value Pulled(Value cotangent, Value[] read)
            {
                int next = 0;
                object[] given = Array.ConvertAll(reads, r => r is Value ? read[next++] : r);
                return (Value)c.Tracer.On(cotangent.Trace).Call(gradient.Function, [.. Cotangents(cotangent), .. given], [argument])[0];
            }
            result += Lax.LinearAdjoint("custom_gradient", Pulled, result.Shape, Lax.Change(arguments[argument]), Array.ConvertAll(tensors, Lax.StopGradient));
        }
        return result;
    }

    // Follows the cotangent through the gradient function: every step must be linear in it. True where each is also element by element and of its shape.
    private static bool IsElementwise(OpContext c, CustomGradient gradient, Value output, Func<Value, object[]> cotangents, object[] reads, int[] wanted)
    {
        var trace = new Trace(c.Trace.FloatType);
        object[] given = Array.ConvertAll(reads, r => r is Value v ? v.Constant is { } known ? trace.Constant(known.alias()) : trace.Parameter(v.Type) : r);
        Value[] results = c.Tracer.On(trace).Call(gradient.Function, [.. cotangents(trace.Input(output.Type)), .. given], wanted).OfType<Value>().ToArray();
        using Program program = trace.Finish(results);
        var depends = new bool[program.Variables.Length];
        depends[program.Inputs[0]] = true;
        bool elementwise = results.All(r => r.Shape.AsSpan().SequenceEqual(output.Shape));
        foreach (Equation equation in program.Equations)
        {
            Primitive primitive = equation.Primitive;
            int[] touched = Enumerable.Range(0, equation.Operands.Length).Where(i => depends[equation.Operands[i]]).ToArray();
            if (touched.Length == 0)
            {
                continue;
            }
            depends[equation.Output] = true;
            if (!touched.All(i => primitive.IsDifferentiable(i) && primitive.IsLinear(i)) ||
                (touched.Length > 1 && primitive is not (Select or Concatenate) && primitive.Name is not ("add" or "sub")))
            {
                throw OpContext.Unsupported($"the custom gradient '{gradient.Function}', which is not linear in what it is given ({primitive.Name}),");
            }
            elementwise &= primitive is Elementwise && program.Variables[equation.Output].Type.Shape.AsSpan().SequenceEqual(output.Shape);
        }
        return elementwise;
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
