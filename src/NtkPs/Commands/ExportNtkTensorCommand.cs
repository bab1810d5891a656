using System.Management.Automation;
using Ntk;
using Ntk.Core.Tensors;

namespace NtkPs;

/// <summary>Writes tensors to a .npy, .npz, .safetensors, .csv or .parquet file, whole or not at all.</summary>
[Cmdlet(VerbsData.Export, "NtkTensor", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo))]
public sealed class ExportNtkTensorCommand : NtkCmdlet
{
    private readonly TensorCollector _tensors;
    private string _file = "";

    /// <summary>Makes the command.</summary>
    public ExportNtkTensorCommand() => _tensors = new TensorCollector(this, "-InputObject");

    /// <summary>A tensor, several (to an .npz or .safetensors), or rows, which are put together again.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    public object InputObject { get; set; } = null!;

    /// <summary>The file; its extension is the format.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public string Path { get; set; } = "";

    /// <summary>Leaves a file that exists as it is.</summary>
    [Parameter]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Emits the file that was written.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => Terminating(() =>
    {
        _file = SessionPaths.Full(this, Path);
        TensorFile.Kind(_file);
        // What keeps the file from being written is told before a long pipeline runs.
        new AtomicFile(_file, overwrite: !NoClobber).Dispose();
    });

    /// <inheritdoc/>
    protected override void ProcessRecord() => _tensors.Add(InputObject);

    /// <inheritdoc/>
    protected override void EndProcessing() => Terminating(() =>
    {
        IReadOnlyList<NtkTensor> tensors = _tensors.Complete();
        if (ShouldProcess(_file, "Export tensor"))
        {
            Work($"Writing {System.IO.Path.GetFileName(_file)}", cancellation =>
            {
                TensorFile.Write(_file, tensors, overwrite: !NoClobber, cancellation);
                return true;
            });
            if (PassThru)
            {
                WriteObject(new FileInfo(_file));
            }
            WriteVerbose($"{string.Join(", ", tensors.Select(t => t.Describe()))} written to '{_file}'.");
        }
    });
}
