using System.Management.Automation;
using Ntk;
using Ntk.Core;
using Ntk.Core.Kernels;

namespace NtkPs;

/// <summary>Gives a model's Jacobian, a tensor for each parameter: the output's axes, then the parameter's.</summary>
[Cmdlet(VerbsCommon.Get, "NtkJacobian", DefaultParameterSetName = ModelSets.Piped)]
[OutputType(typeof(NtkTensor), typeof(NtkTensorRow))]
public sealed class GetNtkJacobianCommand : ExamplesCmdlet
{
    /// <summary>Parameters to differentiate by, by name, with wildcards.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ParameterNameCompleter))]
    public string[]? ParameterName { get; set; }

    /// <summary>Takes every float variable as a parameter, not the trainable ones alone.</summary>
    [Parameter]
    public SwitchParameter IncludeNonTrainable { get; set; }

    /// <summary>Chosen output elements, without the batch axis: one index (10,20) or a list of them.</summary>
    [Parameter]
    [OutputIndexTransformation]
    public int[][]? OutputIndex { get; set; }

    private protected override void RunModel()
    {
        NtkModel model = Model;
        IReadOnlyList<NtkTensor> x = BoundExamples();
        var options = (KernelOptions)WithRunOptions(new KernelOptions
        {
            ParameterNames = ParameterName,
            IncludeNonTrainable = IncludeNonTrainable,
            OutputIndex = OutputIndexTransformationAttribute.For(OutputIndex, FirstOutput()?.Shape?.Length),
        });
        IReadOnlyList<NtkTensor> jacobian = Work($"Jacobian of {model.Name}", (progress, cancellation) => NtkEngine.Jacobian(model, x, options, progress, cancellation));
        foreach (NtkTensor part in jacobian)
        {
            WriteTensor(part, jacobian.Count);
        }
    }
}
