using System.Management.Automation;
using Ntk;
using Ntk.Core.Kernels;

namespace NtkPs;

/// <summary>The base of commands about the neural tangent kernel itself: by what method, as a sum or in parts.</summary>
public abstract class KernelCmdlet : ParameterPairCmdlet
{
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

    /// <summary>Gives each parameter's own share of the kernel, a tensor each with the parameter's name, instead of their sum.</summary>
    [Parameter]
    public SwitchParameter PerParameter { get; set; }

    /// <summary>Gives each layer's own share of the kernel: of the parameters whose names agree up to the last slash.</summary>
    [Parameter]
    public SwitchParameter PerLayer { get; set; }

    private protected override void ReadArguments()
    {
        base.ReadArguments();
        if (PerParameter && PerLayer)
        {
            throw new NtkException(NtkErrorId.InvalidArgument, "-PerParameter and -PerLayer are two ways to divide the kernel; choose one.") { Target = "-PerLayer" };
        }
    }

    private protected override RunOptions Options() => (KernelOptions)base.Options() with
    {
        Implementation = Implementation,
        JRules = JRules,
        SRules = SRules,
        Fwd = Fwd,
        Parts = PerParameter ? KernelParts.Parameter : PerLayer ? KernelParts.Layer : KernelParts.Sum,
    };
}
