using Ntk.Core.Autodiff;
using TorchSharp;

namespace Ntk.Core.Formats;

/// <summary>Runs a model over shapes alone: what it gives at some size of every axis that its file leaves open.</summary>
internal static class ShapeProbe
{
    /// <summary>Sizes worth trying: a small one, and one for models whose windows and strides leave nothing of small images.</summary>
    public static readonly int[] Sizes = [8, 224];

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
