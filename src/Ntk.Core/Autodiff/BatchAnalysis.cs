using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <summary>
/// Follows the examples from the inputs' axis to the outputs through every equation. Where each keeps them apart the model is proven to treat
/// examples independently, and its Jacobian is one small block an example.
/// </summary>
public sealed class BatchAnalysis
{
    private readonly Program _program;
    private readonly long _size;
    private readonly BatchAxis?[] _axes;
    private readonly Equation?[] _definitions;
    private readonly HashSet<int> _readAsShared = [];
    private bool _restart;

    private BatchAnalysis(Program program, long size)
    {
        _program = program;
        _size = size;
        _axes = new BatchAxis?[program.Variables.Length];
        _definitions = new Equation?[program.Variables.Length];
        foreach (Equation equation in program.Equations)
        {
            _definitions[equation.Output] = equation;
        }
    }

    /// <summary>Where each variable of the program carries the examples; null when it does not.</summary>
    /// <param name="program">A program traced with <paramref name="size"/> examples.</param>
    /// <param name="size">The number of examples.</param>
    /// <param name="inputAxis">The inputs' axis of examples.</param>
    /// <param name="outputAxis">The outputs' axis of examples.</param>
    /// <param name="obstacle">The equation that mixes examples, or may; null when there is none.</param>
    /// <returns>Null when independence could not be shown.</returns>
    public static BatchAxis?[]? Prove(Program program, long size, int inputAxis, int outputAxis, out string? obstacle)
    {
        var analysis = new BatchAnalysis(program, size);
        // Reading a broadcast parameter as one copy an example may show only after an equation has read it as shared: begin again, knowing that.
        const int Rounds = 8;
        for (int round = 0; round < Rounds; round++)
        {
            obstacle = analysis.Follow(inputAxis, outputAxis);
            if (obstacle is not null)
            {
                return null;
            }
            if (!analysis._restart)
            {
                return analysis._axes;
            }
        }
        obstacle = "no stable reading of broadcast parameters";
        return null;
    }

    private string? Follow(int inputAxis, int outputAxis)
    {
        _restart = false;
        _readAsShared.Clear();
        foreach (int input in _program.Inputs)
        {
            int rank = _program.Variables[input].Type.Rank;
            if (inputAxis < -rank || inputAxis >= rank)
            {
                return $"input {_program.Variables[input].Type} has no axis {inputAxis}";
            }
            _axes[input] = new BatchAxis(Shapes.Axis(inputAxis, rank));
        }
        foreach (Equation equation in _program.Equations)
        {
            BatchAxis?[] axes = Array.ConvertAll(equation.Operands, o => _axes[o]);
            if (axes.All(a => a is null))
            {
                continue; // parameters alone; their output may have been read as one copy an example
            }
            var site = new BatchSite(_size, _program.OperandTypes(equation), _program.Variables[equation.Output].Type, axes,
                (operand, wanted) =>
                {
                    bool introduced = Introduce(equation.Operands[operand], wanted);
                    axes[operand] = _axes[equation.Operands[operand]];
                    return introduced;
                });
            BatchAxis? result = equation.Primitive.Batch(site);
            for (int i = 0; i < axes.Length; i++)
            {
                if (axes[i] is null)
                {
                    _readAsShared.Add(equation.Operands[i]);
                }
            }
            if (result is null)
            {
                return $"{equation.Primitive} of {string.Join(", ", site.Operands.Select(t => t.ToString()))}";
            }
            _axes[equation.Output] = result;
        }
        foreach (int output in _program.Outputs)
        {
            int rank = _program.Variables[output].Type.Rank;
            if (outputAxis < -rank || outputAxis >= rank)
            {
                return $"output {_program.Variables[output].Type} has no axis {outputAxis}";
            }
            var wanted = new BatchAxis(Shapes.Axis(outputAxis, rank));
            if (_program.Variables[output].Type.Shape[wanted.Axis] != _size || (_axes[output] is { } own ? own != wanted : !Introduce(output, wanted)))
            {
                return $"the output {_program.Variables[output].Type} does not hold one example at each index of axis {wanted.Axis}";
            }
        }
        return null;
    }

