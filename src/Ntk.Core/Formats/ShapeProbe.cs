using Ntk.Core.Autodiff;
using TorchSharp;

namespace Ntk.Core.Formats;

/// <summary>Runs a model over shapes alone: what it gives at some size of every axis that its file leaves open.</summary>
internal static class ShapeProbe
{
    // A small one, and one for models whose windows and strides leave nothing of small images.
    private static readonly int[] s_sizes = [8, 224];
    // For sequences, of which a model may cut thousands of steps.
    private const int LongSize = 1 << 14;

    /// <summary>Sizes worth trying in turn.</summary>
    public static IReadOnlyList<int> Sizes(ModelSource source) =>
        source.Inputs.All(i => i.Shape is not null && i.Shape.Skip(1).Count(d => d < 0) <= 1) && source.Inputs.Any(i => i.Shape!.Skip(1).Any(d => d < 0)) ? [.. s_sizes, LongSize] : s_sizes;

    /// <summary>The outputs, run for two sizes of all free axes: what differs between both is free.</summary>
    /// <exception cref="ShapeException">The model runs at none of the sizes tried, or the file does not say enough.</exception>
    public static NtkTensorSpec[] Outputs(ModelSource source, IReadOnlyList<string> names, CancellationToken cancellation = default)
    {
        if (!IsPossible(source))
        {
            throw new ShapeException("the file does not say the inputs' shapes");
        }
        IReadOnlyList<int> sizes = Sizes(source);
        for (int i = 0; ; i++)
        {
            try
            {
                TensorType[] one = Run(source, sizes[i], cancellation), two = Run(source, sizes[i] + 1, cancellation);
                return [.. names.Select((n, o) => new NtkTensorSpec(n, one[o].Rank != two[o].Rank ? null : one[o].Shape.Zip(two[o].Shape, (a, b) => a == b ? (int)a : -1).ToArray(),
                    Tensors.TorchTensors.TypeOf(one[o].DType)))];
            }
            catch (Exception e) when (ShapeException.IsCauseOf(e) && i + 1 < sizes.Count)
            {
                // Another size may fit.
            }
        }
    }

    /// <summary>A model's outputs with the shapes that its file does not say, as far as they can be found out.</summary>
    public static IReadOnlyList<NtkTensorSpec> Described(ModelSource source)
    {
        if (source.Outputs.All(o => o.Shape is not null))
        {
            return source.Outputs;
        }
        try
        {
            NtkTensorSpec[] found = Outputs(source, [.. source.Outputs.Select(o => o.Name)]);
            return [.. source.Outputs.Zip(found, (said, traced) => said.Shape is null ? said with { Shape = traced.Shape } : said)];
        }
        catch (Exception e) when (e is NtkException or ShapeException)
        {
            // What stands in the way is told when the model is run.
            return source.Outputs;
        }
    }

    /// <summary>Whether the file says enough.</summary>
    public static bool IsPossible(ModelSource source) => source.Inputs.All(i => i.Shape is not null) && source.Parameters.All(p => NtkParameter.HasShape(p.Shape));

    /// <summary>The outputs' types and shapes at one size of all free axes.</summary>
    public static TensorType[] Run(ModelSource source, int free, CancellationToken cancellation = default)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        var trace = new Trace(torch.ScalarType.Float32, cancellation);
        Value[] parameters = source.Parameters.Select(p => trace.Parameter(new TensorType(trace.TypeOf(p.DType), Array.ConvertAll(p.Shape!, d => (long)d)))).ToArray();
        Value[] inputs = source.Inputs.Select(i => trace.Input(new TensorType(trace.TypeOf(i.DType), Array.ConvertAll(i.Shape!, d => d < 0 ? (long)free : d)))).ToArray();
        return source.Apply(trace, parameters, inputs).Select(o => o.Type).ToArray();
    }
}
