using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Analysis.Dynamics;

/// <summary>
/// Between targets of any shape and matrices (n, c): n the axes that a kernel has in pairs, c the traced ones, for which the kernel acts as Θ ⊗ I
/// (neural_tangents' <c>trace_axes</c>).
/// </summary>
internal sealed class TargetAxes
{
    private readonly int[] _shape;
    private readonly int[] _kept;
    private readonly int[] _traced;

    /// <summary>Reads which axes are traced.</summary>
    /// <param name="shape">The training targets' shape.</param>
    /// <param name="traced">The traced axes; null for the last, or none where the kernel lacks none.</param>
    /// <param name="kernelRank">The rank of the training kernel.</param>
    /// <exception cref="NtkException">An axis out of range, or named twice.</exception>
    public TargetAxes(int[] shape, IReadOnlyList<int>? traced, int kernelRank)
    {
        _shape = shape;
        int[] axes = traced is null ? kernelRank == 2 * shape.Length ? [] : [shape.Length - 1] : [.. traced.Select(axis => Canonical(axis, shape))];
        if (axes.Distinct().Count() != axes.Length)
        {
            throw new NtkException(NtkErrorId.InvalidAxis, "-TraceAxis names an axis twice.");
        }
        _traced = axes;
        _kept = [.. Enumerable.Range(0, shape.Length).Except(axes)];
    }

    /// <summary>The sizes of the training targets' axes that the kernel has.</summary>
    public long[] Rows => Array.ConvertAll(_kept, axis => (long)_shape[axis]);

    /// <summary>The targets' number of elements.</summary>
    public long Count => _shape.Aggregate(1L, (n, d) => n * d);

    /// <summary>The shape of outputs whose kernel axes have the sizes <paramref name="rows"/>.</summary>
    public long[] Shape(IReadOnlyList<long> rows)
    {
        long[] shape = Array.ConvertAll(_shape, d => (long)d);
        for (int i = 0; i < _kept.Length; i++)
        {
            shape[_kept[i]] = rows[i];
        }
        return shape;
    }

    /// <summary>Outputs as a matrix (n, c).</summary>
    public Tensor Flatten(Tensor outputs)
    {
        long rows = _kept.Aggregate(1L, (n, axis) => n * outputs.shape[axis]);
        return outputs.permute([.. Array.ConvertAll(_kept, a => (long)a), .. Array.ConvertAll(_traced, a => (long)a)]).reshape(rows, _traced.Aggregate(1L, (n, axis) => n * _shape[axis]));
    }

    /// <summary>A matrix (n, c) as outputs.</summary>
    public Tensor Restore(Tensor matrix, IReadOnlyList<long> rows)
    {
        int[] order = [.. _kept, .. _traced];
        return matrix.reshape([.. rows, .. _traced.Select(axis => (long)_shape[axis])])
            .permute(Enumerable.Range(0, order.Length).Select(axis => (long)Array.IndexOf(order, axis)).ToArray());
    }

    /// <summary>Checks that a kernel has the targets' axes that are not traced.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="argument">Its parameter.</param>
    /// <param name="test">Whether its rows are test examples.</param>
    /// <param name="testColumns">Whether its columns are.</param>
    /// <exception cref="NtkException">It has not; the message says what would.</exception>
    public void Check(NtkTensor kernel, string argument, bool test, bool testColumns = false)
    {
        bool fits = kernel.Rank == 2 * _kept.Length;
        for (int pair = 0; fits && pair < _kept.Length; pair++)
        {
            int size = _shape[_kept[pair]];
            // Test examples are as many as there are; their outputs have the training outputs' axes.
            fits = (kernel.Shape[2 * pair] == size || (test && _kept[pair] == 0)) && (kernel.Shape[(2 * pair) + 1] == size || (testColumns && _kept[pair] == 0));
        }
        if (fits)
        {
            return;
        }
        string wanted = string.Join(", ", _kept.Select(axis => $"{(test && axis == 0 ? "M" : _shape[axis])}, {(testColumns && axis == 0 ? "M" : _shape[axis])}"));
        string traced = _traced.Length == 0 ? "no axis traced" : $"axis {string.Join(", ", _traced)} traced";
        string hint = kernel.Rank != 2 * _kept.Length ? "-TraceAxis says which of the targets' axes the kernels were traced over; targets with one axis more or less may be meant, too (.Reshape)."
            : test && !testColumns && kernel.Rank == 2 && kernel.Shape[0] == _shape[0] ? "It is the other way round: compute it with the test examples as -X1, or .Transpose() it."
            : test ? "Compute it with the test examples as -X1 and the training examples as -X2." : "Compute it with the training examples as -X1 alone.";
        throw new NtkException(NtkErrorId.ShapeMismatch,
            $"{argument} has the shape {NtkShape.Format(kernel.Shape)}; for -YTrain {NtkShape.Format(_shape)} with {traced} it is ({wanted}). {hint}") { Target = argument };
    }

    private static int Canonical(int axis, int[] shape) => axis >= -shape.Length && axis < shape.Length ? axis < 0 ? axis + shape.Length : axis
        : throw new NtkException(NtkErrorId.InvalidAxis, $"-TraceAxis {axis} is out of range: -YTrain {NtkShape.Format(shape)} has {shape.Length} {(shape.Length == 1 ? "axis" : "axes")}.");
}
