using Ntk.Core.Autodiff;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Formats;

/// <summary>
/// A loaded model and what has been worked out about it: programs for the shapes it was run with, parameters as torch tensors. Safe to use from several
/// threads at once.
/// </summary>
internal sealed class ModelSession(ModelSource source)
{
    // Programs are small but for constants that grow with the batch; a session of many shapes forgets the oldest.
    private const int MostPrograms = 32;

    private readonly object _lock = new();
    private readonly Dictionary<string, Program> _programs = [];
    private readonly Dictionary<string, PreparedModel> _prepared = [];
    private readonly Queue<string> _age = new();
    private readonly Dictionary<ScalarType, Tensor?[]> _parameters = [];

    /// <summary>The model.</summary>
    public ModelSource Source => source;

    /// <summary>The session behind a model.</summary>
    public static ModelSession Of(NtkModel model) => (ModelSession)model.Source;

    /// <summary>The program of some outputs, or of chosen elements of theirs, at inputs of the given shapes.</summary>
    /// <param name="parameters">The parameters; their shapes are looked at only where the file leaves them open.</param>
    /// <param name="shapes">The inputs' shapes.</param>
    /// <param name="floatType">The type computed in.</param>
    /// <param name="outputs">Which outputs.</param>
    /// <param name="cancellation">Stops between equations.</param>
    /// <param name="elements">Which elements of them; null for all.</param>
    /// <exception cref="ShapeException">The model cannot take these shapes.</exception>
    public Program Trace(IReadOnlyList<Tensor> parameters, IReadOnlyList<long[]> shapes, ScalarType floatType, IReadOnlyList<int> outputs, CancellationToken cancellation, IReadOnlyList<int[]>? elements = null)
    {
        string chosen = elements is null ? "" : string.Join(";", elements.Select(e => string.Join(",", e)));
        string key = $"{OpenShapes(parameters)}|{floatType}|{string.Join(",", outputs)}|{chosen}|{string.Join(";", shapes.Select(Shapes.Format))}";
        lock (_lock)
        {
            if (_programs.TryGetValue(key, out Program? known))
            {
                return known;
            }
        }
        Program program;
        using (DisposeScope scope = NewDisposeScope())
        {
            var trace = new Trace(floatType, cancellation);
            Value[] variables = source.Parameters.Select((p, i) => trace.Parameter(new TensorType(trace.TypeOf(p.DType),
                NtkParameter.HasShape(p.Shape) ? Array.ConvertAll(p.Shape, d => (long)d) : parameters[i].shape))).ToArray();
            Value[] inputs = source.Inputs.Select((s, i) => trace.Input(new TensorType(trace.TypeOf(s.DType), shapes[i]))).ToArray();
            IReadOnlyList<Value> results = source.Apply(trace, variables, inputs);
            program = trace.Finish(outputs.Select(o => elements is null ? results[o] : Choose(results[o], elements, source.Outputs[o].Name)).ToArray());
        }
        lock (_lock)
        {
            if (_programs.TryAdd(key, program))
            {
                _age.Enqueue(key);
                while (_age.Count > MostPrograms)
                {
                    // Programs in use elsewhere keep their constants: those are freed with the last of them.
                    _programs.Remove(_age.Dequeue());
                }
            }
            return _programs[key];
        }
    }

    /// <summary>The shapes of those parameters whose shapes the file leaves open; a program is for these alone.</summary>
    public string OpenShapes(IReadOnlyList<Tensor> parameters) =>
        string.Join(";", source.Parameters.Select((p, i) => NtkParameter.HasShape(p.Shape) ? null : Shapes.Format(parameters[i].shape)).OfType<string>());

    /// <summary>What was made ready under a key, or is now.</summary>
    public PreparedModel Prepare(string key, Func<PreparedModel> make)
    {
        lock (_lock)
        {
            if (_prepared.TryGetValue(key, out PreparedModel? known))
            {
                return known;
            }
        }
        PreparedModel made = make();
        lock (_lock)
        {
            if (_prepared.Count >= MostPrograms)
            {
                _prepared.Clear();
            }
            return _prepared[key] = made;
        }
    }

    /// <summary>The file's parameter values in a floating-point type; null where an input takes the parameter.</summary>
    public Tensor?[] Parameters(ScalarType floatType)
    {
        lock (_lock)
        {
            if (!_parameters.TryGetValue(floatType, out Tensor?[]? values))
            {
                var trace = new Trace(floatType);
                values = source.Parameters.Select(p => p.Value is { } value ? Convert(trace, value) : null).ToArray();
                _parameters.Add(floatType, values);
            }
            return values;
        }
    }

    /// <summary>A tensor of a file or of the user in the type it is computed in; the caller owns it.</summary>
    public static Tensor Convert(Trace trace, NtkTensor value) => TorchTensors.ToTorch(value, trace.TypeOf(value.DType)).DetachFromDisposeScope();

    // (N, M): the chosen elements of each example.
    private static Value Choose(Value output, IReadOnlyList<int[]> elements, string name)
    {
        long[] sizes = output.Rank == 0 ? [] : output.Shape[1..];
        var places = new long[elements.Count];
        for (int e = 0; e < places.Length; e++)
        {
            int[] index = elements[e];
            if (index.Length != sizes.Length || index.Where((at, a) => at >= sizes[a] || at < -sizes[a]).Any())
            {
                throw new NtkException(NtkErrorId.OutputIndexOutOfRange,
                    $"-OutputIndex ({string.Join(", ", index)}) is no element of output '{name}', whose shape without the batch axis is {Shapes.Format(sizes)}.") { Target = index };
            }
            for (int a = 0; a < sizes.Length; a++)
            {
                places[e] = (places[e] * sizes[a]) + (index[a] < 0 ? index[a] + sizes[a] : index[a]);
            }
        }
        return Lax.Gather(Lax.Reshape(output, output.Shape[0], -1), output.Trace.Integers(places), 1);
    }
}
