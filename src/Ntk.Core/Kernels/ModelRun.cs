using Ntk.Core.Autodiff;
using Ntk.Core.Formats;
using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>Evaluates a model's outputs, or chosen elements of them, by tiles where it keeps examples apart.</summary>
internal sealed class ModelRun(NtkModel model, RunOptions options, IReadOnlyList<int[]>? elements, IProgress<NtkProgress>? progress, CancellationToken cancellation)
{
    private const long TileExamples = 128;
    private readonly ModelSession _session = ModelSession.Of(model);
    private readonly ScalarType _floatType = options.Precision == NtkPrecision.Double ? ScalarType.Float64 : ScalarType.Float32;

    /// <summary>The outputs wanted, named.</summary>
    public IReadOnlyList<NtkTensor> Run(Side side)
    {
        int[] outputs = OutputSelection.Select(model, options.Outputs);
        var owned = new List<Tensor>();
        try
        {
            (Tensor[] parameters, _) = ParameterSelection.Values(model, _session, options.Parameters, _floatType, owned);
            using DisposeScope scope = NewDisposeScope();
            bool single = SingleExamples.Are(_session.Source, side, 0, shapes => Traced(shapes, outputs, parameters));
            long tile = single ? 1 : Fitting(side, outputs, parameters);
            Tensor[] results = side.Examples > tile && (single || KeepsApart(side, outputs, parameters)) ? Tiled(side, tile, outputs, parameters) : Whole(side, outputs, parameters);
            return outputs.Select((o, i) => TorchTensors.FromTorch(results[i], _session.Source.Outputs[o].Name)).ToArray();
        }
        finally
        {
            owned.ForEach(t => t.Dispose());
        }
    }

    private Tensor[] Whole(Side side, int[] outputs, Tensor[] parameters)
    {
        Program program = Traced(Array.ConvertAll(side.Tensors, t => t.shape), outputs, parameters);
        MemoryBudget.RequireExamples(ForwardPass.Bytes(program), options.MemoryLimit, side.Examples);
        return ForwardPass.Run(program, parameters, side.Tensors, cancellation);
    }

    // As many examples as go through the model at once under the limit, were they each a share of what all take.
    private long Fitting(Side side, int[] outputs, Tensor[] parameters)
    {
        if (options.MemoryLimit is not { } limit || side.Examples <= 1 || side.Unevenness(0, "") is not null)
        {
            return TileExamples;
        }
        long examples = Math.Min(TileExamples, side.Examples);
        double bytes = ForwardPass.Bytes(Traced(side.Shapes(examples, 0), outputs, parameters));
        return bytes <= limit ? TileExamples : Math.Max(1, (long)(examples * (limit / bytes)));
    }

    private Program Traced(long[][] shapes, int[] outputs, Tensor[] parameters) => _session.Trace(parameters, shapes, _floatType, outputs, cancellation, elements);

    private Tensor[] Tiled(Side side, long tile, int[] outputs, Tensor[] parameters)
    {
        var parts = outputs.Select(_ => new List<Tensor>()).ToArray();
        for (long start = 0; start < side.Examples; start += tile)
        {
            long count = Math.Min(tile, side.Examples - start);
            Tensor[] results = Whole(new Side(side.Tile(start, count, 0), count), outputs, parameters);
            for (int i = 0; i < results.Length; i++)
            {
                if (tile == 1 && (results[i].dim() == 0 || results[i].shape[0] != 1))
                {
                    throw new NtkException(NtkErrorId.ShapeMismatch,
                        $"{model.Name} takes one example at a time, and its output '{_session.Source.Outputs[outputs[i]].Name}' has no axis of examples to put several along; give one example, or choose another output.");
                }
                parts[i].Add(results[i]);
            }
            progress?.Report(new NtkProgress("Model outputs", start + count, side.Examples));
        }
        return Array.ConvertAll(parts, p => cat(p.ToArray(), 0));
    }

    private bool KeepsApart(Side side, int[] outputs, Tensor[] parameters)
    {
        try
        {
            Program two = Traced(side.Shapes(2, 0), outputs, parameters);
            return BatchAnalysis.Prove(two, 2, 0, 0, out _) is { } axes && TracedModel.AreAlike(two, axes, Traced(side.Shapes(1, 0), outputs, parameters), 1);
        }
        catch (Exception e) when (ShapeException.IsCauseOf(e))
        {
            return false;
        }
    }
}

/// <summary>Which outputs are wanted.</summary>
internal static class OutputSelection
{
    /// <summary>Positions of the outputs named; all when none is.</summary>
    public static int[] Select(NtkModel model, IReadOnlyList<string>? names)
    {
        IReadOnlyList<NtkTensorSpec> outputs = ModelSession.Of(model).Source.Outputs;
        if (names is null)
        {
            return Enumerable.Range(0, outputs.Count).ToArray();
        }
        return names.Select(name =>
        {
            int found = outputs.ToList().FindIndex(o => ParameterSelection.Bare(o.Name) == ParameterSelection.Bare(name));
            return found >= 0 ? found : throw new NtkException(NtkErrorId.OutputNotFound,
                $"{model.Name} has no output '{name}'. It has: {string.Join(", ", outputs.Select(o => o.Name))}.") { Target = name };
        }).ToArray();
    }
}
