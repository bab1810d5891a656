namespace Ntk;

/// <summary>A TensorFlow model read from a file: what it takes, what it gives, what it has learned.</summary>
public sealed class NtkModel
{
    private readonly Lazy<IReadOnlyList<NtkTensorSpec>> _outputs;

    internal NtkModel(string name, string path, string format, IReadOnlyList<NtkTensorSpec> inputs, Func<IReadOnlyList<NtkTensorSpec>> outputs,
        IReadOnlyList<NtkParameter> parameters, object source)
    {
        Name = name;
        Path = path;
        Format = format;
        // Arrays, which PowerShell can index; it cannot every list that is read-only.
        Inputs = inputs.ToArray();
        _outputs = new(() => outputs().ToArray());
        Parameters = parameters.ToArray();
        Source = source;
        foreach (NtkParameter parameter in Parameters)
        {
            parameter.Origin = name;
        }
    }

    /// <summary>The model's name: the file's without its extension, or the folder's.</summary>
    public string Name { get; }

    /// <summary>The full path it was read from.</summary>
    public string Path { get; }

    /// <summary>The file format: SavedModel, GraphDef, Keras, KerasH5.</summary>
    public string Format { get; }

    /// <summary>What the model takes, in the signature's or the layer graph's order.</summary>
    public IReadOnlyList<NtkTensorSpec> Inputs { get; }

    /// <summary>What the model gives. Shapes that the file does not say are found out when they are first asked for.</summary>
    public IReadOnlyList<NtkTensorSpec> Outputs => _outputs.Value;

    /// <summary>Every variable, trainable or not.</summary>
    public IReadOnlyList<NtkParameter> Parameters { get; }

    /// <summary>The number of scalars in all floating-point variables.</summary>
    public long ParameterCount => Parameters.Where(p => p.DType.IsFloat()).Sum(p => p.Count);

    /// <summary>The number of scalars in the trainable ones.</summary>
    public long TrainableCount => Parameters.Where(p => p.Trainable && p.DType.IsFloat()).Sum(p => p.Count);

    /// <summary>The core's model (Ntk.Core.Formats.ModelSource); the core alone knows its type.</summary>
    internal object Source { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name} ({Format}, {ParameterCount:N0} parameters)";
}