    private bool Introduce(int variable, BatchAxis wanted)
    {
        var found = new List<(int, BatchAxis)>();
        if (!CanIntroduce(variable, wanted, found, 0))
        {
            return false;
        }
        foreach ((int index, BatchAxis axis) in found)
        {
            _axes[index] = axis;
            _restart |= _readAsShared.Contains(index);
        }
        return true;
    }

    private bool CanIntroduce(int index, BatchAxis wanted, List<(int Index, BatchAxis Axis)> found, int depth)
    {
        const int MostSteps = 64;
        Variable variable = _program.Variables[index];
        if (depth > MostSteps || variable.Type.Shape[wanted.Axis] != _size * wanted.Outer * wanted.Inner)
        {
            return false;
        }
        if (_axes[index] is { } own)
        {
            return own == wanted;
        }
        if (variable.Constant is { } constant)
        {
            found.Add((index, wanted));
            return Repeats(constant, wanted);
        }
        if (variable.Dependence.HasFlag(Dependence.Data) || _definitions[index] is not { } definition)
        {
            return false;
        }
        BatchAxis?[]? operands = Preimage(definition, variable.Type, wanted);
        if (operands is null)
        {
            return false;
        }
        for (int i = 0; i < operands.Length; i++)
        {
            if (operands[i] is { } axis && !CanIntroduce(definition.Operands[i], axis, found, depth + 1))
            {
                return false;
            }
        }
        found.Add((index, wanted));
        return true;
    }

    // Where an equation's operands must carry the examples for its output to carry them as wanted; null where that cannot be.
    private BatchAxis?[]? Preimage(Equation equation, TensorType output, BatchAxis wanted)
    {
        TensorType[] types = _program.OperandTypes(equation);
        switch (equation.Primitive)
        {
            case Primitives.Broadcast or Primitives.Elementwise:
                return Array.ConvertAll(types, t =>
                {
                    int axis = wanted.Axis - output.Rank + t.Rank;
                    return axis < 0 || t.Shape[axis] == 1 ? null : (BatchAxis?)wanted.On(axis);
                });
            case Primitives.Concatenate concatenate:
                return concatenate.Axis == wanted.Axis ? null : Enumerable.Repeat((BatchAxis?)wanted, types.Length).ToArray();
            case Primitives.Reshape:
                {
                    long[] shape = output.Shape;
                    BatchAxis? axis = Primitives.Reshape.Locate(types[0].Shape, _size, Shapes.Count(shape.AsSpan(0, wanted.Axis)) * wanted.Outer,
                        Shapes.Count(shape.AsSpan(wanted.Axis + 1)) * wanted.Inner);
                    return axis is null ? null : [axis];
                }
            default:
                // One operand carries the examples, on the axis that the primitive's own rule sends where they are wanted.
                for (int i = 0; i < types.Length; i++)
                {
                    for (int a = 0; a < types[i].Rank; a++)
                    {
                        var axes = new BatchAxis?[types.Length];
                        axes[i] = wanted.On(a);
                        if (types[i].Shape[a] == _size * wanted.Outer * wanted.Inner &&
                            equation.Primitive.Batch(new BatchSite(_size, types, output, axes, (_, _) => false)) == wanted)
                        {
                            return axes;
                        }
                    }
                }
                return null;
        }
    }

    // Whether all examples' parts of a constant are equal.
    private bool Repeats(Tensor constant, BatchAxis axis)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor blocks = constant.reshape(Shapes.Count(constant.shape.AsSpan(0, axis.Axis)) * axis.Outer, _size, -1);
        Tensor first = blocks.narrow(1, 0, 1);
        return blocks.eq(first).logical_or(blocks.ne(blocks).logical_and(first.ne(first))).all().item<bool>();
    }
}
