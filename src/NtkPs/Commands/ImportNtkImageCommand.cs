using System.Management.Automation;
using Ntk;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;

namespace NtkPs;

/// <summary>Reads images into one tensor (N, height, width, channels) of float32, 0 to 255 unless scaled.</summary>
[Cmdlet(VerbsData.Import, "NtkImage", DefaultParameterSetName = "Path")]
[OutputType(typeof(NtkTensor), typeof(NtkTensorRow))]
public sealed class ImportNtkImageCommand : TensorCmdlet
{
    private readonly List<string> _files = [];

    /// <summary>Images, or folders of them, which are read in the order of their files' names; wildcards match several.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "Path")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ImagePathCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>Images or folders, taken as they are.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = "LiteralPath")]
    [Alias("PSPath")]
    [ArgumentCompleter(typeof(ImagePathCompleter))]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Height and width that images are stretched to, or one number for both; without it all images have the size of the first.</summary>
    [Parameter(Position = 1)]
    [ValidateCount(1, 2)]
    [ValidateRange(1, 16384)]
    public int[]? Size { get; set; }

    /// <summary>One channel, luma, instead of red, green and blue.</summary>
    [Parameter]
    public SwitchParameter Grayscale { get; set; }

    /// <summary>What the values 0 to 255 are multiplied by, such as (1 / 255).</summary>
    [Parameter]
    public double Scale { get; set; } = 1;

    /// <summary>What is added after scaling, such as -1.</summary>
    [Parameter]
    public double Offset { get; set; }

    /// <summary>Reads the folders within folders, too.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        bool literal = ParameterSetName == "LiteralPath";
        foreach (string path in literal ? LiteralPath : Path)
        {
            ForItem(false, () =>
            {
                foreach (string match in literal ? [SessionPaths.Full(this, path)] : SessionPaths.Matches(this, path))
                {
                    AddFiles(match);
                }
            });
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_files.Count == 0)
        {
            return;
        }
        var options = new ImageOptions(Size?[0], Size?[^1], Grayscale);
        var stack = new ImageStack(_files.Count, options, (float)Scale, (float)Offset);
        var failed = new List<NtkException>();
        NtkTensor? images = Work("Reading images", (progress, cancellation) =>
        {
            for (int i = 0; i < _files.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                try
                {
                    stack.Add(_files[i]);
                }
                catch (NtkException e)
                {
                    failed.Add(e);
                }
                progress.Report(new NtkProgress("Image", i + 1, _files.Count));
            }
            return stack.Images;
        });
        // One image out of one is all that was asked for.
        failed.ForEach(error => ForItem(_files.Count == 1, () => throw error));
        if (images is not null)
        {
            WriteVerbose($"{images.Describe()} from {images.Shape[0]:N0} of {_files.Count:N0} files.");
            WriteTensor(images, 1);
        }
    }

    private void AddFiles(string path)
    {
        if (!Directory.Exists(path))
        {
            _files.Add(path);
            return;
        }
        string[] found = [.. Directory.EnumerateFiles(path, "*", Recurse ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly).Where(ImageFile.IsImage).Order(StringComparer.Ordinal)];
        _files.AddRange(found.Length > 0 ? found : throw new NtkException(NtkErrorId.PathNotFound,
            $"The folder '{path}' has no images ({string.Join(", ", ImageFile.Extensions)}){(Recurse ? "" : "; -Recurse looks into the folders in it")}.") { Target = path });
    }
}
