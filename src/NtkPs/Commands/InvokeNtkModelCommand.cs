using System.Management.Automation;
using Ntk;
using Ntk.Core;
using Ntk.Core.Kernels;

namespace NtkPs;

/// <summary>Runs a model.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "NtkModel", DefaultParameterSetName = ModelSets.Piped)]
[OutputType(typeof(NtkTensor), typeof(NtkTensorRow))]
public sealed class InvokeNtkModelCommand : ModelCmdlet
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

    private protected override void RunModel()
    {
        IReadOnlyList<NtkTensor> x = _x.Bind(Model, Precision);
        RunOptions options = WithRunOptions(new RunOptions());
        NtkModel model = Model;
        IReadOnlyList<NtkTensor> outputs = Work($"Running {model.Name}", (progress, cancellation) => NtkEngine.Run(model, x, options, progress, cancellation));
        foreach (NtkTensor output in outputs)
        {
            WriteTensor(output, outputs.Count);
        }
    }
}
