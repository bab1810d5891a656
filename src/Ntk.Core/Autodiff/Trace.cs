using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <summary>
/// Records the equations of a model that runs over <see cref="Value"/>s. Whatever depends on neither parameters nor inputs is computed on
/// the spot: that folds shape arithmetic, unrolls loops and resolves conditionals, and leaves a flat program.
/// </summary>
public sealed class Trace
{
    private readonly List<Value> _values = [];
    private readonly List<Equation> _equations = [];
    private readonly List<int> _parameters = [];
    private readonly List<int> _inputs = [];
    private readonly Dictionary<int, (double Low, double High, Exception Refusal)> _random = [];
    private readonly CancellationToken _cancellation;

    /// <summary>Begins a trace in which every real floating-point value has the type <paramref name="floatType"/>.</summary>
    public Trace(ScalarType floatType, CancellationToken cancellation = default)
    {
        FloatType = floatType;
        _cancellation = cancellation;
    }

    /// <summary>Float32 or Float64: the type that all real floating-point values of a model are computed in.</summary>
    public ScalarType FloatType { get; }

    /// <summary>The complex type of the same precision.</summary>
    public ScalarType ComplexType => FloatType == ScalarType.Float64 ? ScalarType.ComplexFloat64 : ScalarType.ComplexFloat32;

    /// <summary>The element type that a file's type is computed in.</summary>
    public ScalarType TypeOf(NtkDType dtype) => dtype switch
    {
        NtkDType.Float16 or NtkDType.BFloat16 or NtkDType.Float32 or NtkDType.Float64 => FloatType,
        NtkDType.Complex64 or NtkDType.Complex128 => ComplexType,
        NtkDType.Int8 => ScalarType.Int8,
        NtkDType.Int16 => ScalarType.Int16,
        NtkDType.Int32 or NtkDType.UInt16 => ScalarType.Int32,
        NtkDType.Int64 or NtkDType.UInt32 or NtkDType.UInt64 => ScalarType.Int64,
        NtkDType.UInt8 => ScalarType.Byte,
        NtkDType.Bool => ScalarType.Bool,
        _ => throw new ShapeException($"{dtype} values cannot be computed with"),
    };

    /// <summary>A new parameter.</summary>
    public Value Parameter(TensorType type) => Variable(_parameters, type, Dependence.Parameters);

    /// <summary>A new input.</summary>
    public Value Input(TensorType type) => Variable(_inputs, type, Dependence.Data);

    /// <summary>Random numbers: nothing but their bounds is known. What comes out the same whatever they are is a constant.</summary>
    /// <param name="type">Their type.</param>
    /// <param name="low">None is less than this.</param>
    /// <param name="high">None is more than this.</param>
    /// <param name="refusal">Thrown where an output depends on them.</param>
    public Value Random(TensorType type, double low, double high, Exception refusal)
    {
        var value = new Value(this, _values.Count, type, Dependence.Random, null);
        _values.Add(value);
        _random.Add(value.Index, (low, high, refusal));
        return value;
    }

    /// <summary>A known tensor; the trace owns it from now on.</summary>
    public Value Constant(Tensor tensor)
    {
        tensor.DetachFromDisposeScope();
        var value = new Value(this, _values.Count, new TensorType(tensor.dtype, tensor.shape), Dependence.None, tensor);
        _values.Add(value);
        return value;
    }

    /// <summary>A known tensor of a file, converted to the type it is computed in.</summary>
    public Value Constant(NtkTensor tensor) => Constant(TorchTensors.ToTorch(tensor, TypeOf(tensor.DType)));

    /// <summary>A known scalar.</summary>
    public Value Scalar(double value, ScalarType dtype) => Constant(torch.tensor(TorchTensors.Within(value, dtype), dtype));

    /// <summary>A known vector of 64-bit integers.</summary>
    public Value Integers(params long[] values) => Constant(torch.tensor(values, ScalarType.Int64));

    /// <summary>Applies a primitive: computes it when all operands are known, writes an equation when not.</summary>
    public Value Apply(Primitive primitive, params Value[] operands)
    {
        _cancellation.ThrowIfCancellationRequested();
        var dependence = Dependence.None;
        foreach (Value operand in operands)
        {
            dependence |= operand.Dependence;
        }
        if (dependence == Dependence.None)
        {
            Tensor[] tensors = Array.ConvertAll(operands, o => o.Constant!);
            primitive.Infer(Array.ConvertAll(operands, o => o.Type));
            using DisposeScope scope = NewDisposeScope();
            Tensor result = primitive.Eval(tensors);
            // A view would keep its base alive, and an operand returned as it is would have two owners.
            return Constant(result.clone());
        }
        TensorType type = primitive.Infer(Array.ConvertAll(operands, o => o.Type));
        if (dependence == Dependence.Random && RandomBounds.Fixed(primitive, operands) is { } sure)
        {
            return Constant(sure);
        }
        var value = new Value(this, _values.Count, type, dependence, null);
        _values.Add(value);
        _equations.Add(new Equation(primitive, Array.ConvertAll(operands, o => o.Index), value.Index));
        return value;
    }

    /// <summary>How a value was computed; null for a parameter, an input, random numbers or a constant.</summary>
    internal (Primitive Primitive, Value[] Operands)? Definition(Value value)
    {
        // Equations are in the order of what they write.
        int low = 0, high = _equations.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2, output = _equations[middle].Output;
            if (output == value.Index)
            {
                return (_equations[middle].Primitive, Array.ConvertAll(_equations[middle].Operands, o => _values[o]));
            }
            (low, high) = output < value.Index ? (middle + 1, high) : (low, middle - 1);
        }
        return null;
    }

    /// <summary>The bounds of random numbers; null for another value.</summary>
    internal (double Low, double High)? RandomRange(Value value) => _random.TryGetValue(value.Index, out var random) ? (random.Low, random.High) : null;

    /// <summary>Checks that no output depends on random numbers.</summary>
    public void RefuseRandom(IEnumerable<Value> outputs)
    {
        Value? at = outputs.FirstOrDefault(o => o.Dependence.HasFlag(Dependence.Random));
        while (at is not null)
        {
            if (_random.TryGetValue(at.Index, out var random))
            {
                throw random.Refusal;
            }
            at = Definition(at)?.Operands.First(o => o.Dependence.HasFlag(Dependence.Random));
        }
    }

    /// <summary>The program that computes <paramref name="outputs"/>, without what they do not need.</summary>
    public Program Finish(IReadOnlyList<Value> outputs)
    {
        RefuseRandom(outputs);
        return ProgramBuilder.Build(_values, _equations, _parameters, _inputs, outputs.Select(o => o.Index).ToArray());
    }

    private Value Variable(List<int> kind, TensorType type, Dependence dependence)
    {
        var value = new Value(this, _values.Count, type, dependence, null);
        _values.Add(value);
        kind.Add(value.Index);
        return value;
    }
}
