using Ntk.Core.Autodiff;
using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>
/// The kernel times vectors, the kernel never formed: the vectors are pulled back through the model at x2 to directions of the parameters (one VJP, summed
/// over the examples), which are pushed forward through the model at x1 (one JVP). Time is linear in the examples.
/// </summary>
/// <remarks>
/// A vector has the axes of the output at x2 without the traced ones; a diagonal axis stays what it is. The rows of both passes are the vectors, for each
/// index of the traced and diagonal axes.
/// </remarks>
internal sealed class KernelVectorProduct
{
    private readonly ModelProblem _problem;
    private readonly int _output;
    private readonly Side _left, _right;
    private readonly CancellationToken _cancellation;
    private readonly int _batch;
    private readonly bool _isBatched;
    private readonly KernelLayout _layout;
    private readonly TracedModel _sample;
    private TermVectorProduct? _terms;
    private long _termsVectors = -1;

    /// <summary>Prepares products of one output's kernel.</summary>
    /// <exception cref="NtkException">The examples' axis is traced or diagonal, or an axis is not one of the output's.</exception>
    public KernelVectorProduct(ModelProblem problem, int output, Side left, Side? right, CancellationToken cancellation)
    {
        (_problem, _output, _left, _right, _cancellation) = (problem, output, left, right ?? left, cancellation);
        PreparedModel prepared = problem.Prepare(output, left, _right, left.Examples, out _batch);
        _isBatched = prepared.Model.IsBatched;
        TensorType type = prepared.Model.Program.Variables[prepared.Model.Output].Type;
        long[] shape1 = (long[])type.Shape.Clone(), shape2;
        if (_isBatched)
        {
            shape2 = (long[])type.Shape.Clone();
            (shape1[_batch], shape2[_batch]) = (left.Examples, _right.Examples);
        }
        else
        {
            TracedModel other = problem.PrepareWhole(output, _right).Model;
            shape2 = other.Program.Variables[other.Output].Type.Shape;
        }
        _layout = KernelLayout.Of(shape1, shape2, problem.Options.TraceAxes, problem.Options.DiagonalAxes, _isBatched ? _batch : -1);
        if (_layout.DiagonalExamples)
        {
            throw new NtkException(NtkErrorId.InvalidAxis, $"The examples' axis {_batch} cannot be traced or diagonal in a product with the kernel; that kernel has no rows and columns of examples.");
        }
        VectorShape = VectorAxes(shape2);
        ResultShape = VectorAxes(shape1);
        _sample = prepared.Model;
        long[] VectorAxes(long[] shape) => shape.Where((_, a) => !_layout.IsTraced(a)).ToArray();
    }

    /// <summary>A vector's shape: the output's at x2 without traced axes.</summary>
    public long[] VectorShape { get; }

    /// <summary>A product's shape: the output's at x1 without traced axes.</summary>
    public long[] ResultShape { get; }

    /// <summary>Products with several vectors.</summary>
    /// <param name="vectors">(V, vector's shape), in the type computed in.</param>
    /// <param name="progress">Told of each tile.</param>
    /// <returns>(V, product's shape); the caller owns it.</returns>
    public Tensor Multiply(Tensor vectors, IProgress<NtkProgress>? progress = null)
    {
        using DisposeScope scope = NewDisposeScope();
        long tile = TileExamples(vectors.shape[0]), done = 0, total = ((_left.Examples + tile - 1) / tile) + ((_right.Examples + tile - 1) / tile);
        void Step() => progress?.Report(new NtkProgress("Kernel-vector product", ++done, total));
        if (Terms(vectors.shape[0]) is { } terms)
        {
            (done, total) = (0, terms.Steps);
            return (Widened(terms.Multiply(Narrow(vectors), Step), vectors.shape[0]) * _layout.Scale).MoveToOuterDisposeScope();
        }
        Tensor?[] directions = PullBack(Spread(vectors), tile, Step);
        Tensor pushed = PushForward(directions, vectors.shape[0], tile, Step);
        return (pushed * _layout.Scale).MoveToOuterDisposeScope();
    }

