using Ntk.Core.Autodiff;
using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>
/// The kernel's axes: the output's in order, a traced one gone, a diagonal one once, every other one twice in a row, first x1's, then x2's.
/// </summary>
internal sealed class KernelLayout
{
    private readonly AxisRole[] _roles;
    private readonly int _batch;

    private KernelLayout(AxisRole[] roles, int batch, long[] shape1, long[] shape2)
    {
        _roles = roles;
        _batch = batch;
        var sizes = new List<long>();
        Scale = 1;
        for (int a = 0; a < roles.Length; a++)
        {
            switch (roles[a])
            {
                case AxisRole.Full:
                    sizes.Add(shape1[a]);
                    sizes.Add(shape2[a]);
                    break;
                case AxisRole.Diagonal:
                    sizes.Add(shape1[a]);
                    break;
                default:
                    Scale /= shape1[a];
                    break;
            }
        }
        Shape = sizes.ToArray();
        Rows1 = OutputRows.Of(shape1, roles, batch);
        Rows2 = OutputRows.Of(shape2, roles, batch);
    }

    /// <summary>The kernel's shape.</summary>
    public long[] Shape { get; }

    /// <summary>One over the size of the traced axes.</summary>
    public double Scale { get; }

    /// <summary>x1's rows.</summary>
    public OutputRows Rows1 { get; }

    /// <summary>x2's rows.</summary>
    public OutputRows Rows2 { get; }

    /// <summary>Whether only equal examples meet: the examples' axis is traced or diagonal.</summary>
    public bool DiagonalExamples => _batch >= 0 && _roles[_batch] != AxisRole.Full;

    /// <summary>Whether the examples' axis is summed away.</summary>
    public bool TracedExamples => _batch >= 0 && _roles[_batch] == AxisRole.Traced;

    /// <summary>How many axes the output has.</summary>
    public int Rank => _roles.Length;

    /// <summary>Whether an axis of the output is traced over.</summary>
    public bool IsTraced(int axis) => _roles[axis] == AxisRole.Traced;

    /// <summary>Where in an arranged block the traced examples' axis, of size one, stands.</summary>
    public int TracedPlace => Enumerable.Range(0, _batch).Sum(a => _roles[a] switch { AxisRole.Full => 2, AxisRole.Diagonal => 1, _ => 0 });

    /// <summary>The layout for outputs of two shapes.</summary>
    /// <param name="shape1">The output's shape at x1.</param>
    /// <param name="shape2">The output's shape at x2.</param>
    /// <param name="traceAxes">Axes traced.</param>
    /// <param name="diagonalAxes">Axes of which the diagonal is kept.</param>
    /// <param name="batch">The examples' axis where they are independent; −1 otherwise.</param>
    /// <exception cref="NtkException">An axis is out of range, named twice, or of different sizes at x1 and x2.</exception>
    public static KernelLayout Of(long[] shape1, long[] shape2, IReadOnlyList<int> traceAxes, IReadOnlyList<int> diagonalAxes, int batch)
    {
        var roles = new AxisRole[shape1.Length];
        foreach ((IReadOnlyList<int> axes, AxisRole role, string name) in new[] { (traceAxes, AxisRole.Traced, "-TraceAxis"), (diagonalAxes, AxisRole.Diagonal, "-DiagonalAxis") })
        {
            foreach (int axis in axes)
            {
                if (axis < -roles.Length || axis >= roles.Length)
                {
                    throw new NtkException(NtkErrorId.InvalidAxis, $"{name} {axis} is out of range: the output {Shapes.Format(shape1)} has axes 0 to {roles.Length - 1}, or -1 to {-roles.Length} from the end.");
                }
                int a = axis < 0 ? axis + roles.Length : axis;
                if (roles[a] != AxisRole.Full)
                {
                    throw new NtkException(NtkErrorId.InvalidAxis, roles[a] == role ? $"{name} names axis {a} twice." : $"Axis {a} cannot be both traced and diagonal; name it in -TraceAxis or in -DiagonalAxis.");
                }
                if (shape1[a] != shape2[a])
                {
                    throw new NtkException(NtkErrorId.InvalidAxis, $"{name} {axis}: a traced or diagonal axis must have one size, but the outputs are {Shapes.Format(shape1)} at x1 and {Shapes.Format(shape2)} at x2.");
                }
                roles[a] = role;
            }
        }
        return new KernelLayout(roles, batch, shape1, shape2);
    }

    /// <summary>
    /// A block (D, F1, G1, F2, G2), or (D, F1, F2, G) where only equal examples meet, with its axes as the kernel's.
    /// </summary>
    public Tensor Arrange(Tensor block)
    {
        long[] s = block.shape;
        // Unmerged: diagonal axes, x1's full axes, [G1,] x2's full axes, G2 or G.
        int[] diagonal = Of(AxisRole.Diagonal), full = Of(AxisRole.Full);
        var sizes = new List<long>();
        var place = new Dictionary<(int Axis, int Side), int>();
        foreach (int a in diagonal)
        {
            place[(a, 1)] = sizes.Count;
            sizes.Add(SizeOf(Rows1, a));
        }
        foreach (int a in full)
        {
            place[(a, 1)] = sizes.Count;
            sizes.Add(SizeOf(Rows1, a));
        }
        if (!DiagonalExamples)
        {
            place[(_batch, 1)] = sizes.Count;
            sizes.Add(s[2]);
        }
        foreach (int a in full)
        {
            place[(a, 2)] = sizes.Count;
            sizes.Add(SizeOf(Rows2, a));
        }
        place[(_batch, 2)] = sizes.Count;
        sizes.Add(s[^1]);
        var order = new List<long>();
        for (int a = 0; a < _roles.Length; a++)
        {
            if (a == _batch)
            {
                if (!DiagonalExamples)
                {
                    order.Add(place[(a, 1)]);
                }
                order.Add(place[(a, 2)]);
            }
            else if (_roles[a] == AxisRole.Full)
            {
                order.Add(place[(a, 1)]);
                order.Add(place[(a, 2)]);
            }
            else if (_roles[a] == AxisRole.Diagonal)
            {
                order.Add(place[(a, 1)]);
            }
        }
        Tensor wide = block.reshape(sizes.ToArray());
        if (_batch < 0)
        {
            // The whole batch as one: its two axes of size one go.
            int g1 = place[(-1, 1)], g2 = place[(-1, 2)];
            wide = wide.squeeze(g2).squeeze(g1);
            order = order.ConvertAll(o => o - (o > g2 ? 1 : 0) - (o > g1 ? 1 : 0));
        }
        return order.Count == 0 ? wide : wide.permute(order.ToArray());
    }

    /// <summary>Writes an arranged block into the kernel at the place of its examples.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="block">The block, axes as the kernel's.</param>
    /// <param name="start1">The block's first example of x1 (of both where only equal ones meet).</param>
    /// <param name="start2">Its first example of x2.</param>
    public void Write(NtkTensor kernel, Tensor block, long start1, long start2)
    {
        var offset = new long[Shape.Length];
        if (_batch >= 0)
        {
            long[] starts = _roles[_batch] switch { AxisRole.Full => [start1, start2], AxisRole.Diagonal => [start1], _ => [] };
            starts.CopyTo(offset, TracedPlace);
        }
        TensorBlock.Write(kernel, block, offset);
    }

    private int[] Of(AxisRole role) => Enumerable.Range(0, _roles.Length).Where(a => a != _batch && _roles[a] == role).ToArray();

    private static long SizeOf(OutputRows rows, int axis) => rows.Sizes[Array.IndexOf(rows.Axes, axis)];
}
