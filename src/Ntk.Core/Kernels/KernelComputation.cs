using System.Diagnostics;
using Ntk.Core.Autodiff;
using Ntk.Core.Formats;
using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>One side's inputs, converted once.</summary>
/// <param name="Tensors">A tensor for each of the model's inputs.</param>
/// <param name="Examples">N.</param>
internal sealed record Side(Tensor[] Tensors, long Examples) : IDisposable
{
    /// <summary>The inputs' shapes with another number of examples.</summary>
    public long[][] Shapes(long examples, int axis) => Array.ConvertAll(Tensors, t =>
    {
        long[] shape = t.shape;
        shape[Autodiff.Shapes.Axis(axis, shape.Length)] = examples;
        return shape;
    });

    /// <summary>Why the inputs do not hold the same number of examples along an axis; null when they do.</summary>
    public string? Unevenness(int axis, string argument)
    {
        if (Array.Find(Tensors, t => axis >= t.dim() || axis < -t.dim()) is { } without)
        {
            return $"{argument} {Autodiff.Shapes.Format(without.shape)} has no axis {axis}";
        }
        return Array.Find(Tensors, t => t.shape[Autodiff.Shapes.Axis(axis, (int)t.dim())] != Examples) is { } other
            ? $"the inputs {Autodiff.Shapes.Format(Tensors[0].shape)} and {Autodiff.Shapes.Format(other.shape)} of {argument} hold different numbers of examples along axis {axis}" : null;
    }

    /// <summary>A tile of examples.</summary>
    public Tensor[] Tile(long start, long count, int axis) => Array.ConvertAll(Tensors, t => t.narrow(axis, start, count).contiguous());

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(Tensors, t => t.Dispose());
}

/// <summary>Computes the kernel of one output by tiles.</summary>
internal sealed class KernelComputation(ModelProblem problem, int output, Side left, Side? right, IProgress<NtkProgress>? progress, CancellationToken cancellation)
{
    private readonly KernelOptions _options = problem.Options;
    private readonly Side _right = right ?? left;

    /// <summary>The kernel, or its parts.</summary>
    public IReadOnlyList<NtkTensor> Run()
    {
        long start = Stopwatch.GetTimestamp();
        IReadOnlyList<NtkTensor> kernels = Compute();
        if (_options is { Report: { } report, Meter: { } meter })
        {
            foreach (string line in KernelReport.Lines(Plan(), meter, Stopwatch.GetElapsedTime(start).TotalSeconds))
            {
                report(line);
            }
        }
        return kernels;
    }

    private IReadOnlyList<NtkTensor> Compute()
    {
        (PreparedModel prepared, KernelLayout layout) = Layout();
        int[] shape = Array.ConvertAll(layout.Shape, d => checked((int)d));
        string name = problem.Session.Source.Outputs[output].Name;
        if (_options.OutFile is null)
        {
            NtkTensor[] kernels = problem.Shares.Names.Select(n => NtkTensor.Allocate(problem.Precision, shape, n ?? name)).ToArray();
            Fill(prepared, layout, kernels);
            return kernels;
        }
        using var writer = new NpyWriter(_options.OutFile, problem.Precision, shape, name, _options.Overwrite);
        Fill(prepared, layout, [writer.Tensor]);
        return [writer.Complete()];
    }

    /// <summary>What it will cost.</summary>
    public NtkPlan Plan()
    {
        (PreparedModel prepared, KernelLayout layout) = Layout();
        KernelPlan plan;
        KernelTiling tiling;
        if (prepared.Model.IsBatched)
        {
            (plan, tiling) = BatchedKernel.Arrange(problem, output, left, right, layout);
        }
        else
        {
            plan = problem.Plan(prepared.Model, layout, 1, right is null ? 0 : 1);
            tiling = new KernelTiling(left.Examples, left.Examples, 1, false);
        }
        double bytes = prepared.Model.IsBatched ? tiling.Bytes(plan, layout) : KernelTiling.BytesOfOne(plan, 2) + plan.PairBytes(layout);
        NtkPlanStep[] steps = plan.Groups.Select(g => new NtkPlanStep(string.Join(", ", g.Group.Parameters.Select(p => ParameterSelection.Bare(problem.Model.Parameters[p].Name))),
            g.Group.Parameters.Sum(p => prepared.Model.Program.Variables[prepared.Model.Program.Parameters[p]].Type.Count),
            _options.Implementation == NtkImplementation.NtkVectorProducts ? NtkPlanMethod.NtkVectorProducts : g.Method switch
            {
                GroupMethod.Explicit or GroupMethod.ByRows => NtkPlanMethod.JacobianContraction,
                GroupMethod.Gram => NtkPlanMethod.StructuredDerivatives,
                _ => NtkPlanMethod.WithItsWeights,
            }, plan.FlopsOf(g), g.TermBytes, plan.FlopsOf(g) / plan.Flops)).ToArray();
        return new NtkPlan(problem.Model.Name, problem.Session.Source.Outputs[output].Name, Array.ConvertAll(layout.Shape, d => checked((int)d)), steps, plan.PassFlops, plan.Flops,
            prepared.Model.IsBatched, tiling.Tile, tiling.Block, bytes, layout.Shape.Aggregate((double)plan.ElementBytes, (n, d) => n * d) * problem.Shares.Names.Count);
    }

