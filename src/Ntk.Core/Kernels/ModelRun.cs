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
            Tensor[] results = side.Examples > TileExamples && KeepsApart(side, outputs, parameters) ? Tiled(side, outputs, parameters) : Whole(side, outputs, parameters);
            return outputs.Select((o, i) => TorchTensors.FromTorch(results[i], _session.Source.Outputs[o].Name)).ToArray();
        }
        finally
        {
            owned.ForEach(t => t.Dispose());
        }
    }

    private Tensor[] Whole(Side side, int[] outputs, Tensor[] parameters)
    {
        Program program = _session.Trace(parameters, Array.ConvertAll(side.Tensors, t => t.shape), _floatType, outputs, cancellation, elements);
        return ForwardPass.Run(program, parameters, side.Tensors, cancellation);
    }

    private Tensor[] Tiled(Side side, int[] outputs, Tensor[] parameters)
    {
        var parts = outputs.Select(_ => new List<Tensor>()).ToArray();
        for (long start = 0; start < side.Examples; start += TileExamples)
        {
            long count = Math.Min(TileExamples, side.Examples - start);
            Tensor[] results = Whole(new Side(side.Tile(start, count, 0), count), outputs, parameters);
            for (int i = 0; i < results.Length; i++)
            {
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
            Program two = _session.Trace(parameters, side.Shapes(2, 0), _floatType, outputs, cancellation, elements);
            return BatchAnalysis.Prove(two, 2, 0, 0, out _) is not null &&
                TracedModel.AreAlike(two, _session.Trace(parameters, side.Shapes(1, 0), _floatType, outputs, cancellation, elements));
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
        if (names is null)
        {
            return Enumerable.Range(0, model.Outputs.Count).ToArray();
        }
        return names.Select(name =>
        {
            int found = model.Outputs.ToList().FindIndex(o => ParameterSelection.Bare(o.Name) == ParameterSelection.Bare(name));
            return found >= 0 ? found : throw new NtkException(NtkErrorId.OutputNotFound,
                $"{model.Name} has no output '{name}'. It has: {string.Join(", ", model.Outputs.Select(o => o.Name))}.") { Target = name };
        }).ToArray();
    }
}
