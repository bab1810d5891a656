using Ntk.Core.Autodiff;
using Ntk.Core.Formats;
using Ntk.Core.Tensors;
using static TorchSharp.torch;

namespace Ntk.Bench;

/// <summary>
/// ReLU networks by a short specification: <c>fcn:784-512-512-10</c> is a fully connected one of those widths, <c>conv:32,32,3-64-64-flat-10</c>
/// 3 x 3 convolutions of so many channels, then flattened (or <c>gap</c>, averaged over positions), then a dense layer. No padding.
/// </summary>
internal sealed class SyntheticModel : ModelSource
{
    private readonly string _kind;
    private readonly string? _head;

    public SyntheticModel(string specification)
    {
        string[] parts = specification.Split(':', '-');
        _kind = parts[0];
        int[] input = parts[1].Split(',').Select(int.Parse).ToArray();
        Inputs = [new NtkTensorSpec("x", [-1, .. input], NtkDType.Float32)];
        var parameters = new List<NtkParameter>();
        var generator = new Generator(0);
        int[] size = input;
        foreach (string part in parts[2..])
        {
            if (part is "flat" or "gap")
            {
                _head = part;
                size = part == "flat" ? [size[0] * size[1] * size[2]] : [size[2]];
                continue;
            }
            int units = int.Parse(part);
            int[] kernel = size.Length == 3 ? [3, 3, size[2], units] : [size[0], units];
            double fan = kernel[..^1].Aggregate(1.0, (n, d) => n * d);
            NtkTensor weight = TorchTensors.FromTorch(randn(Array.ConvertAll(kernel, d => (long)d), ScalarType.Float32, generator: generator) * Math.Sqrt(2 / fan));
            NtkTensor bias = NtkTensor.Allocate(NtkDType.Float32, [units]);
            parameters.Add(new NtkParameter($"layer{parameters.Count / 2}/kernel", kernel, NtkDType.Float32, true, () => weight));
            parameters.Add(new NtkParameter($"layer{parameters.Count / 2}/bias", [units], NtkDType.Float32, true, () => bias));
            size = size.Length == 3 ? [size[0] - 2, size[1] - 2, units] : [units];
        }
        Parameters = parameters;
    }

    public override string Format => "Synthetic";

    public override IReadOnlyList<NtkTensorSpec> Inputs { get; }

    public override bool InputsAreOrdered => true;

    public override IReadOnlyList<NtkTensorSpec> Outputs { get; } = [new("y", null, NtkDType.Float32)];

    public override IReadOnlyList<NtkParameter> Parameters { get; }

    public override IReadOnlyList<Value> Apply(Trace trace, IReadOnlyList<Value> parameters, IReadOnlyList<Value> inputs)
    {
        Value x = inputs[0];
        for (int i = 0; i < parameters.Count; i += 2)
        {
            if (_kind == "conv" && parameters[i].Rank == 2 && x.Rank == 4)
            {
                x = _head == "gap" ? Lax.Mean(x, [1, 2]) : Lax.Reshape(x, x.Shape[0], -1);
            }
            x = parameters[i].Rank == 4
                ? Lax.Convolution(x, parameters[i], Lax.Geometry(x.Shape.AsSpan(1), parameters[i].Shape, [1, 1], [1, 1], same: false))
                : Lax.MatMul(x, parameters[i]);
            x += parameters[i + 1];
            if (i + 2 < parameters.Count)
            {
                x = Lax.Relu(x);
            }
        }
        return [x];
    }
}
