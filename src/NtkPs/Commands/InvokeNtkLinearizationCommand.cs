using System.Management.Automation;
using Ntk;
using Ntk.Core;
using Ntk.Core.Kernels;

namespace NtkPs;

/// <summary>Evaluates a model's first-order Taylor model in its parameters: f(x; θ₀) + J(x; θ₀) (θ − θ₀), θ₀ the file's and θ those of -Parameter.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "NtkLinearization", DefaultParameterSetName = ModelSets.Piped)]
[OutputType(typeof(NtkLinearization))]
public sealed class InvokeNtkLinearizationCommand : ExamplesCmdlet
{
    private protected override void RunModel()
    {
        NtkModel model = Model;
        IReadOnlyList<NtkTensor> x = BoundExamples();
        RunOptions options = WithRunOptions(new RunOptions());
        foreach (NtkLinearization linearization in Work($"Linearizing {model.Name}", cancellation => NtkEngine.Linearize(model, x, options, cancellation)))
        {
            WriteObject(linearization);
        }
    }
}
