using System.Management.Automation;
using Ntk;

namespace NtkPs;

/// <summary>Lists a model's variables.</summary>
[Cmdlet(VerbsCommon.Get, "NtkParameter", DefaultParameterSetName = "Model")]
[OutputType(typeof(NtkParameter))]
public sealed class GetNtkParameterCommand : NtkCmdlet
{
    /// <summary>The model, from Import-NtkModel.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ParameterSetName = "Model")]
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Pipeline")]
    public NtkModel Model { get; set; } = null!;

    /// <summary>Names, with wildcards; with or without :0.</summary>
    [Parameter(Position = 1, ParameterSetName = "Model")]
    [Parameter(Position = 0, ParameterSetName = "Pipeline")]
    [SupportsWildcards]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Those that TensorFlow would train.</summary>
    [Parameter]
    public SwitchParameter Trainable { get; set; }

    /// <summary>Those that it would not; with neither switch, or both, all.</summary>
    [Parameter]
    public SwitchParameter NonTrainable { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var found = new HashSet<NtkParameter>();
        foreach (string name in Name)
        {
            string bare = name.EndsWith(":0", StringComparison.Ordinal) ? name[..^2] : name;
            var pattern = new WildcardPattern(bare, WildcardOptions.IgnoreCase);
            bool any = false;
            foreach (NtkParameter parameter in Model.Parameters)
            {
                if (pattern.IsMatch(parameter.Name) || parameter.Name == bare)
                {
                    any = true;
                    found.Add(parameter);
                }
            }
            if (!any && !WildcardPattern.ContainsWildcardCharacters(bare))
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
