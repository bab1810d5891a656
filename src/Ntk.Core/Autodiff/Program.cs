using System.Text;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <summary>One step of a program: a primitive, the variables it reads and the one it writes.</summary>
/// <param name="Primitive">The operation.</param>
/// <param name="Operands">Indices of the variables read.</param>
/// <param name="Output">Index of the variable written.</param>
public sealed record Equation(Primitive Primitive, int[] Operands, int Output);

/// <summary>A variable of a program.</summary>
/// <param name="Type">Dtype and shape.</param>
/// <param name="Dependence">What it depends on.</param>
/// <param name="Active">Whether it has a derivative with respect to a parameter.</param>
/// <param name="Constant">Its value when it depends on nothing.</param>
public sealed record Variable(TensorType Type, Dependence Dependence, bool Active, Tensor? Constant);

/// <summary>
/// A model as a flat list of equations in order of dependency: immutable, without control flow, shapes concrete. Prints one equation a line.
/// </summary>
/// <param name="Variables">All variables; parameters, inputs and constants among them.</param>
/// <param name="Equations">The equations.</param>
/// <param name="Parameters">The parameters' variables.</param>
/// <param name="Inputs">The inputs' variables.</param>
/// <param name="Outputs">The outputs' variables.</param>
public sealed record Program(Variable[] Variables, Equation[] Equations, int[] Parameters, int[] Inputs, int[] Outputs) : IDisposable
{
    /// <summary>The types of an equation's operands.</summary>
    public TensorType[] OperandTypes(Equation equation) => Array.ConvertAll(equation.Operands, i => Variables[i].Type);

    /// <summary>Counted floating-point operations of one evaluation.</summary>
    public double Flops => Equations.Sum(e => e.Primitive.Flops(OperandTypes(e), Variables[e.Output].Type));

    /// <summary>Bytes of one floating-point element.</summary>
    internal int ElementBytes => Variables.Any(v => v.Type.DType == TorchSharp.torch.ScalarType.Float64) ? 8 : 4;

    /// <summary>Frees the constants.</summary>
    public void Dispose()
    {
        foreach (Variable variable in Variables)
        {
            variable.Constant?.Dispose();
        }
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        string Name(int i) => $"{(Variables[i].Constant is null ? "%" : "c")}{i}";
        text.Append("parameters ").AppendJoin(", ", Parameters.Select(i => $"{Name(i)}:{Variables[i].Type}")).AppendLine();
        text.Append("inputs     ").AppendJoin(", ", Inputs.Select(i => $"{Name(i)}:{Variables[i].Type}")).AppendLine();
        foreach (Equation equation in Equations)
        {
            text.Append(Name(equation.Output)).Append(':').Append(Variables[equation.Output].Type).Append(" = ").Append(equation.Primitive)
                .Append(' ').AppendJoin(' ', equation.Operands.Select(Name)).AppendLine();
        }
        return text.Append("return     ").AppendJoin(", ", Outputs.Select(Name)).AppendLine().ToString();
    }
}

/// <summary>Turns what a trace recorded into a program.</summary>
internal static class ProgramBuilder
{
    /// <summary>Keeps what the outputs need, numbers it anew and marks what has a derivative.</summary>
    public static Program Build(List<Value> values, List<Equation> equations, List<int> parameters, List<int> inputs, int[] outputs)
    {
        var needed = new bool[values.Count];
        foreach (int i in outputs.Concat(parameters).Concat(inputs))
        {
            needed[i] = true;
        }
        for (int e = equations.Count - 1; e >= 0; e--)
        {
            if (needed[equations[e].Output])
            {
                foreach (int operand in equations[e].Operands)
                {
                    needed[operand] = true;
                }
            }
        }
        var index = new int[values.Count];
        var kept = new List<Value>();
        for (int i = 0; i < values.Count; i++)
        {
            index[i] = kept.Count;
            if (needed[i])
            {
                kept.Add(values[i]);
            }
            else
            {
                values[i].Constant?.Dispose();
            }
        }
        Equation[] live = equations.Where(e => needed[e.Output])
            .Select(e => new Equation(e.Primitive, Array.ConvertAll(e.Operands, o => index[o]), index[e.Output])).ToArray();
        var active = new bool[kept.Count];
        foreach (int p in parameters)
        {
            active[index[p]] = values[p].DType.IsDifferentiable();
        }
        foreach (Equation equation in live)
        {
            for (int i = 0; i < equation.Operands.Length; i++)
            {
                active[equation.Output] |= active[equation.Operands[i]] && equation.Primitive.IsDifferentiable(i);
            }
        }
        Variable[] variables = kept.Select((v, i) => new Variable(v.Type, v.Dependence, active[i], v.Constant)).ToArray();
        return new Program(variables, live, parameters.Select(i => index[i]).ToArray(), inputs.Select(i => index[i]).ToArray(),
            Array.ConvertAll(outputs, i => index[i]));
    }
}
