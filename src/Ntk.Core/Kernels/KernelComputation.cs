using Ntk.Core.Autodiff;
using Ntk.Core.Formats;
using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>One side's inputs, converted once.</summary>
/// <param name="Tensors">A tensor for each of the model's inputs.</param>
/// <param name="Examples">N.</param>
internal sealed record Side(Tensor[] Tensors, long Examples)
{
    /// <summary>The inputs' shapes with another number of examples.</summary>
    public long[][] Shapes(long examples, int axis) => Array.ConvertAll(Tensors, t =>
    {
        long[] shape = t.shape;
        shape[axis] = examples;
        return shape;
    });

    /// <summary>A tile of examples.</summary>
    public Tensor[] Tile(long start, long count, int axis) => Array.ConvertAll(Tensors, t => t.narrow(axis, start, count).contiguous());
}

/// <summary>Computes the kernel of one output by tiles.</summary>
internal sealed class KernelComputation(ModelProblem problem, int output, Side left, Side? right, IProgress<NtkProgress>? progress, CancellationToken cancellation)
{
    private readonly KernelOptions _options = problem.Options;
    private readonly Side _right = right ?? left;

    /// <summary>The kernel.</summary>
    public NtkTensor Run()
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
        KernelLayout layout = KernelLayout.Of(shape1, shape2, _options.TraceAxes, _options.DiagonalAxes, prepared.Model.IsBatched ? batch : -1);
        int[] kernelShape = Array.ConvertAll(layout.Shape, d => checked((int)d));
        string name = problem.Session.Source.Outputs[output].Name;
        if (_options.OutFile is null)
        {
            NtkTensor kernel = NtkTensor.Allocate(problem.Precision, kernelShape, name);
            Fill(prepared, layout, kernel);
            return kernel;
        }
        using var writer = new NpyWriter(_options.OutFile, problem.Precision, kernelShape, name);
        Fill(prepared, layout, writer.Tensor);
        return writer.Complete();
    }

    private void Fill(PreparedModel prepared, KernelLayout layout, NtkTensor kernel)
    {
        if (_options.Implementation == NtkImplementation.NtkVectorProducts)
        {
            new VectorProductKernel(problem, output, left, right, layout, kernel, progress, cancellation).Run();
        }
        else if (prepared.Model.IsBatched)
        {
            new BatchedKernel(problem, output, left, right, layout, kernel, progress, cancellation).Run();
        }
        else
        {
            Whole(prepared, layout, kernel);
        }
    }

    // The batch as one example: exact whatever the model does with it.
    private void Whole(PreparedModel leftModel, KernelLayout layout, NtkTensor kernel)
    {
        using DisposeScope scope = NewDisposeScope();
        PreparedModel rightModel = right is null ? leftModel : problem.PrepareWhole(output, right);
        KernelPlan plan = problem.Plan(leftModel.Model, layout, 1, 1);
        if (right is not null && !TracedModel.AreAlike(leftModel.Model.Program, rightModel.Model.Program))
        {
            ParameterByParameter(leftModel, rightModel, layout, kernel);
            return;
        }
        problem.RequireMemory(plan.PassBytes + plan.TermBytes + plan.Groups.Max(g => (double?)g.WorkBytes) ?? 0, 1);
        var terms = new Term?[plan.Groups.Count];
        problem.Pass(leftModel, plan, cancellation).Run(left.Tensors, layout.Rows1, (g, term) => terms[g] = term.Keep());
        using var sum = new BlockSum();
        void Meet(int g, Term other)
        {
            if (terms[g] is { } own)
            {
                sum.Add(Contraction.Block(own, other, layout.Rows1, layout.Rows2, 1, 1, diagonal: false));
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
            problem.Pass(rightModel, plan, cancellation).Run(right.Tensors, layout.Rows2, Meet);
        }
        foreach (Term? term in terms)
        {
            term?.Dispose();
        }
        if (sum.Total is { } total)
        {
            layout.Write(kernel, layout.Arrange(total * layout.Scale), 0, 0);
        }
    }

    // A graph that differs between the two sides may use other parameters on each, in other ways: only the parameters themselves can be matched.
    private void ParameterByParameter(PreparedModel leftModel, PreparedModel rightModel, KernelLayout layout, NtkTensor kernel)
    {
        using DisposeScope scope = NewDisposeScope();
        Dictionary<int, Tensor> own = problem.ParameterRows(leftModel, left.Tensors, layout.Rows1, 1, scope, cancellation);
        Dictionary<int, Tensor> other = problem.ParameterRows(rightModel, _right.Tensors, layout.Rows2, 1, scope, cancellation);
        using var sum = new BlockSum();
        foreach ((int parameter, Tensor rows) in own)
        {
            if (other.TryGetValue(parameter, out Tensor? opposite))
            {
                var l = new JacobianTerm(rows.reshape(1, 1, layout.Rows1.Count, -1));
                var r = new JacobianTerm(opposite.reshape(1, 1, layout.Rows2.Count, -1));
                sum.Add(Contraction.Block(l, r, layout.Rows1, layout.Rows2, 1, 1, diagonal: false));
            }
        }
        if (sum.Total is { } total)
        {
            layout.Write(kernel, layout.Arrange(total * layout.Scale), 0, 0);
        }
    }

    private static long[] Resize(long[] shape, int axis, long size)
    {
        var result = (long[])shape.Clone();
        result[axis] = size;
        return result;
    }
}
