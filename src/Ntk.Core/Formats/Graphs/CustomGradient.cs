using Ntk.Core.Formats.Protos;

namespace Ntk.Core.Formats.Graphs;

/// <summary>A gradient that the model's author gave (tf.custom_gradient), as a SavedModel keeps it: an IdentityN over results and arguments refers to it.</summary>
/// <param name="Function">The function: a cotangent for each of the IdentityN's outputs, then what it reads, to the cotangents of some inputs.</param>
/// <param name="Gives">For each of the IdentityN's inputs, whether the function gives it a cotangent.</param>
/// <param name="Reads">Tensors of the function in which the IdentityN lies that the gradient reads; null for what is none (a variable's handle).</param>
/// <param name="IsComplete">Whether all of them were found.</param>
internal sealed record CustomGradient(string Function, IReadOnlyList<bool> Gives, IReadOnlyList<string?> Reads, bool IsComplete = true)
{
    /// <summary>Whether it is the derivative of the forward graph; null until that has been looked at.</summary>
    public bool? IsTrue { get; set; }

    /// <summary>The custom gradients of a SavedModel, by the name under which nodes refer to them.</summary>
    public static Dictionary<string, CustomGradient> Of(MetaGraphDef meta)
    {
        var gradients = new Dictionary<string, CustomGradient>();
        foreach (RegisteredGradient registered in meta.GraphDef.Library?.RegisteredGradients ?? [])
        {
            if (meta.ObjectGraphDef is { } objects && objects.ConcreteFunctions.TryGetValue(registered.GradientFunc, out SavedConcreteFunction? function))
            {
                StructuredValue? results = function.OutputSignature;
                var list = results?.KindCase == StructuredValue.KindOneofCase.TupleValue ? results.TupleValue : results?.ListValue;
                gradients[registered.RegisteredOpType] = new CustomGradient(registered.GradientFunc,
                    list?.Values.Select(v => v.KindCase != StructuredValue.KindOneofCase.NoneValue).ToArray() ?? [],
                    function.BoundInputs.Select(b => b < objects.Nodes.Count ? objects.Nodes[b].CapturedTensor?.Name : null).ToArray());
            }
        }
        return gradients;
    }
}
