using Ntk.Core.Autodiff;
using Ntk.Core.Formats.Protos;
using Ntk.Core.Ops.TensorFlow;

namespace Ntk.Core.Formats.Graphs;

/// <summary>A model that is a TensorFlow graph.</summary>
public sealed class GraphSource : ModelSource
{
    private readonly FlatGraph _graph;
    private readonly GraphFlattener _functions;
    private readonly int _parameterInputs;

    /// <summary>Makes a model of a graph whose arguments are the inputs, then the parameter inputs.</summary>
    internal GraphSource(string format, FlatGraph graph, GraphFlattener functions, IReadOnlyList<NtkTensorSpec> inputs, IReadOnlyList<NtkTensorSpec> outputs,
        IReadOnlyList<NtkParameter> variables, IReadOnlyList<NtkTensorSpec> parameterInputs)
    {
        Format = format;
        _graph = graph;
        _functions = functions;
        _parameterInputs = parameterInputs.Count;
        Inputs = inputs;
        Outputs = outputs;
        Parameters = [.. variables, .. parameterInputs.Select(p => new NtkParameter(p.Name, p.Shape, p.DType, trainable: true, () => null))];
    }

    /// <inheritdoc/>
    public override string Format { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<NtkTensorSpec> Inputs { get; }

    /// <inheritdoc/>
    public override bool InputsAreOrdered => false;

    /// <inheritdoc/>
    public override IReadOnlyList<NtkTensorSpec> Outputs { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<NtkParameter> Parameters { get; }

    /// <summary>
    /// Gradients of the author's own (tf.custom_gradient) that the file names but does not hold: TensorFlow refuses to differentiate such a graph, we
    /// differentiate what it computes. Of a swish, by far the most frequent, that is known to be the same.
    /// </summary>
    public override IReadOnlyList<string> Warnings =>
    [
        .. _graph.Order.Select(i => _graph.Nodes[i]).Where(n => n is { Op: "IdentityN", Gradient: null } && n.Attributes.ContainsKey(GraphFlattener.GradientAttribute) && !IsSwish(n))
            .Select(n => $"Node '{n.Name}' has a gradient of its author's own (tf.custom_gradient), which the file does not hold: the derivative of what the node computes is taken instead."),
    ];

    /// <inheritdoc/>
    public override IReadOnlyList<Value> Apply(Trace trace, IReadOnlyList<Value> parameters, IReadOnlyList<Value> inputs)
    {
        var tracer = new GraphTracer(trace, _functions, i => parameters[i]);
        object[] results = tracer.Run(_graph, [.. inputs, .. parameters.Skip(Parameters.Count - _parameterInputs)]);
        Value[] values = results.Select((r, i) => r as Value
            ?? throw new NtkException(NtkErrorId.UnsupportedModel, $"The output '{Outputs[i].Name}' is no numeric tensor; choose another with -OutputTensor.")).ToArray();
        trace.RefuseRandom(values);
        return values;
    }

    // x · sigmoid(β·x), passed on with x.
    private bool IsSwish(GraphNode node) => node.Inputs.Length > 1 && _graph.Nodes[node.Inputs[0].Node] is { Op: "Mul" } product &&
        product.Inputs.Contains(node.Inputs[1]) && product.Inputs.Any(t => _graph.Nodes[t.Node].Op == "Sigmoid");
}
