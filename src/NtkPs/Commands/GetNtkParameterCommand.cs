using System.Management.Automation;
using Ntk;
using Ntk.Core;

namespace NtkPs;

/// <summary>Lists a model's variables.</summary>
[Cmdlet(VerbsCommon.Get, "NtkParameter", DefaultParameterSetName = ModelSets.Piped)]
[OutputType(typeof(NtkParameter))]
public sealed class GetNtkParameterCommand : NtkCmdlet
{
    private string[] _names = ["*"];
    private int _bindings;

    /// <summary>The model, from Import-NtkModel, where none is piped.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ModelSets.Given)]
    public NtkModel Model { get; set; } = null!;

    /// <summary>The model, through the pipeline.</summary>
    [ValidateNotNull]
    [Parameter(ValueFromPipeline = true, ParameterSetName = ModelSets.Piped)]
    public NtkModel InputObject { get => Model; set => Model = value; }

    /// <summary>Names, with wildcards; with or without :0.</summary>
    [Parameter(Position = 0, ParameterSetName = ModelSets.Piped)]
    [Parameter(Position = 1, ParameterSetName = ModelSets.Given)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ParameterNameCompleter))]
    public string[] Name
    {
        get => _names;
        set => (_names, _bindings) = (value, _bindings + 1);
    }

    /// <summary>Those that TensorFlow would train.</summary>
    [Parameter]
    public SwitchParameter Trainable { get; set; }

    /// <summary>Those that it would not; with neither switch, or both, all.</summary>
    [Parameter]
    public SwitchParameter NonTrainable { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => Terminating(() =>
    {
        ModelSets.Check(this, "-Name", _bindings);
        if (Name is null or [] || Array.IndexOf(Name, null) >= 0)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, "-Name is $null or empty; is the variable's name spelled right? Leave it out for all parameters.") { Target = "-Name" };
        }
    });

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var found = new HashSet<NtkParameter>();
        foreach (string name in Name)
        {
            string bare = name.EndsWith(":0", StringComparison.Ordinal) ? name[..^2] : name;
            var pattern = new NamePattern(bare);
            bool any = false;
            foreach (NtkParameter parameter in Model.Parameters)
            {
                if (pattern.Matches(parameter.Name))
                {
                    any = true;
                    found.Add(parameter);
                }
            }
            if (!any && pattern.IsLiteral)
            {
                WriteError(Errors.Record(new NtkException(NtkErrorId.ParameterNotFound,
                    $"The model '{Model.Name}' has no parameter '{name}'; Get-NtkParameter without -Name lists all {Model.Parameters.Count}.") { Target = name }));
            }
        }
        foreach (NtkParameter parameter in Model.Parameters)
        {
            if (found.Contains(parameter) && (Trainable == NonTrainable || Trainable == parameter.Trainable))
            {
                WriteObject(parameter);
            }
        }
    }
}
