using Ntk.Core.Autodiff;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>
/// The kernel by NTK-vector products ("Fast Finite Width Neural Tangent Kernel", section 3.3): each row of x1's Jacobian, a VJP, is pushed forward as a
/// tangent of the parameters through the model at x2, a JVP, which gives a column of the kernel. No Jacobian of x2 is formed.
/// </summary>
internal sealed class VectorProductKernel(ModelProblem problem, int output, Side left, Side? right, KernelLayout layout, NtkTensor[] kernels,
    IProgress<NtkProgress>? progress, CancellationToken cancellation)
{
    private readonly Side _right = right ?? left;

    /// <summary>Computes it.</summary>
    public void Run()
    {
        PreparedModel sample = problem.Prepare(output, left, _right, left.Examples, out _);
        if (!sample.Model.IsBatched)
        {
            Whole(sample);
            return;
        }
        KernelPlan plan = problem.Plan(sample.Model, layout, left.Examples, right?.Examples ?? 0);
        double scalars = sample.Model.Groups.SelectMany(g => g.Parameters).Distinct().Sum(p => (double)sample.Model.Program.Variables[sample.Model.Program.Parameters[p]].Type.Count);
        // A row is a tangent of every parameter and of every value at x2.
        double perPair = plan.PassBytes + plan.SharedBytes + (sample.Model.Program.ElementBytes * layout.Rows1.Count * scalars);
        problem.RequireMemory(perPair);
        long tile = sample.Model.IsPromised ? 1 : Math.Min(problem.Options.TileExamples ?? 16, (long)Math.Max(1, Math.Sqrt(problem.MemoryLimit / 2 / perPair)));
        long done = 0, total = (left.Examples + tile - 1) / tile;
        using var traced = new KernelSums(kernels.Length);
        for (long i = 0; i < left.Examples; i += tile)
        {
            using DisposeScope scope = NewDisposeScope();
            long count1 = Math.Min(tile, left.Examples - i);
            (PreparedModel own, Tensor[] inputs1) = problem.PrepareTile(output, left, _right, left.Tile(i, count1, problem.InputAxis), count1);
            Dictionary<int, Tensor> rows = problem.ParameterRows(own, inputs1, layout.Rows1, count1, scope, cancellation);
            for (long j = layout.DiagonalExamples ? i : 0; j < (layout.DiagonalExamples ? i + count1 : _right.Examples); j += tile)
            {
                using DisposeScope step = NewDisposeScope();
                long count2 = Math.Min(tile, _right.Examples - j);
                (PreparedModel other, Tensor[] inputs2) = problem.PrepareTile(output, left, _right, _right.Tile(j, count2, problem.InputAxis), count2);
                for (int k = 0; k < kernels.Length; k++)
                {
                    Tensor block = Push(other, inputs2, Share(rows, k), count1, count2);
                    if (layout.TracedExamples)
                    {
                        traced[k].Add(block.sum(-1, keepdim: true));
                    }
                    else
                    {
                        layout.Write(kernels[k], layout.Arrange(block), i, j);
                    }
                }
            }
            progress?.Report(new NtkProgress("NTK-vector products", ++done, total));
        }
        for (int k = 0; k < kernels.Length; k++)
        {
            if (traced[k].Total is { } sum)
            {
                using DisposeScope scope = NewDisposeScope();
                layout.Write(kernels[k], layout.Arrange(sum).squeeze(layout.TracedPlace), 0, 0);
            }
        }
    }

    private void Whole(PreparedModel own)
    {
        using DisposeScope scope = NewDisposeScope();
        Dictionary<int, Tensor> rows = problem.ParameterRows(own, left.Tensors, layout.Rows1, 1, scope, cancellation);
        PreparedModel other = right is null ? own : problem.PrepareWhole(output, right);
        for (int k = 0; k < kernels.Length; k++)
        {
            layout.Write(kernels[k], layout.Arrange(Push(other, _right.Tensors, Share(rows, k), 1, 1)), 0, 0);
        }
    }

    private Dictionary<int, Tensor> Share(Dictionary<int, Tensor> rows, int kernel) =>
        rows.Where(r => problem.Shares.OfParameter[r.Key] == kernel).ToDictionary(r => r.Key, r => r.Value);

    // The block (D, F1, G1, F2, G2), or (D, F1, F2, G) of equal examples.
    private Tensor Push(PreparedModel prepared, Tensor[] inputs, Dictionary<int, Tensor> rows, long examples1, long examples2)
    {
        TracedModel model = prepared.Model;
        Dictionary<int, Tensor> tangents = rows.ToDictionary(r => model.Program.Parameters[r.Key], r => r.Value);
        OutputRows rows1 = layout.Rows1, rows2 = layout.Rows2;
        Tensor? pushed = tangents.Count == 0 ? null : TangentPass.Run(model.Program, problem.ParameterTensors, inputs, tangents, cancellation)[0];
        TensorType type = model.Program.Variables[model.Output].Type;
        using Tensor all = pushed ?? zeros([rows1.Count * examples1, .. type.Shape], type.DType);
        int batch = Enumerable.Range(0, type.Rank).Except(rows2.Axes).FirstOrDefault(-1);
        long[] order = [0, .. rows2.Axes.Select(a => a + 1L), .. batch < 0 ? Array.Empty<long>() : [batch + 1L]];
        // (D, T, F1, G1, D, T, F2, G2): equal diagonal and traced rows.
        Tensor wide = all.permute(order).reshape(rows1.Diagonal, rows1.Traced, rows1.Full, examples1, rows2.Diagonal, rows2.Traced, rows2.Full, -1).narrow(7, 0, examples2);
        Tensor traced = wide.diagonal(0, 1, 5).sum(-1);                                                       // (D, F1, G1, D, F2, G2)
        Tensor block = traced.diagonal(0, 0, 3).permute(4, 0, 1, 2, 3);
        return (layout.DiagonalExamples ? block.diagonal(0, 2, 4) : block) * layout.Scale;
    }
}
