using Ntk.Core.Autodiff;
using Ntk.Core.Tensors;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Autodiff;

/// <summary>
/// Every primitive's derivatives against libtorch's own: the same evaluations, recorded by its autograd and pulled back by it, in float64.
/// </summary>
public sealed class AutogradTests
{
    private const double Tolerance = 1e-12;

    public static TheoryData<string> Names => new(PrimitiveCases.All.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void DerivativesAreThoseOfLibtorch(string name)
    {
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        PrimitiveCase test = PrimitiveCases.All[name];
        using Program program = test.Trace();
        Tensor[] values = test.Draw();
        Tensor[] own = PrimitiveCase.ReverseJacobian(program, values);

        Tensor[] leaves = Array.ConvertAll(values, v => v.clone().requires_grad_());
        Tensor output = test.Torch is { } torch ? torch(leaves) : ForwardPass.Run(program, leaves, [])[0];
        Tensor[] theirs = Array.ConvertAll(leaves, leaf => zeros([output.numel(), leaf.numel()], ScalarType.Float64));
        if (output.requires_grad)
        {
            Tensor flat = output.reshape(-1);
            for (long row = 0; row < flat.numel(); row++)
            {
                IList<Tensor> gradients = autograd.grad([flat[row]], leaves, retain_graph: true, allow_unused: true);
                for (int p = 0; p < leaves.Length; p++)
                {
                    if (gradients[p] is { IsInvalid: false } gradient)
                    {
                        theirs[p][row] = gradient.reshape(-1);
                    }
                }
            }
        }
        for (int p = 0; p < leaves.Length; p++)
        {
            double error = (own[p] - theirs[p]).abs().max().item<double>(), scale = Math.Max(1, theirs[p].abs().max().item<double>());
            Assert.True(error <= Tolerance * scale, $"{name}, operand {p}: {error:e1}\nown {own[p].str()}\nlibtorch {theirs[p].str()}");
        }
    }
}
