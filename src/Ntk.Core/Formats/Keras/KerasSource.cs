using Ntk.Core.Autodiff;
using Ntk.Core.Ops.Keras;

namespace Ntk.Core.Formats.Keras;

/// <summary>A model of Keras's own formats: a graph of layers with their weights.</summary>
public sealed class KerasSource : ModelSource
{
    private readonly KerasLayer _model;

    internal KerasSource(string format, KerasLayer model, KerasWeights weights)
    {
        Format = format;
        _model = model;
        LayerGraph graph = model.Graph ?? throw new InvalidOperationException("the outermost layer is no model");
        Inputs = graph.Inputs.Select(i => new NtkTensorSpec(i.Name, i.Shape, i.DType)).ToArray();
        Parameters = weights.All.Select(v => new NtkParameter(v.Path, v.Value!.Shape, v.Value.DType, v.Trainable && v.Value.DType.IsFloat(), () => v.Value)).ToArray();
        Outputs = InferOutputs(graph.OutputNames);
    }

    /// <inheritdoc/>
    public override string Format { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<NtkTensorSpec> Inputs { get; }

    /// <inheritdoc/>
    public override bool InputsAreOrdered => true;

    /// <inheritdoc/>
    public override IReadOnlyList<NtkTensorSpec> Outputs { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<NtkParameter> Parameters { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Value> Apply(Trace trace, IReadOnlyList<Value> parameters, IReadOnlyList<Value> inputs)
    {
        var call = new LayerCall(trace, parameters, [inputs.Select(i => (object?)new Flow(i)).ToList()]);
        return _model.Call(call).Select(o => o.Value).ToArray();
    }

    // Without free axes other than the batch, a model that cannot run at one size cannot run.
    private NtkTensorSpec[] InferOutputs(List<string> names)
    {
        try
        {
            return ShapeProbe.Outputs(this, names);
        }
        catch (ShapeException) when (Inputs.Any(i => i.Shape is null || i.Shape.Skip(1).Any(d => d < 0)))
        {
            return [.. names.Select(n => new NtkTensorSpec(n, null, NtkDType.Float32))];
        }
    }
}
