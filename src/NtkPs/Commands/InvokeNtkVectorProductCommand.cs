using System.Management.Automation;
using Ntk;
using Ntk.Core;
using Ntk.Core.Kernels;

namespace NtkPs;

/// <summary>Multiplies the neural tangent kernel with vectors without forming it.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "NtkVectorProduct", DefaultParameterSetName = ModelSets.Piped)]
[OutputType(typeof(NtkTensor), typeof(NtkTensorRow))]
public sealed class InvokeNtkVectorProductCommand : ParameterPairCmdlet
{
    private NtkTensor _vector = null!;

    /// <summary>The vector: the output's shape at x2 without traced axes, (N2) for a kernel traced over all but the examples; several side by side have one axis more, (N2, V).</summary>
    [Parameter(Mandatory = true)]
    [ArgumentCompleter(typeof(TensorPathCompleter))]
    public object Vector { get; set; } = null!;

    private protected override void ReadArguments()
    {
        base.ReadArguments();
        _vector = TensorArgument.One(this, Vector, "-Vector");
    }

    private protected override void RunModel()
    {
        NtkModel model = Model;
        (IReadOnlyList<NtkTensor> x1, IReadOnlyList<NtkTensor>? x2) = Sides();
        var options = (KernelOptions)Options();
        WriteTensor(Work($"Kernel of {model.Name} times a vector", (progress, cancellation) =>
        {
            using KernelOperator kernel = NtkEngine.Operator(model, x1, x2, options, cancellation);
            return kernel.Multiply(_vector, progress);
        }), 1);
    }
}
