using System.Management.Automation;
using Ntk;

namespace NtkPs;

/// <summary>
/// The parameter sets of commands that take a model: <c>f $model $x</c> and <c>$model | f $x</c>. PowerShell's binder fills positions from the default set
/// first, and leaves it only by a parameter that no other set has. So the default is the piped one, whose positions are the other arguments', and the
/// model has a parameter of its own in each.
/// </summary>
internal static class ModelSets
{
    /// <summary>The model is an argument.</summary>
    public const string Given = "Model";

    /// <summary>The model comes through the pipeline.</summary>
    public const string Piped = "Pipeline";

    /// <summary>Refuses what binds and yet makes no sense.</summary>
    /// <param name="cmdlet">The command.</param>
    /// <param name="last">The last parameter with a position.</param>
    /// <param name="bindings">How often it was bound: one argument too many goes to it a second time.</param>
    /// <exception cref="NtkException">There is no model, or an argument too many.</exception>
    public static void Check(PSCmdlet cmdlet, string last, int bindings)
    {
        string name = cmdlet.MyInvocation.MyCommand.Name;
        if (cmdlet.ParameterSetName == Piped && !cmdlet.MyInvocation.ExpectingInput && !cmdlet.MyInvocation.BoundParameters.ContainsKey("InputObject"))
        {
            throw new NtkException(NtkErrorId.InvalidArgument,
                $"{name} needs a model from Import-NtkModel: as its first argument ({name} $model …; is the variable's name spelled right?) or through the pipeline ($model | {name} …).") { Target = "-Model" };
        }
        if (bindings > 1)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"{name} was given an argument too many: nothing comes after {last} without a parameter's name.") { Target = last };
        }
    }
}
