using Ntk.Core.Autodiff.Primitives;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <summary>Evaluates a program. Values live no longer than they are needed.</summary>
public static class ForwardPass
{
    /// <summary>The outputs at given parameters and inputs; the caller owns them.</summary>
    public static Tensor[] Run(Program program, IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> inputs, CancellationToken cancellation = default)
    {
        using DisposeScope scope = NewDisposeScope();
        var values = new Tensor?[program.Variables.Length];
        Bind(program, program.Parameters, parameters, values);
        Bind(program, program.Inputs, inputs, values);
        Evaluate(program, values, _ => true, LastUses(program), cancellation);
        return Array.ConvertAll(program.Outputs, o => (program.Variables[o].Constant ?? values[o]!).clone().DetachFromDisposeScope());
    }

    /// <summary>
    /// Evaluates the equations that <paramref name="chosen"/> picks into <paramref name="values"/>; a value is freed after the equation that
    /// <paramref name="lastUse"/> names (−1: never). Values present are taken as they are.
    /// </summary>
    internal static void Evaluate(Program program, Tensor?[] values, Func<Equation, bool> chosen, int[] lastUse, CancellationToken cancellation)
    {
        var operands = new Tensor[2];
        for (int e = 0; e < program.Equations.Length; e++)
        {
            Equation equation = program.Equations[e];
            if (!chosen(equation))
            {
                continue;
            }
            cancellation.ThrowIfCancellationRequested();
            if (operands.Length != equation.Operands.Length)
            {
                operands = new Tensor[equation.Operands.Length];
            }
            for (int i = 0; i < operands.Length; i++)
            {
                int o = equation.Operands[i];
                operands[i] = program.Variables[o].Constant ?? values[o] ?? throw new InvalidOperationException($"%{o} has no value");
            }
            using (DisposeScope scope = NewDisposeScope())
            {
                values[equation.Output] = equation.Primitive.Eval(operands).MoveToOuterDisposeScope();
            }
            foreach (int o in equation.Operands)
            {
                if (lastUse[o] == e)
                {
                    values[o]?.Dispose();
                    values[o] = null;
                }
            }
        }
    }

    /// <summary>For each variable the equation after which a forward evaluation needs it no more; −1 for parameters, inputs and outputs.</summary>
    internal static int[] LastUses(Program program)
    {
        var last = new int[program.Variables.Length];
        Array.Fill(last, -1);
        for (int e = 0; e < program.Equations.Length; e++)
        {
            foreach (int o in program.Equations[e].Operands)
            {
                last[o] = e;
            }
        }
        foreach (int o in program.Outputs.Concat(program.Parameters).Concat(program.Inputs))
        {
            last[o] = -1;
        }
        return last;
    }

    /// <summary>About how many bytes a forward evaluation holds at once beside parameters and inputs; movements, which are views mostly, count for nothing.</summary>
    internal static double Bytes(Program program)
    {
        int[] last = LastUses(program);
        double live = 0, most = 0;
        double Of(int variable) => program.Variables[variable].Type.Count;
        var held = new bool[program.Variables.Length];
        for (int e = 0; e < program.Equations.Length; e++)
        {
            Equation equation = program.Equations[e];
            if (equation.Primitive is not Movement)
            {
                held[equation.Output] = true;
                live += Of(equation.Output);
                most = Math.Max(most, live);
            }
            foreach (int o in equation.Operands.Where(o => last[o] == e && held[o]))
            {
                held[o] = false;
                live -= Of(o);
            }
        }
        return most * program.ElementBytes;
    }

    /// <summary>Puts given tensors in their variables' places, after a look at their types.</summary>
    internal static void Bind(Program program, int[] variables, IReadOnlyList<Tensor> tensors, Tensor?[] values)
    {
        if (tensors.Count != variables.Length)
        {
            throw new ArgumentException($"{tensors.Count} tensors for {variables.Length} variables", nameof(tensors));
        }
        for (int i = 0; i < variables.Length; i++)
        {
            TensorType type = program.Variables[variables[i]].Type;
            if (tensors[i].dtype != type.DType || !tensors[i].shape.AsSpan().SequenceEqual(type.Shape))
            {
                throw new ArgumentException($"a tensor {tensors[i].dtype}{Shapes.Format(tensors[i].shape)} for {type}", nameof(tensors));
            }
            values[variables[i]] = tensors[i];
        }
    }
}
