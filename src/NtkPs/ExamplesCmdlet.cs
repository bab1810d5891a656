using System.Management.Automation;
using Ntk;

namespace NtkPs;

/// <summary>The base of commands that take a model and examples.</summary>
public abstract class ExamplesCmdlet : ModelCmdlet
{
    private TensorInput _given = null!;
    private TensorArgument _x = null!;

    /// <summary>The examples, first axis the batch: a tensor, rows, an array or a path; several inputs as a dictionary by name.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ModelSets.Piped)]
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = ModelSets.Given)]
    [TensorInputTransformation]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public TensorInput X
    {
        get => _given;
        set => (_given, LastBindings) = (value, LastBindings + 1);
    }

    private protected override string LastPosition => "-X";

    private protected override void ReadArguments() => _x = new TensorArgument(this, X.Value, "-X");

    /// <summary>The examples, bound to the model.</summary>
    private protected IReadOnlyList<NtkTensor> BoundExamples() => _x.Bind(Model, Precision);
}
