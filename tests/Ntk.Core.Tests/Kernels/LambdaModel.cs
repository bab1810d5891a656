using Ntk.Core.Autodiff;
using Ntk.Core.Formats;
using Ntk.Core.Tensors;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Kernels;

/// <summary>A model written in the test: parameters drawn from a normal distribution, one float input.</summary>
public sealed class LambdaModel : ModelSource
{
    private readonly Func<Value[], Value, Value> _function;

    public LambdaModel(Func<Value[], Value, Value> function, int[] input, NtkDType inputType, params (string Name, int[] Shape)[] parameters)
    {
        _function = function;
        var generator = new Generator(3);
        Inputs = [new NtkTensorSpec("x", [-1, .. input], inputType)];
        Parameters = parameters.Select(p =>
        {
            NtkTensor value = TorchTensors.FromTorch(randn(Array.ConvertAll(p.Shape, d => (long)d), ScalarType.Float32, generator: generator) * 0.6f);
            return new NtkParameter(p.Name, p.Shape, NtkDType.Float32, !p.Name.EndsWith('!'), () => value);
        }).ToArray();
    }

    public override string Format => "Test";

    public override IReadOnlyList<NtkTensorSpec> Inputs { get; }

    public override bool InputsAreOrdered => true;

    public override IReadOnlyList<NtkTensorSpec> Outputs { get; } = [new("y", null, NtkDType.Float32)];

    public override IReadOnlyList<NtkParameter> Parameters { get; }

    public override IReadOnlyList<Value> Apply(Trace trace, IReadOnlyList<Value> parameters, IReadOnlyList<Value> inputs) => [_function(parameters.ToArray(), inputs[0])];
}
