using Ntk.Core.Autodiff;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>Refutes that a model keeps examples apart: an example whose output, or whose derivative along some direction, is another in its batch than alone.</summary>
internal static class MixingWitness
{
    /// <summary>The most examples looked at.</summary>
    public const long MostExamples = 8;

    /// <summary>The first example that the others change; null when none is found.</summary>
    /// <param name="batch">The program of the first examples of <paramref name="inputs"/> together.</param>
    /// <param name="alone">The program of one example.</param>
    /// <param name="parameters">The parameters.</param>
    /// <param name="inputs">The examples, as many as <paramref name="batch"/> takes.</param>
    /// <param name="inputAxis">The inputs' axis of examples.</param>
    /// <param name="outputAxis">The output's axis of examples.</param>
    /// <param name="cancellation">Stops between equations.</param>
    public static long? Find(Program batch, Program alone, Tensor[] parameters, Side inputs, int inputAxis, int outputAxis, CancellationToken cancellation)
    {
        using DisposeScope scope = NewDisposeScope();
        var generator = new Generator(1);
        Tensor?[] directions = batch.Parameters.Select((v, p) => batch.Variables[v].Active ? randn(parameters[p].shape, parameters[p].dtype, generator: generator).unsqueeze(0) : null).ToArray();
        Tensor[] Both(Program program, Tensor[] x)
        {
            Dictionary<int, Tensor> tangents = directions.Select((d, p) => (d, v: program.Parameters[p])).Where(t => t.d is not null).ToDictionary(t => t.v, t => t.d!);
            return [ForwardPass.Run(program, parameters, x, cancellation)[0].unsqueeze(0), .. TangentPass.Run(program, parameters, x, tangents, cancellation).OfType<Tensor>()];
        }
        Tensor[] together = Both(batch, inputs.Tensors);
        int axis = Shapes.Axis(outputAxis, (int)together[0].dim() - 1) + 1;
        double tolerance = together[0].dtype == ScalarType.Float64 ? 1e-9 : 1e-4;
        for (long n = 0; n < inputs.Examples; n++)
        {
            Tensor[] own = Both(alone, inputs.Tile(n, 1, inputAxis));
            for (int i = 0; i < own.Length && i < together.Length; i++)
            {
                // What is NaN on both sides says nothing, and compares as no more than any limit.
                Tensor difference = (together[i].narrow(axis, n, 1) - own[i]).abs();
                if (difference.gt(together[i].abs().max() * tolerance).any().item<bool>())
                {
                    return n;
                }
            }
        }
        return null;
    }
}
