using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <summary>Pushes tangents forward through a program.</summary>
public static class TangentPass
{
    /// <summary>
    /// Evaluates the program and pushes tangents (R, shape) of some variables forward; returns the outputs' tangents, null for those that no tangent
    /// reaches. The caller owns them.
    /// </summary>
    /// <param name="program">The program.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="inputs">The inputs.</param>
    /// <param name="tangents">Tangents by variable.</param>
    /// <param name="cancellation">Stops between equations.</param>
    public static Tensor?[] Run(Program program, IReadOnlyList<Tensor> parameters, IReadOnlyList<Tensor> inputs, IReadOnlyDictionary<int, Tensor> tangents,
        CancellationToken cancellation = default)
    {
        using DisposeScope scope = NewDisposeScope();
        var values = new Tensor?[program.Variables.Length];
        var pushed = new Tensor?[program.Variables.Length];
        ForwardPass.Bind(program, program.Parameters, parameters, values);
        ForwardPass.Bind(program, program.Inputs, inputs, values);
        foreach ((int variable, Tensor tangent) in tangents)
        {
            pushed[variable] = tangent;
        }
        int[] last = ForwardPass.LastUses(program);
        for (int e = 0; e < program.Equations.Length; e++)
        {
            cancellation.ThrowIfCancellationRequested();
            Equation equation = program.Equations[e];
            using DisposeScope step = NewDisposeScope();
            Tensor[] operands = Array.ConvertAll(equation.Operands, o => program.Variables[o].Constant ?? values[o]!);
            Tensor output = equation.Primitive.Eval(operands);
            var point = new Point(operands, output, program.OperandTypes(equation), program.Variables[equation.Output].Type);
            Tensor? sum = null;
            for (int i = 0; i < operands.Length; i++)
            {
                if (pushed[equation.Operands[i]] is { } tangent && equation.Primitive.IsDifferentiable(i))
                {
                    Tensor part = equation.Primitive.Jvp(i, tangent, point);
                    sum = sum is null ? part : sum + part;
                }
            }
            values[equation.Output] = output.MoveToOuterDisposeScope();
            pushed[equation.Output] = sum?.MoveToOuterDisposeScope();
            foreach (int o in equation.Operands)
            {
                if (last[o] == e)
                {
                    values[o]?.Dispose();
                    pushed[o]?.Dispose();
                    (values[o], pushed[o]) = (null, null);
                }
            }
        }
        return Array.ConvertAll(program.Outputs, o => pushed[o]?.clone().DetachFromDisposeScope());
    }
}
