using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <summary>Pulls cotangents back through chosen equations of a program.</summary>
public static class ReversePass
{
    /// <summary>
    /// Pulls back: on return <paramref name="cotangents"/> holds, beside what it held for variables that no chosen equation computes, the cotangents
    /// (K, shape) of every active variable that the chosen equations read.
    /// </summary>
    /// <param name="program">The program.</param>
    /// <param name="values">Its variables' values.</param>
    /// <param name="cotangents">Cotangents by variable.</param>
    /// <param name="chosen">The equations to go through.</param>
    public static void Run(Program program, Tensor?[] values, Dictionary<int, Tensor> cotangents, Func<Equation, bool> chosen)
    {
        var owned = new HashSet<int>();
        for (int e = program.Equations.Length - 1; e >= 0; e--)
        {
            Equation equation = program.Equations[e];
            if (!cotangents.TryGetValue(equation.Output, out Tensor? rows) || !chosen(equation))
            {
                continue;
            }
            cotangents.Remove(equation.Output);
            using DisposeScope scope = NewDisposeScope();
            Tensor?[] operands = Array.ConvertAll(equation.Operands, o => program.Variables[o].Constant ?? values[o]);
            var point = new Point(operands, values[equation.Output], program.OperandTypes(equation), program.Variables[equation.Output].Type);
            for (int i = 0; i < operands.Length; i++)
            {
                int o = equation.Operands[i];
                if (program.Variables[o].Active && equation.Primitive.IsDifferentiable(i))
                {
                    Tensor? before = cotangents.GetValueOrDefault(o);
                    Tensor? sum = before is null || owned.Contains(o) ? equation.Primitive.AccumulateVjp(i, before, rows, point) : null;
                    bool isOwn = sum is not null || before is not null;
                    sum ??= before is null ? equation.Primitive.Vjp(i, rows, point) : before + equation.Primitive.Vjp(i, rows, point);
                    cotangents[o] = ReferenceEquals(sum, before) ? before : sum.MoveToOuterDisposeScope();
                    if (isOwn)
                    {
                        owned.Add(o);
                    }
                }
            }
            rows.Dispose();
        }
    }
}
