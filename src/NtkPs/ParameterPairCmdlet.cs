using System.Management.Automation;
using Ntk.Core.Kernels;

namespace NtkPs;

/// <summary>The base of commands that sum over parameters on two sides: by which parameters, and which axes are the examples'.</summary>
public abstract class ParameterPairCmdlet : PairCmdlet
{
    /// <summary>Parameters to sum over, by name, with wildcards.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ParameterNameCompleter))]
    public string[]? ParameterName { get; set; }

    /// <summary>Takes every float variable as a parameter, not the trainable ones alone.</summary>
    [Parameter]
    public SwitchParameter IncludeNonTrainable { get; set; }

    /// <summary>The examples' axis: Auto (found and proven), None, an axis, or an input and an output axis.</summary>
    [Parameter]
    [Alias("VmapAxes")]
    [AllowNull]
    [VmapAxisTransformation]
    [ArgumentCompleter(typeof(VmapAxisCompleter))]
    public VmapAxes VmapAxis { get; set; } = VmapAxes.Automatic;

    private protected override RunOptions Options() => (KernelOptions)base.Options() with { ParameterNames = ParameterName, IncludeNonTrainable = IncludeNonTrainable, VmapAxes = VmapAxis };
}
