using System.Diagnostics;
using System.Management.Automation;
using Ntk;
using Ntk.Core;
using Ntk.Core.Kernels;

namespace NtkPs;

/// <summary>Computes the empirical neural tangent kernel of a model.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "EmpiricalNtk", DefaultParameterSetName = ModelSets.Piped, SupportsShouldProcess = true)]
[OutputType(typeof(NtkTensor), typeof(NtkTensorRow))]
public sealed class InvokeEmpiricalNtkCommand : ModelCmdlet
{
    private TensorInput? _given2;
    private TensorArgument _x1 = null!;
    private TensorArgument? _x2;
    private string? _outFile;
    private bool _outFileWritten;

    /// <summary>The examples of the kernel's first side, first axis the batch: a tensor, rows, an array or a path; several inputs as a dictionary by name.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = ModelSets.Piped)]
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = ModelSets.Given)]
    [TensorInputTransformation]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public TensorInput X1 { get; set; } = null!;

    /// <summary>The examples of the second side; without it, the first side's.</summary>
    [Parameter(Position = 1, ParameterSetName = ModelSets.Piped)]
    [Parameter(Position = 2, ParameterSetName = ModelSets.Given)]
    [TensorInputTransformation]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public TensorInput? X2
    {
        get => _given2;
        set => (_given2, LastBindings) = (value, LastBindings + 1);
    }

    /// <summary>Parameters to sum over, by name, with wildcards.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ParameterNameCompleter))]
    public string[]? ParameterName { get; set; }

    /// <summary>Takes every float variable as a parameter, not the trainable ones alone.</summary>
    [Parameter]
    public SwitchParameter IncludeNonTrainable { get; set; }

    /// <summary>Output axes to trace over; the kernel is divided by their size. @() for none.</summary>
    [Parameter]
    [Alias("TraceAxes")]
    [AllowNull]
    [AllowEmptyCollection]
    [AxisTransformation]
    [ArgumentCompleter(typeof(AxisCompleter))]
    public int[] TraceAxis { get; set; } = [-1];

    /// <summary>Output axes of which only the diagonal is kept.</summary>
    [Parameter]
    [Alias("DiagonalAxes")]
    [AllowNull]
    [AllowEmptyCollection]
    [AxisTransformation]
    [ArgumentCompleter(typeof(AxisCompleter))]
    public int[] DiagonalAxis { get; set; } = [];

    /// <summary>The examples' axis: Auto (found and proven), None, an axis, or an input and an output axis.</summary>
    [Parameter]
    [Alias("VmapAxes")]
    [AllowNull]
    [VmapAxisTransformation]
    [ArgumentCompleter(typeof(VmapAxisCompleter))]
    public VmapAxes VmapAxis { get; set; } = VmapAxes.Automatic;

    /// <summary>The method; Auto takes what costs the least.</summary>
    [Parameter]
    public NtkImplementation Implementation { get; set; }

    /// <summary>Whether structure rules may be used for Jacobians.</summary>
    [Parameter]
    public bool JRules { get; set; } = true;

    /// <summary>Whether structure rules may be used for the contraction.</summary>
    [Parameter]
    public bool SRules { get; set; } = true;

    /// <summary>
    /// Whether the Jacobian of an operation that no structure rule knows (with -JRules:$false, of any) is written out in forward mode. Without it the cheaper
    /// way, which here is always reverse mode. The kernel is the same to rounding; NTK-vector products have no such choice.
    /// </summary>
    [Parameter]
    [AllowNull]
    public bool? Fwd { get; set; }

    /// <summary>Chosen output elements, without the batch axis: one index (10,20) or a list of them.</summary>
    [Parameter]
    [OutputIndexTransformation]
    public int[][]? OutputIndex { get; set; }

    /// <summary>Gives each parameter's own share of the kernel, a tensor each with the parameter's name, instead of their sum.</summary>
    [Parameter]
    public SwitchParameter PerParameter { get; set; }

    /// <summary>Gives each layer's own share of the kernel: of the parameters whose names agree up to the last slash.</summary>
    [Parameter]
    public SwitchParameter PerLayer { get; set; }

    /// <summary>A .npy file that the kernel is written to as it is computed; the tensor is then the file mapped into memory.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public string? OutFile { get; set; }

    /// <summary>Leaves a file that -OutFile names and that exists as it is.</summary>
    [Parameter]
    public SwitchParameter NoClobber { get; set; }

    private protected override string LastPosition => "-X2";

    private protected override void ReadArguments()
    {
        _x1 = new TensorArgument(this, X1.Value, "-X1");
        if (IsBound(nameof(X2)))
        {
            _x2 = X2?.Value is { } x2 ? new TensorArgument(this, x2, "-X2") : throw new NtkException(NtkErrorId.InvalidArgument,
                "-X2 is $null; is the variable's name spelled right? Leave -X2 out for the kernel of -X1 with itself.") { Target = "-X2" };
        }
        if (PerParameter && PerLayer)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, "-PerParameter and -PerLayer are two ways to divide the kernel; choose one.") { Target = "-PerLayer" };
        }
        if (OutFile is not null)
        {
            _outFile = SessionPaths.KernelFile(this, OutFile, NoClobber);
        }
    }

    private protected override void RunModel()
    {
        NtkModel model = Model;
        if (_outFileWritten)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, $"-OutFile takes one kernel; the one of '{model.Name}' would overwrite the one before. Run each model on its own.") { Target = OutFile };
        }
        if (_outFile is not null && !ShouldProcess(_outFile, $"Write the kernel of {model.Name}"))
        {
            return;
        }
        IReadOnlyList<NtkTensor> x1 = _x1.Bind(model, Precision);
        IReadOnlyList<NtkTensor>? x2 = _x2?.Bind(model, Precision);
        var options = (KernelOptions)WithRunOptions(new KernelOptions
        {
            ParameterNames = ParameterName,
            IncludeNonTrainable = IncludeNonTrainable,
            Parts = PerParameter ? KernelParts.Parameter : PerLayer ? KernelParts.Layer : KernelParts.Sum,
            TraceAxes = TraceAxis,
            DiagonalAxes = DiagonalAxis,
            VmapAxes = VmapAxis,
            Implementation = Implementation,
            JRules = JRules,
            SRules = SRules,
            Fwd = Fwd,
            OutputIndex = OutputIndexTransformationAttribute.For(OutputIndex, FirstOutput(model)?.Shape?.Length),
            OutFile = _outFile,
            Overwrite = !NoClobber,
        });
        var watch = Stopwatch.StartNew();
        IReadOnlyList<NtkTensor> kernels = Work($"Kernel of {model.Name}", (progress, cancellation) => NtkEngine.EmpiricalNtk(model, x1, x2, options, progress, cancellation));
        _outFileWritten = _outFile is not null;
        foreach (NtkTensor kernel in kernels)
        {
            WriteVerbose($"Kernel of '{model.Name}': {kernel.Describe()} in {watch.Elapsed.TotalSeconds:F2} s.");
            WriteTensor(kernel, kernels.Count);
        }
    }

    private NtkTensorSpec? FirstOutput(NtkModel model) => Output is [var name, ..]
        ? model.Outputs.FirstOrDefault(output => output.Name == name)
        : model.Outputs is [var first, ..] ? first : null;
}
