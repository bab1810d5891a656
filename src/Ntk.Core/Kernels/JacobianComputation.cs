using Ntk.Core.Autodiff;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>The Jacobian of one output, written out: a tensor for each parameter summed over, the output's axes first, then the parameter's.</summary>
internal sealed class JacobianComputation(ModelProblem problem, int output, Side side, IProgress<NtkProgress>? progress, CancellationToken cancellation)
{
    private const string Activity = "Jacobian";

    /// <summary>Computes it, by tiles where the examples are independent.</summary>
    /// <exception cref="NtkException">It does not fit into the memory limit.</exception>
    public IReadOnlyList<NtkTensor> Run()
    {
        PreparedModel prepared = problem.Prepare(output, side, side, side.Examples, out int batch);
        TracedModel traced = prepared.Model;
        long[] shape = (long[])traced.Program.Variables[traced.Output].Type.Shape.Clone();
        int axis = traced.IsBatched ? batch : -1;
        if (traced.IsBatched)
        {
            shape[batch] = side.Examples;
        }
        OutputRows rows = OutputRows.Of(shape, new AxisRole[shape.Length], axis);
        int[] chosen = Enumerable.Range(0, problem.Model.Parameters.Count).Where(p => problem.Shares.OfParameter[p] >= 0).ToArray();
        double scalars = chosen.Sum(p => (double)Sizes(traced, p).Aggregate(1L, (n, d) => n * d)), size = traced.Program.ElementBytes;
        MemoryBudget.Require(size * Shapes.Count(shape) * scalars, problem.MemoryLimit, "The Jacobian", "Choose parameters with -ParameterName or outputs with -OutputIndex, give fewer examples, or raise -MemoryLimit.");
        NtkTensor[] jacobians = Array.ConvertAll(chosen, p => NtkTensor.Allocate(problem.Precision, Array.ConvertAll([.. shape, .. Sizes(traced, p)], d => checked((int)d)),
            ParameterSelection.Bare(problem.Model.Parameters[p].Name)));
        // A tile's rows are held twice: as they are pulled back, and in the kernel's order.
        long tile = !traced.IsBatched ? Math.Max(1, side.Examples) : traced.IsPromised ? 1
            : problem.Options.TileExamples ?? Math.Clamp((long)(problem.MemoryLimit / 4 / Math.Max(1, 2 * size * rows.Count * scalars)), 1, 64);
        for (long start = 0; start < side.Examples; start += tile)
        {
            using DisposeScope scope = NewDisposeScope();
            long count = Math.Min(tile, side.Examples - start);
            (PreparedModel own, Tensor[] inputs) = traced.IsBatched ? problem.PrepareTile(output, side, side, side.Tile(start, count, problem.InputAxis), count) : (prepared, side.Tensors);
            Dictionary<int, Tensor> pulled = problem.ParameterRows(own, inputs, rows, traced.IsBatched ? count : 1, scope, cancellation);
            for (int i = 0; i < chosen.Length; i++)
            {
                if (pulled.TryGetValue(chosen[i], out Tensor? part))
                {
                    var offset = new long[jacobians[i].Rank];
                    if (axis >= 0)
                    {
                        offset[axis] = start;
                    }
                    TensorBlock.Write(jacobians[i], Arrange(part, rows, axis, count, Sizes(own.Model, chosen[i])), offset);
                }
            }
            progress?.Report(new NtkProgress(Activity, Math.Min(start + tile, side.Examples), side.Examples));
        }
        return jacobians;
    }

    // (K · G, parameter's shape), the examples running fastest, as (output's axes, parameter's shape).
    private static Tensor Arrange(Tensor pulled, OutputRows rows, int axis, long examples, long[] parameter)
    {
        if (axis < 0)
        {
            return pulled.reshape([.. rows.Sizes, .. parameter]);
        }
        int rank = rows.Axes.Length + 1;
        Tensor wide = pulled.reshape([.. rows.Sizes, examples, .. parameter]);
        long[] order = [.. Enumerable.Range(0, rank).Select(a => a == axis ? rank - 1L : Array.IndexOf(rows.Axes, a)), .. Enumerable.Range(rank, parameter.Length).Select(a => (long)a)];
        return wide.permute(order);
    }

    private static long[] Sizes(TracedModel traced, int parameter) => traced.Program.Variables[traced.Program.Parameters[parameter]].Type.Shape;
}
