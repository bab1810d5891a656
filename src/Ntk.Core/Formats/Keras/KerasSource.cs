using Ntk.Core.Autodiff;
using Ntk.Core.Ops.Keras;
using TorchSharp;

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

    // The layers run over shapes alone, for two sizes of all free axes: what differs between both is free in the output.
    private NtkTensorSpec[] InferOutputs(List<string> names)
    {
        ShapeException? refusal = null;
        foreach (int size in ShapeProbe.Sizes)
        {
            try
            {
                TensorType[] one = ShapesAt(size), two = ShapesAt(size + 1);
                return names.Select((n, i) => new NtkTensorSpec(n, one[i].Shape.Zip(two[i].Shape, (a, b) => a == b ? (int)a : -1).ToArray(), DTypeOf(one[i].DType))).ToArray();
            }
            catch (ShapeException e)
            {
                refusal = e;
            }
        }
        // Without free axes other than the batch, a model that cannot run at one size cannot run.
        if (Inputs.All(i => i.Shape is not null && i.Shape.Skip(1).All(d => d >= 0)))
        {
            throw refusal!;
        }
        return names.Select(n => new NtkTensorSpec(n, null, NtkDType.Float32)).ToArray();
    }

    private TensorType[] ShapesAt(int free) =>
        ShapeProbe.IsPossible(this) ? ShapeProbe.Run(this, free) : throw new ShapeException("the file does not say the inputs' shapes");

    private static NtkDType DTypeOf(torch.ScalarType type) => Tensors.TorchTensors.TypeOf(type);
}
