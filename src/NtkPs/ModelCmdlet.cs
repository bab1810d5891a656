using System.Collections;
using System.Management.Automation;
using Ntk;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;

namespace NtkPs;

/// <summary>The base of cmdlets that run a model: which one, at which parameters, which outputs, how exactly.</summary>
public abstract class ModelCmdlet : TensorCmdlet
{
    private Dictionary<string, NtkTensor>? _parameters;

    /// <summary>The model, from Import-NtkModel, where none is piped.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ModelSets.Given)]
    public NtkModel Model { get; set; } = null!;

    /// <summary>The model, through the pipeline.</summary>
    [ValidateNotNull]
    [Parameter(ValueFromPipeline = true, ParameterSetName = ModelSets.Piped)]
    public NtkModel InputObject { get => Model; set => Model = value; }

    /// <summary>Values that replace the file's, by parameter name.</summary>
    [Parameter]
    public IDictionary? Parameter { get; set; }

    /// <summary>The outputs wanted; all without it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(OutputNameCompleter))]
    public string[]? Output { get; set; }

    /// <summary>The type computed in: Single (float32) or Double (float64).</summary>
    [Parameter]
    public NtkPrecision Precision { get; set; }

    /// <summary>Bytes that the computation may take beside the model, such as 2GB.</summary>
    [Parameter]
    [ValidateRange(1L, long.MaxValue)]
    public long MemoryLimit { get; set; }

    /// <summary>Reads what does not depend on the model.</summary>
    protected override void BeginProcessing() => Terminating(() =>
    {
        ModelSets.Check(this, LastPosition, LastBindings);
        if (IsBound(nameof(Parameter)) && Parameter is null)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, "-Parameter is $null; is the variable's name spelled right? Leave it out for the file's values.");
        }
        _parameters = Parameter is null ? null : TensorArgument.ByName(this, Parameter, "-Parameter");
        ReadArguments();
    });

    /// <summary>Runs the command for one model.</summary>
    protected override void ProcessRecord() => ForItem(!MyInvocation.ExpectingInput, RunModel);

    /// <summary>The last parameter that needs no name.</summary>
    private protected abstract string LastPosition { get; }

    /// <summary>How often it was bound.</summary>
    private protected int LastBindings { get; set; }

    /// <summary>Reads the inputs.</summary>
    private protected abstract void ReadArguments();

    /// <summary>Does the work for <see cref="Model"/>.</summary>
    private protected abstract void RunModel();

    /// <summary>The arguments common to running and differentiating <see cref="Model"/>, in a copy of <paramref name="options"/>' own type.</summary>
    /// <remarks>Not generic: a constraint to a type of the core's would need the core before the module has said where it is.</remarks>
    private protected RunOptions WithRunOptions(RunOptions options) => options with
    {
        Parameters = BindParameters(),
        Outputs = Output,
        Precision = Precision,
        MemoryLimit = IsBound(nameof(MemoryLimit)) ? MemoryLimit : null,
        Warn = QueueWarning,
    };

    /// <summary>The first output wanted; null where the model has none of that name.</summary>
    private protected NtkTensorSpec? FirstOutput() => Output is [var name, ..] ? Model.Outputs.FirstOrDefault(output => output.Name == name) : Model.Outputs is [var first, ..] ? first : null;

    // Values in the parameters' own types; names that the model lacks are the engine's to refuse.
    private Dictionary<string, NtkTensor>? BindParameters()
    {
        if (_parameters is null)
        {
            return null;
        }
        var bound = new Dictionary<string, NtkTensor>(_parameters.Count, StringComparer.Ordinal);
        foreach ((string name, NtkTensor value) in _parameters)
        {
            NtkParameter? parameter = Model.Parameters.FirstOrDefault(p => Bare(p.Name) == Bare(name));
            if (!bound.TryAdd(Bare(name), parameter is null ? value : InputBinding.ConformParameter(value, parameter, Precision)))
            {
                throw new NtkException(NtkErrorId.InvalidArgument, $"-Parameter has two values for '{Bare(name)}', with and without :0.") { Target = name };
            }
            if (InputBinding.CountRowsNotFinite(value) > 0)
            {
                QueueWarning($"-Parameter['{name}'] has NaN or infinity in it; what depends on it may be NaN.");
            }
        }
        return bound;
    }

    private static string Bare(string name) => name.EndsWith(":0", StringComparison.Ordinal) ? name[..^2] : name;
}