    private (PreparedModel Prepared, KernelLayout Layout) Layout()
    {
        PreparedModel prepared = problem.Prepare(output, left, _right, left.Examples, out int batch);
        Program sample = prepared.Model.Program;
        long[] shape = (long[])sample.Variables[sample.Outputs[0]].Type.Shape.Clone();
        long[] shape1 = shape, shape2 = shape;
        if (prepared.Model.IsBatched)
        {
            shape1 = Resize(shape, batch, left.Examples);
            shape2 = Resize(shape, batch, _right.Examples);
        }
        else
        {
            PreparedModel other = problem.PrepareWhole(output, _right);
            shape2 = other.Model.Program.Variables[other.Model.Output].Type.Shape;
        }
        return (prepared, KernelLayout.Of(shape1, shape2, _options.TraceAxes, _options.DiagonalAxes, prepared.Model.IsBatched ? batch : -1));
    }

    private void Fill(PreparedModel prepared, KernelLayout layout, NtkTensor[] kernels)
    {
        if (_options.Implementation == NtkImplementation.NtkVectorProducts)
        {
            new VectorProductKernel(problem, output, left, right, layout, kernels, progress, cancellation).Run();
        }
        else if (prepared.Model.IsBatched)
        {
            new BatchedKernel(problem, output, left, right, layout, kernels, progress, cancellation).Run();
        }
        else
        {
            Whole(prepared, layout, kernels);
        }
    }

    // The batch as one example: exact whatever the model does with it.
    private void Whole(PreparedModel leftModel, KernelLayout layout, NtkTensor[] kernels)
    {
        using DisposeScope scope = NewDisposeScope();
        PreparedModel rightModel = right is null ? leftModel : problem.PrepareWhole(output, right);
        KernelPlan plan = problem.Plan(leftModel.Model, layout, 1, right is null ? 0 : 1);
        if (right is not null && !TracedModel.AreAlike(leftModel.Model.Program, rightModel.Model.Program))
        {
            ParameterByParameter(leftModel, rightModel, layout, kernels);
            return;
        }
        problem.RequireMemory(plan.PassBytes + plan.SharedBytes + plan.TermBytes + plan.Groups.Max(g => (double?)g.WorkBytes) ?? 0);
        var terms = new Term?[plan.Groups.Count];
        problem.Pass(leftModel, plan, null, cancellation).Run(left.Tensors, layout.Rows1, (g, term) => terms[g] = term.Keep(scope));
        using var sums = new KernelSums(kernels.Length);
        void Meet(int g, Term other)
        {
            if (terms[g] is not { } own)
            {
                return;
            }
            ParameterGroup group = plan.Groups[g].Group;
            Program program = leftModel.Model.Program;
            foreach ((int share, Term one, Term two) in problem.Shares.Split(program, group, own, other))
            {
                sums[share].Add(Contraction.Block(one, two, layout.Rows1, layout.Rows2, 1, 1, diagonal: false, cancellation));
            }
        }
        if (right is null)
        {
            for (int g = 0; g < terms.Length; g++)
            {
                if (terms[g] is { } term)
                {
                    Meet(g, term);
                }
            }
        }
        else
        {
            problem.Pass(rightModel, plan, null, cancellation).Run(right.Tensors, layout.Rows2, Meet);
        }
        Write(layout, sums, kernels);
    }

    // A graph that differs between the two sides may use other parameters on each, in other ways: only the parameters themselves can be matched.
    private void ParameterByParameter(PreparedModel leftModel, PreparedModel rightModel, KernelLayout layout, NtkTensor[] kernels)
    {
        using DisposeScope scope = NewDisposeScope();
        Dictionary<int, Tensor> own = problem.ParameterRows(leftModel, left.Tensors, layout.Rows1, 1, scope, cancellation);
        Dictionary<int, Tensor> other = problem.ParameterRows(rightModel, _right.Tensors, layout.Rows2, 1, scope, cancellation);
        using var sums = new KernelSums(kernels.Length);
        foreach ((int parameter, Tensor rows) in own)
        {
            if (other.TryGetValue(parameter, out Tensor? opposite))
            {
                var l = new JacobianTerm(rows.reshape(1, 1, layout.Rows1.Count, -1));
                var r = new JacobianTerm(opposite.reshape(1, 1, layout.Rows2.Count, -1));
                sums[problem.Shares.OfParameter[parameter]].Add(Contraction.Block(l, r, layout.Rows1, layout.Rows2, 1, 1, diagonal: false, cancellation));
            }
        }
        Write(layout, sums, kernels);
    }

    private static void Write(KernelLayout layout, KernelSums sums, NtkTensor[] kernels)
    {
        for (int k = 0; k < kernels.Length; k++)
        {
            if (sums[k].Total is { } total)
            {
                layout.Write(kernels[k], layout.Arrange(total * layout.Scale), 0, 0);
            }
        }
    }

    private static long[] Resize(long[] shape, int axis, long size)
    {
        var result = (long[])shape.Clone();
        result[axis] = size;
        return result;
    }
}
