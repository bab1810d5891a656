using System.Management.Automation;
using Ntk;
using Ntk.Core;
using Ntk.Core.Kernels;

namespace NtkPs;

/// <summary>Runs a model.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "NtkModel", DefaultParameterSetName = ModelSets.Piped)]
[OutputType(typeof(NtkTensor), typeof(NtkTensorRow))]
public sealed class InvokeNtkModelCommand : ExamplesCmdlet
{
    private protected override void RunModel()
    {
        NtkModel model = Model;
        IReadOnlyList<NtkTensor> x = BoundExamples();
        RunOptions options = WithRunOptions(new RunOptions());
        IReadOnlyList<NtkTensor> outputs = Work($"Running {model.Name}", (progress, cancellation) => NtkEngine.Run(model, x, options, progress, cancellation));
        foreach (NtkTensor output in outputs)
        {
            WriteTensor(output, outputs.Count);
        }
    }
}
