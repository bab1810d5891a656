using System.Management.Automation;
using System.Management.Automation.Host;
using Ntk;
using Ntk.Core.Plots;
using Ntk.Core.Tensors;

namespace NtkPs;

/// <summary>Draws kernels, spectra, training dynamics, parameters' shares and influences, to a .png or .svg file or as text.</summary>
[Cmdlet(VerbsData.Export, "NtkPlot", DefaultParameterSetName = "Path", SupportsShouldProcess = true)]
[OutputType(typeof(FileInfo), ParameterSetName = ["Path"])]
[OutputType(typeof(string), ParameterSetName = ["AsText"])]
public sealed class ExportNtkPlotCommand : NtkCmdlet
{
    private const int DefaultColumns = 80;

    private readonly PlotInput _input;
    private string _file = "";

    /// <summary>Makes the command.</summary>
    public ExportNtkPlotCommand() => _input = new PlotInput(this);

    /// <summary>The file, .png or .svg.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Path")]
    public string Path { get; set; } = "";

    /// <summary>What to draw; what suits the input without it.</summary>
    [Parameter(Position = 1)]
    public NtkPlotKind Kind { get; set; }

    /// <summary>
    /// Kernels, as tensors, rows, arrays or paths; eigenvalues, or what Measure-NtkSpectrum gives; what Invoke-NtkPrediction or Get-NtkInfluence gives; kernels of
    /// parameters or layers; or what Get-NtkParameter gives.
    /// </summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    public object InputObject { get; set; } = null!;

    /// <summary>Lines of text instead of a file.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "AsText")]
    public SwitchParameter AsText { get; set; }

    /// <summary>A class an example: a heat map stands in the order of classes, influences are told with their examples' classes.</summary>
    [Parameter]
    public object? Label { get; set; }

    /// <summary>Classes of the x2 of a kernel whose x2 are not its x1.</summary>
    [Parameter]
    public object? ColumnLabel { get; set; }

    /// <summary>Targets of the training examples: dynamics are then drawn as the loss.</summary>
    [Parameter]
    public object? YTrain { get; set; }

    /// <summary>Targets of the test examples, likewise.</summary>
    [Parameter]
    public object? YTest { get; set; }

    /// <summary>The picture's title; without it, one that says what is shown, of which model and how many examples.</summary>
    [Parameter]
    public string? Title { get; set; }

    /// <summary>Pixels of the file (by default 1600 in a .png, 800 in a .svg), or characters of a line of text (by default the window's).</summary>
    [Parameter]
    [ValidateRange(TextPicture.Narrowest, PictureFile.Largest)]
    public int Width { get; set; }

    /// <summary>Pixels of the file; by default what suits the figure.</summary>
    [Parameter(ParameterSetName = "Path")]
    [ValidateRange(PictureFile.Smallest, PictureFile.Largest)]
    public int Height { get; set; }

    /// <summary>Leaves a file that exists as it is.</summary>
    [Parameter(ParameterSetName = "Path")]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Emits the file.</summary>
    [Parameter(ParameterSetName = "Path")]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => Terminating(() =>
    {
        if (AsText)
        {
            return;
        }
        _file = SessionPaths.Full(this, Path);
        PictureFile.Format(_file);
        if (IsBound(nameof(Width)) && Width < PictureFile.Smallest)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-Width {Width} is too narrow for a picture; {PictureFile.Smallest} pixels are the least.") { Target = Width };
        }
        // What keeps the file from being written is told before a long pipeline runs.
        new AtomicFile(_file, overwrite: !NoClobber).Dispose();
    });

    /// <inheritdoc/>
    protected override void ProcessRecord() => _input.Add(InputObject);

    /// <inheritdoc/>
    protected override void EndProcessing() => Terminating(() =>
    {
        int columns = !AsText ? 0 : IsBound(nameof(Width)) ? Width : WindowWidth();
        Func<Figure> figure = _input.Read(IsBound(nameof(Kind)) ? Kind : null, new PlotArguments(Label, ColumnLabel, YTrain, YTest, Title, AsText ? TextPicture.CellsIn(columns) : null));
        if (AsText)
        {
            WriteObject(Work("Drawing", _ => TextPicture.Draw(figure(), columns)), enumerateCollection: true);
        }
        else if (ShouldProcess(_file, "Export plot"))
        {
            Work($"Drawing {System.IO.Path.GetFileName(_file)}", _ =>
            {
                PictureFile.Write(_file, figure(), IsBound(nameof(Width)) ? Width : null, IsBound(nameof(Height)) ? Height : null, overwrite: !NoClobber, QueueWarning);
                return true;
            });
            WriteVerbose($"Picture written to '{_file}'.");
            if (PassThru)
            {
                WriteObject(new FileInfo(_file));
            }
        }
    });

    // A host without a window has none to ask, and some say 0.
    private int WindowWidth()
    {
        try
        {
            return Host.UI?.RawUI?.WindowSize.Width is > TextPicture.Narrowest and var width ? width - 1 : DefaultColumns;
        }
        catch (Exception e) when (e is HostException or NotImplementedException or PSNotImplementedException or InvalidOperationException or IOException)
        {
            return DefaultColumns;
        }
    }
}
