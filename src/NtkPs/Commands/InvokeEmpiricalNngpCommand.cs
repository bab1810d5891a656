using System.Management.Automation;
using Ntk;
using Ntk.Core;
using Ntk.Core.Kernels;

namespace NtkPs;

/// <summary>Computes the empirical NNGP kernel of a model: inner products of its outputs.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "EmpiricalNngp", DefaultParameterSetName = ModelSets.Piped)]
[OutputType(typeof(NtkTensor), typeof(NtkTensorRow))]
public sealed class InvokeEmpiricalNngpCommand : PairCmdlet
{
    private protected override void RunModel()
    {
        NtkModel model = Model;
        (IReadOnlyList<NtkTensor> x1, IReadOnlyList<NtkTensor>? x2) = Sides();
        var options = (KernelOptions)Options();
        IReadOnlyList<NtkTensor> kernels = Work($"NNGP kernel of {model.Name}", (progress, cancellation) => NtkEngine.EmpiricalNngp(model, x1, x2, options, progress, cancellation));
        foreach (NtkTensor kernel in kernels)
        {
            WriteTensor(kernel, kernels.Count);
        }
    }
}
