using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff.Primitives;

/// <summary>A loop's condition and body, traced once: a program of the loop's variables and of what it reads beside them.</summary>
public sealed class LoopProgram
{
    private readonly bool[] _ofCondition;

    /// <summary>Makes a loop of a program whose first output is the condition and whose others are the variables' next values.</summary>
    /// <param name="program">Parameters and inputs together are the loop's operands.</param>
    /// <param name="operands">For each operand its variable in the program: the loop's variables first, then what is only read.</param>
    public LoopProgram(Program program, int[] operands)
    {
        Program = program;
        Operands = operands;
        _ofCondition = new bool[program.Variables.Length];
        _ofCondition[program.Outputs[0]] = true;
        for (int e = program.Equations.Length - 1; e >= 0; e--)
        {
            foreach (int o in program.Equations[e].Operands)
            {
                _ofCondition[o] |= _ofCondition[program.Equations[e].Output];
            }
        }
    }

    /// <summary>The number of variables that change from step to step.</summary>
    public int Variables => Program.Outputs.Length - 1;

    /// <summary>The program of one step.</summary>
    public Program Program { get; }

    /// <summary>For each operand its variable in the program.</summary>
    public int[] Operands { get; }

    /// <summary>Where each step began, and last where the loop ended.</summary>
    public List<Tensor[]> Run(ReadOnlySpan<Tensor> operands)
    {
        const int MostSteps = 1_000_000;
        Tensor[] read = operands[Variables..].ToArray();
        var states = new List<Tensor[]> { operands[..Variables].ToArray() };
        while (true)
        {
            Tensor?[] values = Bind(states[^1], read);
            if (!Holds(values))
            {
                return states;
            }
            if (states.Count > MostSteps)
            {
                throw new NtkException(NtkErrorId.UnsupportedModel, $"A loop of the model does not end: its condition still holds after {MostSteps:N0} steps.");
            }
            states.Add(Next(values));
        }
    }

    /// <summary>The values of all variables of the program in the step that begins at <paramref name="state"/>.</summary>
    public Tensor?[] Step(Tensor[] state, Tensor[] read)
    {
        Tensor?[] values = Bind(state, read);
        Evaluate(values, _ => true);
        return values;
    }

    private Tensor?[] Bind(Tensor[] state, Tensor[] read)
    {
        var values = new Tensor?[Program.Variables.Length];
        for (int i = 0; i < Operands.Length; i++)
        {
            values[Operands[i]] = i < state.Length ? state[i] : read[i - state.Length];
        }
        return values;
    }

    private bool Holds(Tensor?[] values)
    {
        Evaluate(values, e => _ofCondition[e.Output]);
        return (Program.Variables[Program.Outputs[0]].Constant ?? values[Program.Outputs[0]]!).item<bool>();
    }

    private Tensor[] Next(Tensor?[] values)
    {
        Evaluate(values, e => !_ofCondition[e.Output]);
        return Program.Outputs[1..].Select(o => Program.Variables[o].Constant ?? values[o]!).ToArray();
    }

    private void Evaluate(Tensor?[] values, Func<Equation, bool> chosen)
    {
        int[] never = Enumerable.Repeat(-1, values.Length).ToArray();
        ForwardPass.Evaluate(Program, values, chosen, never, default);
    }
}

/// <summary>
/// What one variable of a loop is when the loop ends, where the number of steps depends on values: the loop runs as often as its condition says for the
/// values at hand, and is differentiated through the steps it took, as in TensorFlow.
/// </summary>
/// <param name="loop">The loop.</param>
/// <param name="result">Which variable.</param>
public sealed class Loop(LoopProgram loop, int result) : Primitive
{
    /// <inheritdoc/>
    public override string Name => "loop";

    /// <inheritdoc/>
    protected override string Details => $"{result} of {loop.Variables}, {loop.Program.Equations.Length} equations";

    /// <inheritdoc/>
    public override TensorType Infer(ReadOnlySpan<TensorType> operands) => operands[result];

    /// <inheritdoc/>
    public override Tensor Eval(ReadOnlySpan<Tensor> operands) => loop.Run(operands)[^1][result].alias();

    /// <inheritdoc/>
    public override bool IsDifferentiable(int operand) =>
        loop.Program.Variables[loop.Operands[operand]].Type.DType.IsDifferentiable() && loop.Program.Variables[loop.Operands[result]].Type.DType.IsDifferentiable();

    /// <inheritdoc/>
    public override bool VjpReadsOutput(int differentiated) => false;

    /// <inheritdoc/>
    public override Tensor Jvp(int operand, Tensor tangent, in Point point)
    {
        Tensor[] operands = Array.ConvertAll(point.Operands, o => o!), read = operands[loop.Variables..];
        var tangents = new Tensor?[operands.Length];
        tangents[operand] = tangent;
        List<Tensor[]> states = loop.Run(operands);
        Program step = loop.Program;
        foreach (Tensor[] state in states.SkipLast(1))
        {
            Tensor[] all = [.. state, .. read];
            Tensor At(int variable) => all[Array.IndexOf(loop.Operands, variable)];
            var given = new Dictionary<int, Tensor>();
            for (int i = 0; i < all.Length; i++)
            {
                if (tangents[i] is { } own)
                {
                    given[loop.Operands[i]] = own;
                }
            }
            Tensor?[] next = TangentPass.Run(step, Array.ConvertAll(step.Parameters, At), Array.ConvertAll(step.Inputs, At), given);
            next[1..].CopyTo(tangents, 0);
        }
        return tangents[result]?.alias() ?? zeros(Shapes.Prepend(tangent.shape[0], point.OutputType.Shape), tangent.dtype);
    }

    /// <inheritdoc/>
    public override Tensor Vjp(int operand, Tensor cotangent, in Point point)
    {
        Tensor[] operands = Array.ConvertAll(point.Operands, o => o!), read = operands[loop.Variables..];
        List<Tensor[]> states = loop.Run(operands);
        var state = new Tensor?[loop.Variables];
        state[result] = cotangent;
        Tensor? sum = null;
        for (int t = states.Count - 2; t >= 0; t--)
        {
            var cotangents = new Dictionary<int, Tensor>();
            for (int v = 0; v < loop.Variables; v++)
            {
                if (state[v] is { } own)
                {
                    int output = loop.Program.Outputs[v + 1];
                    cotangents[output] = cotangents.TryGetValue(output, out Tensor? before) ? before + own : own.alias();
                }
            }
            ReversePass.Run(loop.Program, loop.Step(states[t], read), cotangents, _ => true);
            for (int v = 0; v < loop.Variables; v++)
            {
                state[v] = cotangents.GetValueOrDefault(loop.Operands[v]);
            }
            if (operand >= loop.Variables && cotangents.TryGetValue(loop.Operands[operand], out Tensor? part))
            {
                sum = sum is null ? part : sum + part;
            }
        }
        return (operand < loop.Variables ? state[operand]?.alias() : sum) ?? zeros(Shapes.Prepend(cotangent.shape[0], point.OperandTypes[operand].Shape), point.OperandTypes[operand].DType);
    }

    /// <inheritdoc/>
    public override BatchAxis? Batch(in BatchSite site) => null;

    /// <inheritdoc/>
    public override double Flops(ReadOnlySpan<TensorType> operands, TensorType output) => loop.Program.Flops;
}
