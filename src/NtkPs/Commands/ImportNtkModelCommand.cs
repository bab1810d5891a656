using System.Management.Automation;
using Ntk;
using Ntk.Core;
using Ntk.Core.Formats;

namespace NtkPs;

/// <summary>Reads TensorFlow models: SavedModel folders, frozen graphs, .keras and .h5 files, TensorFlow.js model.json files.</summary>
[Cmdlet(VerbsData.Import, "NtkModel", DefaultParameterSetName = "Path")]
[OutputType(typeof(NtkModel))]
public sealed class ImportNtkModelCommand : ModelFileCmdlet
{
    private protected override void Process(string file, ImportOptions options)
    {
        NtkModel model = Work($"Reading {System.IO.Path.GetFileName(file)}", cancellation => NtkEngine.Import(file, options, cancellation));
        foreach (string warning in NtkEngine.Warnings(model))
        {
            WriteWarning(warning);
        }
        WriteVerbose($"{model} from '{file}'.");
        WriteObject(model);
    }
}