    /// <summary>Counted operations of a product with so many vectors; null where they are not counted.</summary>
    public double? Flops(long vectors) => Terms(vectors)?.Flops;

    private TermVectorProduct? Terms(long vectors)
    {
        if (_termsVectors != vectors)
        {
            (_terms, _termsVectors) = (TermVectorProduct.For(_problem, _output, _left, _right, _layout, _sample, vectors, _cancellation), vectors);
        }
        return _terms;
    }

    // So many that all values of a tile, and the rows of the widest, stay small.
    private long TileExamples(long vectors)
    {
        if (!_isBatched)
        {
            return Math.Max(1, Math.Max(_left.Examples, _right.Examples));
        }
        if (_sample.IsPromised)
        {
            return 1;
        }
        double[] sizes = _sample.Program.Variables.Where((_, v) => _sample.Carries(v)).Select(v => (double)v.Type.Count / _sample.Examples).ToArray();
        double rows = vectors * (double)_layout.Rows2.Diagonal * _layout.Rows2.Traced;
        double each = _sample.Program.ElementBytes * (sizes.Sum() + (2 * rows * sizes.DefaultIfEmpty().Max()));
        const double Most = 1L << 28;
        return _problem.Options.TileExamples ?? Math.Clamp((long)(Math.Min(Most, _problem.MemoryLimit / 2.0) / Math.Max(1, each)), 1, 256);
    }

    // (V, vector's shape) to (V, D, F, G).
    private Tensor Narrow(Tensor vectors)
    {
        OutputRows rows = _layout.Rows2;
        int[] own = rows.Axes.Where(a => !_layout.IsTraced(a)).ToArray();
        int[] axes = Enumerable.Range(0, _layout.Rank).Where(a => !_layout.IsTraced(a)).ToArray();
        long[] order = [0, .. own.Select(a => 1L + Array.IndexOf(axes, a)), .. _isBatched ? new[] { 1L + Array.IndexOf(axes, _batch) } : []];
        return vectors.permute(order).reshape(vectors.shape[0], rows.Diagonal, rows.Full, _isBatched ? _right.Examples : 1);
    }

    // (V, vector's shape) to cotangents (V · D · T, output's shape at x2): each vector at each index of the diagonal and traced axes alone.
    private Tensor Spread(Tensor vectors)
    {
        OutputRows rows = _layout.Rows2;
        long count = vectors.shape[0], examples = _isBatched ? _right.Examples : 1;
        Tensor narrow = Narrow(vectors);
        // (V, D, T, D, T, F, G)
        Tensor wide = zeros([count, rows.Diagonal, rows.Traced, rows.Diagonal, rows.Traced, rows.Full, examples], vectors.dtype);
        wide.diagonal(0, 1, 3).diagonal(0, 1, 2).copy_(narrow.permute(0, 2, 3, 1).unsqueeze(-1).expand(count, rows.Full, examples, rows.Diagonal, rows.Traced));
        // Rows run over diagonal, traced and full axes, then the examples: back to the output's own order.
        Tensor flat = wide.reshape([count * rows.Diagonal * rows.Traced, .. rows.Sizes, .. _isBatched ? new[] { examples } : []]);
        return flat.permute([0, .. Enumerable.Range(0, _layout.Rank).Select(a => 1L + (a == _batch && _isBatched ? rows.Axes.Length : Array.IndexOf(rows.Axes, a)))]);
    }

