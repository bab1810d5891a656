using Ntk.Core.Autodiff;
using Ntk.Core.Formats;
using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>
/// The first-order Taylor model of an output in its parameters, f(x; θ₀) + J(x; θ₀) (θ − θ₀), through one JVP (neural_tangents' <c>linearize</c>).
/// </summary>
internal static class Linearization
{
    /// <summary>The output at the file's parameters, and the Taylor model there at others.</summary>
    /// <param name="model">The model.</param>
    /// <param name="output">Which output.</param>
    /// <param name="side">The inputs.</param>
    /// <param name="options">The other parameters, and the type computed in.</param>
    /// <param name="cancellation">Stops between equations.</param>
    public static NtkLinearization Run(NtkModel model, int output, Side side, RunOptions options, CancellationToken cancellation)
    {
        ModelSession session = ModelSession.Of(model);
        ScalarType floatType = options.Precision == NtkPrecision.Double ? ScalarType.Float64 : ScalarType.Float32;
        var owned = new List<Tensor>();
        try
        {
            (Tensor[] at, _) = ParameterSelection.Values(model, session, null, floatType, owned);
            (Tensor[] other, _) = ParameterSelection.Values(model, session, options.Parameters, floatType, owned);
            using DisposeScope scope = NewDisposeScope();
            Program program = session.Trace(at, Array.ConvertAll(side.Tensors, t => t.shape), floatType, [output], cancellation);
            MemoryBudget.RequireExamples(2 * ForwardPass.Bytes(program), options.MemoryLimit, side.Examples); // each value and its tangent
            Dictionary<int, Tensor> tangents = Enumerable.Range(0, at.Length).Where(p => !ReferenceEquals(at[p], other[p]) && at[p].is_floating_point())
                .ToDictionary(p => program.Parameters[p], p => (other[p] - at[p]).unsqueeze(0));
            Tensor value = ForwardPass.Run(program, at, side.Tensors, cancellation)[0];
            Tensor? tangent = tangents.Count == 0 ? null : TangentPass.Run(program, at, side.Tensors, tangents, cancellation)[0];
            string name = session.Source.Outputs[output].Name;
            return new NtkLinearization(name, TorchTensors.FromTorch(value, name), TorchTensors.FromTorch(tangent is null ? value : value + tangent.squeeze(0), name));
        }
        finally
        {
            owned.ForEach(t => t.Dispose());
        }
    }
}
