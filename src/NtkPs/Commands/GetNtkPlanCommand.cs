using System.Management.Automation;
using Ntk;
using Ntk.Core;
using Ntk.Core.Kernels;

namespace NtkPs;

/// <summary>Says what a kernel will cost and how it will be computed, before it is.</summary>
[Cmdlet(VerbsCommon.Get, "NtkPlan", DefaultParameterSetName = ModelSets.Piped)]
[OutputType(typeof(NtkPlan), typeof(NtkPlanStep))]
public sealed class GetNtkPlanCommand : KernelCmdlet
{
    private protected override void RunModel()
    {
        NtkModel model = Model;
        (IReadOnlyList<NtkTensor> x1, IReadOnlyList<NtkTensor>? x2) = Sides();
        var options = (KernelOptions)Options();
        IReadOnlyList<NtkPlan> plans = Work($"Plan of {model.Name}", cancellation => NtkEngine.Plan(model, x1, x2, options, cancellation));
        foreach (NtkPlan plan in plans)
        {
            // As a tensor and its rows: one object when assigned, its steps down a pipeline.
            WriteWhole(plan, plan.Steps, plans.Count);
        }
    }
}