    private Tensor?[] PullBack(Tensor cotangents, long tile, Action step)
    {
        var sums = new Tensor?[_problem.ParameterTensors.Length];
        for (long start = 0; start < _right.Examples; start += tile)
        {
            using DisposeScope scope = NewDisposeScope();
            long count = Math.Min(tile, _right.Examples - start);
            (TracedModel model, Tensor[] inputs) = Tile(_right, start, count);
            Tensor part = _isBatched ? cotangents.narrow(_batch + 1, start, count) : cotangents;
            if (_isBatched && model.Examples != count)
            {
                // What a tile was padded with has no cotangent.
                long[] shape = part.shape;
                shape[_batch + 1] = model.Examples - count;
                part = cat([part, zeros(shape, part.dtype)], _batch + 1);
            }
            var values = new Tensor?[model.Program.Variables.Length];
            ForwardPass.Bind(model.Program, model.Program.Parameters, _problem.ParameterTensors, values);
            ForwardPass.Bind(model.Program, model.Program.Inputs, inputs, values);
            var never = new int[values.Length];
            Array.Fill(never, -1);
            ForwardPass.Evaluate(model.Program, values, _ => true, never, _cancellation);
            var pulled = new Dictionary<int, Tensor> { [model.Output] = part.contiguous() };
            ReversePass.Run(model.Program, values, pulled, _ => !_cancellation.IsCancellationRequested);
            _cancellation.ThrowIfCancellationRequested();
            for (int p = 0; p < sums.Length; p++)
            {
                if (_problem.Shares.OfParameter[p] >= 0 && pulled.TryGetValue(model.Program.Parameters[p], out Tensor? direction))
                {
                    if (sums[p] is { } sum)
                    {
                        sum.add_(direction);
                    }
                    else
                    {
                        sums[p] = direction.clone().MoveToOuterDisposeScope();
                    }
                }
            }
            step();
        }
        return sums;
    }

    private Tensor PushForward(Tensor?[] directions, long count, long tile, Action step)
    {
        OutputRows rows = _layout.Rows1;
        var parts = new List<Tensor>();
        for (long start = 0; start < _left.Examples; start += tile)
        {
            using DisposeScope scope = NewDisposeScope();
            long examples = Math.Min(tile, _left.Examples - start);
            (TracedModel model, Tensor[] inputs) = Tile(_left, start, examples);
            Dictionary<int, Tensor> tangents = Enumerable.Range(0, directions.Length).Where(p => directions[p] is not null).ToDictionary(p => model.Program.Parameters[p], p => directions[p]!);
            TensorType type = model.Program.Variables[model.Output].Type;
            Tensor all = tangents.Count == 0 ? zeros(Shapes.Prepend(count * rows.Diagonal * rows.Traced, type.Shape), type.DType)
                : TangentPass.Run(model.Program, _problem.ParameterTensors, inputs, tangents, _cancellation)[0] ?? zeros(Shapes.Prepend(count * rows.Diagonal * rows.Traced, type.Shape), type.DType);
            long[] order = [0, .. rows.Axes.Select(a => a + 1L), .. _isBatched ? new[] { _batch + 1L } : []];
            // (V, D, T, D, T, F, G): each row at its own index of the diagonal and traced axes.
            Tensor wide = all.permute(order).reshape(count, rows.Diagonal, rows.Traced, rows.Diagonal, rows.Traced, rows.Full, -1);
            Tensor block = wide.diagonal(0, 1, 3).diagonal(0, 1, 2).sum(-1).permute(0, 3, 1, 2);                  // (V, D, F, G)
            parts.Add((_isBatched ? block.narrow(3, 0, examples) : block).MoveToOuterDisposeScope());
            step();
        }
        return Widened(cat(parts.ToArray(), 3), count);
    }

    // (V, D, F, G) to (V, product's shape).
    private Tensor Widened(Tensor result, long count)
    {
        OutputRows rows = _layout.Rows1;
        int[] own = rows.Axes.Where(a => !_layout.IsTraced(a)).ToArray();
        Tensor unmerged = result.reshape([count, .. own.Select(a => rows.Sizes[Array.IndexOf(rows.Axes, a)]), .. _isBatched ? new[] { _left.Examples } : []]);
        return unmerged.permute([0, .. Enumerable.Range(0, _layout.Rank).Where(a => !_layout.IsTraced(a)).Select(a => 1L + (a == _batch && _isBatched ? own.Length : Array.IndexOf(own, a)))]).contiguous();
    }

    private (TracedModel Model, Tensor[] Inputs) Tile(Side side, long start, long count)
    {
        if (!_isBatched)
        {
            return (_problem.PrepareWhole(_output, side).Model, side.Tensors);
        }
        (PreparedModel prepared, Tensor[] inputs) = _problem.PrepareTile(_output, _left, _right, side.Tile(start, count, _problem.InputAxis), count);
        return (prepared.Model, inputs);
    }
}
