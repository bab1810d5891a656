using System.Management.Automation;
using Ntk;
using Ntk.Core.Kernels;

namespace NtkPs;

/// <summary>The base of commands that take examples on two sides and an output's axes: kernels, plans of them, products with them.</summary>
public abstract class PairCmdlet : ModelCmdlet
{
    private TensorInput? _given2;
    private TensorArgument _x1 = null!;
    private TensorArgument? _x2;

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

    /// <summary>Chosen output elements, without the batch axis: one index (10,20) or a list of them.</summary>
    [Parameter]
    [OutputIndexTransformation]
    public int[][]? OutputIndex { get; set; }

    private protected override string LastPosition => "-X2";

    /// <summary>x1 and x2 (null for x1 itself), bound to the model.</summary>
    private protected (IReadOnlyList<NtkTensor> X1, IReadOnlyList<NtkTensor>? X2) Sides() => (_x1.Bind(Model, Precision), _x2?.Bind(Model, Precision));

    private protected override void ReadArguments()
    {
        _x1 = new TensorArgument(this, X1.Value, "-X1");
        if (IsBound(nameof(X2)))
        {
            _x2 = X2?.Value is { } x2 ? new TensorArgument(this, x2, "-X2") : throw new NtkException(NtkErrorId.InvalidArgument,
                "-X2 is $null; is the variable's name spelled right? Leave -X2 out for the kernel of -X1 with itself.") { Target = "-X2" };
        }
    }

    /// <summary>Which kernel of <see cref="ModelCmdlet.Model"/> the arguments ask for. Not of the options' own type: see <see cref="ModelCmdlet.WithRunOptions"/>.</summary>
    private protected virtual RunOptions Options() => WithRunOptions(new KernelOptions
    {
        TraceAxes = TraceAxis,
        DiagonalAxes = DiagonalAxis,
        OutputIndex = OutputIndexTransformationAttribute.For(OutputIndex, FirstOutput()?.Shape?.Length),
    });
}
