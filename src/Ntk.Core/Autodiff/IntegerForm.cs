using Ntk.Core.Autodiff.Primitives;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Autodiff;

/// <summary>
/// What is known of an integer that depends on the data: a constant plus multiples of unknown integers, and bounds. The length of x[i:i + 3] is known
/// whatever i is, and so is what is clamped between two equal numbers.
/// </summary>
/// <param name="Constant">The constant.</param>
/// <param name="Terms">The factor of each unknown: a variable's element.</param>
/// <param name="Low">No less than this; −∞ where nothing is known.</param>
/// <param name="High">No more than this.</param>
public sealed record IntegerForm(long Constant, IReadOnlyDictionary<(int Variable, long Element), long> Terms, double Low, double High)
{
    private const int Elements = 64;
    private const int Depth = 64;

    private static readonly IReadOnlyDictionary<(int, long), long> s_none = new Dictionary<(int, long), long>();

    /// <summary>The integer, where nothing in it is unknown.</summary>
    public long? Known => Terms.Count == 0 ? Constant : Low == High ? (long)Low : null;

    /// <summary>The forms of an integer tensor's elements; null for one of another type, or of many elements.</summary>
    public static IReadOnlyList<IntegerForm>? Of(Value value) => Of(value, Depth);

    /// <summary>The elements, where all are known; null where one is not.</summary>
    public static long[]? KnownElements(Value value) =>
        Of(value) is { } forms && forms.All(f => f.Known is not null) ? forms.Select(f => f.Known!.Value).ToArray() : null;

    /// <summary>The sum.</summary>
    public static IntegerForm operator +(IntegerForm a, IntegerForm b) => Sum(a, b, 1);

    /// <summary>The difference.</summary>
    public static IntegerForm operator -(IntegerForm a, IntegerForm b) => Sum(a, b, -1);

    private static IntegerForm Exactly(long value) => new(value, s_none, value, value);

    private static IntegerForm[]? Of(Value value, int depth)
    {
        if (value.DType is not (ScalarType.Int32 or ScalarType.Int64) || value.Type.Count > Elements)
        {
            return null;
        }
        if (value.Constant is { } constant)
        {
            using Tensor flat = constant.to(ScalarType.Int64).reshape(-1);
            return Array.ConvertAll(flat.data<long>().ToArray(), Exactly);
        }
        return (depth > 0 && value.Trace.Definition(value) is { } definition ? Derived(value, definition.Primitive, definition.Operands, depth - 1) : null)
            ?? Enumerable.Range(0, (int)value.Type.Count)
                .Select(i => new IntegerForm(0, new Dictionary<(int, long), long> { [(value.Index, i)] = 1 }, double.NegativeInfinity, double.PositiveInfinity)).ToArray();
    }

    private static IntegerForm[]? Derived(Value value, Primitive primitive, Value[] operands, int depth)
    {
        switch (primitive)
        {
            // A pad brings elements of its own.
            case Movement and not Pad or Concatenate or Unary { Name: "cast" or "stop_gradient" }:
                var all = new List<IntegerForm>();
                var places = new List<Tensor>();
                using (DisposeScope scope = NewDisposeScope())
                {
                    foreach (Value operand in operands)
                    {
                        if (Of(operand, depth) is not { } forms)
                        {
                            return null;
                        }
                        places.Add(arange(all.Count, all.Count + forms.Length, ScalarType.Int64).reshape(operand.Shape));
                        all.AddRange(forms);
                    }
                    return Array.ConvertAll(primitive.Eval(places.ToArray()).to(ScalarType.Int64).reshape(-1).data<long>().ToArray(), i => all[(int)i]);
                }
            case Binary { Name: "add" or "sub" or "mul" or "max" or "min" }:
                return Of(operands[0], depth) is { } x && Of(operands[1], depth) is { } y ? Pairs(value, operands, x, y, primitive.Name) : null;
            case Unary { Name: "neg" }:
                return Of(operands[0], depth) is { } negated ? Array.ConvertAll(negated, f => Exactly(0) - f) : null;
            default:
                return null;
        }
    }

    private static IntegerForm[]? Pairs(Value value, Value[] operands, IntegerForm[] x, IntegerForm[] y, string name)
    {
        long[] Places(Value operand)
        {
            using Tensor places = arange(operand.Type.Count, ScalarType.Int64).reshape(operand.Shape), wide = places.expand(value.Shape), flat = wide.reshape(-1);
            return flat.data<long>().ToArray();
        }
        long[] left = Places(operands[0]), right = Places(operands[1]);
        var result = new IntegerForm[left.Length];
        for (int i = 0; i < result.Length; i++)
        {
            IntegerForm a = x[left[i]], b = y[right[i]];
            result[i] = name switch
            {
                "add" => a + b,
                "sub" => a - b,
                "mul" when a.Known is { } factor => Sum(Exactly(0), b, factor),
                "mul" when b.Known is { } factor => Sum(Exactly(0), a, factor),
                "max" => a.Low >= b.High ? a : b.Low >= a.High ? b : Between(value, i, Math.Max(a.Low, b.Low), Math.Max(a.High, b.High)),
                "min" => a.High <= b.Low ? a : b.High <= a.Low ? b : Between(value, i, Math.Min(a.Low, b.Low), Math.Min(a.High, b.High)),
                _ => Between(value, i, double.NegativeInfinity, double.PositiveInfinity),
            };
        }
        return result;
    }

    private static IntegerForm Between(Value value, long element, double low, double high) => new(0, new Dictionary<(int, long), long> { [(value.Index, element)] = 1 }, low, high);

    private static IntegerForm Sum(IntegerForm a, IntegerForm b, long factor)
    {
        if (factor == 0)
        {
            return a;
        }
        var terms = new Dictionary<(int, long), long>(a.Terms);
        foreach (((int, long) unknown, long times) in b.Terms)
        {
            long sum = terms.GetValueOrDefault(unknown) + (factor * times);
            if (sum == 0)
            {
                terms.Remove(unknown);
            }
            else
            {
                terms[unknown] = sum;
            }
        }
        long constant = a.Constant + (factor * b.Constant);
        return terms.Count == 0 ? Exactly(constant)
            : new IntegerForm(constant, terms, a.Low + (factor > 0 ? factor * b.Low : factor * b.High), a.High + (factor > 0 ? factor * b.High : factor * b.Low));
    }
}
