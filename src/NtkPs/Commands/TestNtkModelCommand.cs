using System.Management.Automation;
using Ntk;
using Ntk.Core;
using Ntk.Core.Formats;

namespace NtkPs;

/// <summary>Tells which ops or layers a model uses, and what stands in the way of importing it.</summary>
[Cmdlet(VerbsDiagnostic.Test, "NtkModel", DefaultParameterSetName = "Path")]
[OutputType(typeof(NtkModelPart), typeof(bool))]
public sealed class TestNtkModelCommand : ModelFileCmdlet
{
    /// <summary>Only whether the model can be imported.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    private protected override void Process(string file, ImportOptions options)
    {
        IReadOnlyList<NtkModelPart> parts;
        try
        {
            parts = Work($"Testing {System.IO.Path.GetFileName(file)}", cancellation => NtkEngine.Survey(file, options, cancellation));
        }
        catch (NtkException error) when (Quiet && error.ErrorId is NtkErrorId.FileCorrupt or NtkErrorId.FormatNotRecognized or NtkErrorId.VariablesMissing)
        {
            // That is an answer; a path that is not there, or a wrong argument, is none.
            WriteVerbose(error.Message);
            WriteObject(false);
            return;
        }
        if (!Quiet)
        {
            WriteObject(parts, enumerateCollection: true);
            return;
        }
        foreach (NtkModelPart obstacle in parts.Where(p => !p.Supported))
        {
            WriteVerbose($"'{file}': {obstacle}");
        }
        WriteObject(parts.All(p => p.Supported));
    }
}
