using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>A tensor between layers, with the mask that Keras sends along with it.</summary>
/// <param name="Value">The tensor.</param>
/// <param name="Mask">Which of its first axes' places count (boolean); null for all.</param>
public sealed record Flow(Value Value, Value? Mask = null);

/// <summary>A variable that a layer owns.</summary>
/// <param name="Name">Keras's name of it inside the layer, such as <c>kernel</c>.</param>
/// <param name="Trainable">Whether the layer ever trains it; a moving average it does not.</param>
public sealed record LayerVariable(string Name, bool Trainable)
{
    /// <summary>Its place among the model's parameters; −1 until the weights are bound.</summary>
    public int Index { get; set; } = -1;
}

/// <summary>A layer inside another one.</summary>
/// <param name="Paths">The attribute names under which Keras's versions store it.</param>
/// <param name="Layer">The layer.</param>
public sealed record ChildLayer(string[] Paths, KerasLayer Layer);

/// <summary>A layer of a Keras model: its variables, the layers inside it, and what it computes at inference.</summary>
public sealed class KerasLayer(string className, string name, bool trainable)
{
    private string? _pathName;

    /// <summary>Keras's class.</summary>
    public string ClassName { get; } = className;

    /// <summary>The layer's name in its model.</summary>
    public string Name { get; internal set; } = name;

    /// <summary>What the layer adds to its variables' paths: its name, or nothing where TensorFlow names them after the layer around.</summary>
    public string PathName { get => _pathName ?? Name; internal set => _pathName = value; }

    /// <summary>False when the layer is frozen, and with it the layers inside it, unless they say otherwise themselves.</summary>
    public bool Trainable { get; } = trainable;

    /// <summary>Whether the layer's own word counts against that of the layers around it, as in Keras 3, which freezes variables and not layers.</summary>
    internal bool DecidesAlone { get; init; }

    /// <summary>Whether the layer is trained within others.</summary>
    /// <param name="around">Whether the layer around it is.</param>
    /// <param name="whole">Whether the whole model is.</param>
    internal bool IsTrained(bool around, bool whole) => Trainable && (DecidesAlone ? whole : around);

    /// <summary>Its own variables in the order in which Keras stores them: the trainable ones first.</summary>
    public List<LayerVariable> Variables { get; } = [];

    /// <summary>How many variables of inner layers an archive stores before the layer's own.</summary>
    internal int StoredBefore { get; set; }

    /// <summary>The layers inside it, in Keras's order.</summary>
    public List<ChildLayer> Children { get; } = [];

    /// <summary>Whether a mask of the (first) input goes on to the outputs that <see cref="Body"/> leaves without one.</summary>
    public bool PassesMask { get; internal set; }

    /// <summary>Whether the tensors it is called on have no mask for the layers that come after it, as with the attention of Keras since 3.8.</summary>
    internal bool TakesMasksAway { get; set; }

    /// <summary>Whether the mode that a call in the file asks for gives way to inference.</summary>
    internal bool IgnoresTraining { get; init; }

    /// <summary>What it computes.</summary>
    internal Func<LayerCall, IReadOnlyList<Flow>> Body { get; set; } = _ => throw new InvalidOperationException("the layer has no body");

    /// <summary>The layers and calls of a model; null for other layers.</summary>
    public LayerGraph? Graph { get; internal set; }

    /// <summary>The steps, where the layer is a recurrent cell or a stack of such.</summary>
    internal RecurrentCell[]? Cells { get; set; }

    /// <summary>How a convolution's kernel lies in a file of Keras 1.</summary>
    internal KernelOrder KernelOrder { get; set; }

    /// <summary>How it runs over time, where the layer is recurrent.</summary>
    internal Recurrence? Recurrence { get; set; }

    /// <summary>What a layer computes of one tensor, when it is that simple.</summary>
    internal Func<LayerCall, Value, Value> Map
    {
        set => Body = call => [new Flow(value(call, call.X))];
    }

    /// <summary>Adds a variable.</summary>
    internal LayerVariable Add(string variable, bool trained = true)
    {
        var added = new LayerVariable(variable, trained);
        Variables.Add(added);
        return added;
    }

    /// <summary>Adds an inner layer that Keras's versions store under the given attribute names.</summary>
    internal KerasLayer Add(KerasLayer child, params string[] paths)
    {
        Children.Add(new ChildLayer(paths, child));
        return child;
    }

    /// <summary>Runs the layer.</summary>
    /// <exception cref="ShapeException">The inputs do not fit; the message names the layer.</exception>
    public IReadOnlyList<Flow> Call(LayerCall call)
    {
        IReadOnlyList<Flow> outputs;
        try
        {
            // Keras 3 writes the argument's default down and overrides it at inference.
            if (!IgnoresTraining && call.Keyword("training") is true)
            {
                throw new ShapeException("it is called with training=True, which is not what inference computes");
            }
            outputs = Body(call);
            call.RequireAllRead();
        }
        catch (ShapeException e) when (!e.Data.Contains("layer"))
        {
            var named = new ShapeException($"layer '{Name}' ({ClassName}): {e.Message}");
            named.Data["layer"] = Name;
            throw named;
        }
        Value? mask = PassesMask && call.Inputs.Count > 0 ? call.Mask : null;
        return mask is null ? outputs : outputs.Select(o => o.Mask is null ? o with { Mask = mask } : o).ToArray();
    }
}

/// <summary>Where the channels stand in a kernel of Keras 1, as in the layer's input.</summary>
internal enum KernelOrder
{
    /// <summary>(window, in, out).</summary>
    ChannelsLast,
    /// <summary>(out, in, window).</summary>
    ChannelsFirst,
}
