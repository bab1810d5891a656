using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Ops.Keras;

/// <summary>
/// Keras 2's convolutions with a kernel of its own at each place, in the three ways in which it stores the weights: what each place's window covers
/// (implementation 1), a matrix from all inputs to all outputs (2), and that matrix's entries alone (3).
/// </summary>
internal static class LocallyConnectedLayers
{
    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = new()
    {
        ["LocallyConnected1D"] = (l, c) => Build(l, c, 1),
        ["LocallyConnected2D"] = (l, c) => Build(l, c, 2),
    };

    private static void Build(KerasLayer layer, LayerConfig c, int rank)
    {
        ConvolutionLayers.Geometry geometry = ConvolutionLayers.Geometry.Read(c, rank);
        long filters = c.Integer(c.FirstOf("filters", "nb_filter")), implementation = c.Integer("implementation", 1);
        ConvolutionLayers.IsSame(geometry.Padding);
        LayerVariable kernel = layer.Add("kernel");
        LayerVariable? bias = c.Flag(c.FirstOf("use_bias", "bias"), true) ? layer.Add("bias") : null;
        Func<LayerCall, Value, Value> activation = c.Activation("activation");
        Func<Value, Value, Window, Value> product = implementation switch
        {
            1 => ByPlace,
            2 => ByMatrix,
            3 => ByEntries,
            _ => throw new ShapeException($"implementation {implementation} is not one of Keras's"),
        };
        layer.Map = (call, x) =>
        {
            x = call.Float(x);
            var window = new Window(geometry, ChannelOrder.ToLast(x, geometry.ChannelsFirst).Shape[1..], filters);
            Value y = product(x, call[kernel], window);
            return activation(call, bias is null ? y : ChannelOrder.FromLast(ChannelOrder.ToLast(y, geometry.ChannelsFirst) + call[bias], geometry.ChannelsFirst));
        };
    }

    // A product for each place: kernel (places, window · Cin, Cout), or (places, Cin · window, Cout) with channels first.
    private static Value ByPlace(Value x, Value kernel, Window window)
    {
        x = ChannelOrder.ToLast(x, window.Geometry.ChannelsFirst);
        Value patches = Patches(x, window);
        Value y = Lax.DotGeneral(patches, kernel, [2], [1], [1], [0]);
        return ChannelOrder.FromLast(Lax.Reshape(Lax.MoveAxis(y, 1, 0), [x.Shape[0], .. window.Places, y.Shape[^1]]), window.Geometry.ChannelsFirst);
    }

    // Kernel (input's axes, output's axes), its entries outside the windows masked.
    private static Value ByMatrix(Value x, Value kernel, Window window)
    {
        long inputs = Shapes.Count(window.InputShape), outputs = Shapes.Count(window.OutputShape);
        using Tensor mask = zeros([inputs, outputs], kernel.DType);
        var entries = window.Entries();
        using Tensor rows = tensor(entries.Select(e => e.Input).ToArray()), columns = tensor(entries.Select(e => e.Output).ToArray());
        mask.index_put_(ones([entries.Count], kernel.DType), rows, columns);
        return Multiply(x, Lax.Reshape(kernel, inputs, outputs) * kernel.Trace.Constant(mask.clone()), window);
    }

    // The matrix's entries that lie in windows, by output and then by input.
    private static Value ByEntries(Value x, Value kernel, Window window)
    {
        long inputs = Shapes.Count(window.InputShape), outputs = Shapes.Count(window.OutputShape);
        long[] places = window.Entries().Order().Select(e => (e.Input * outputs) + e.Output).ToArray();
        Value matrix = Lax.ScatterNd(Lax.Reshape(kernel.Trace.Constant(tensor(places)), places.Length, 1), kernel, inputs * outputs);
        return Multiply(x, Lax.Reshape(matrix, inputs, outputs), window);
    }

    private static Value Multiply(Value x, Value matrix, Window window) =>
        Lax.Reshape(Lax.MatMul(Lax.Reshape(x, x.Shape[0], matrix.Shape[0]), matrix), [x.Shape[0], .. window.OutputShape]);

    // (N, places, what the window sees there)
    private static Value Patches(Value x, Window window)
    {
        int rank = window.Places.Length;
        var views = new List<Value>();
        for (long element = 0; element < Shapes.Count(window.Geometry.Window); element++)
        {
            Value view = x;
            long rest = element;
            for (int i = rank - 1; i >= 0; i--)
            {
                view = Lax.SliceAxis(view, i + 1, rest % window.Geometry.Window[i], window.Places[i], window.Geometry.Strides[i]);
                rest /= window.Geometry.Window[i];
            }
            views.Add(Lax.Reshape(view, x.Shape[0], Shapes.Count(window.Places), x.Shape[^1]));
        }
        return window.Geometry.ChannelsFirst ? Lax.Reshape(Lax.Stack(views.ToArray(), 3), x.Shape[0], Shapes.Count(window.Places), views.Count * x.Shape[^1]) : Lax.Concat(views, 2);
    }

    /// <summary>Which inputs each output looks at.</summary>
    /// <param name="Geometry">Window, strides and padding.</param>
    /// <param name="InputLast">The input's sizes without the batch, channels last.</param>
    /// <param name="Filters">The output's channels.</param>
    private sealed record Window(ConvolutionLayers.Geometry Geometry, long[] InputLast, long Filters)
    {
        /// <summary>The output's spatial sizes.</summary>
        public long[] Places { get; } = Geometry.Window.Select((w, i) => Geometry.Padding == "same"
            ? (InputLast[i] + Geometry.Strides[i] - 1) / Geometry.Strides[i] : ((InputLast[i] - w) / Geometry.Strides[i]) + 1).ToArray();

        /// <summary>The input's sizes as they lie.</summary>
        public long[] InputShape => Ordered(InputLast[..^1], InputLast[^1]);

        /// <summary>The output's sizes as they lie.</summary>
        public long[] OutputShape => Ordered(Places, Filters);

        /// <summary>Every pair of an output's and an input's flat position that a kernel joins. Keras puts the window's middle at place · stride, unlike TensorFlow.</summary>
        public List<(long Output, long Input)> Entries()
        {
            var entries = new List<(long, long)>();
            foreach (long[] place in Indices(Places))
            {
                long[] first = new long[place.Length], sizes = new long[place.Length];
                for (int i = 0; i < place.Length; i++)
                {
                    long left = Geometry.Window[i] / 2, centre = (place[i] * Geometry.Strides[i]) + (Geometry.Padding == "same" ? 0 : left);
                    first[i] = Math.Max(0, centre - left);
                    sizes[i] = Math.Min(InputLast[i], centre + Geometry.Window[i] - left) - first[i];
                }
                foreach (long[] seen in Indices(sizes))
                {
                    long[] input = seen.Select((s, i) => s + first[i]).ToArray();
                    for (long from = 0; from < InputLast[^1]; from++)
                    {
                        for (long to = 0; to < Filters; to++)
                        {
                            entries.Add((Flat(Ordered(place, to), OutputShape), Flat(Ordered(input, from), InputShape)));
                        }
                    }
                }
            }
            return entries;
        }

        private long[] Ordered(long[] spatial, long channel) => Geometry.ChannelsFirst ? [channel, .. spatial] : [.. spatial, channel];

        private static long Flat(long[] index, long[] shape) => index.Select((d, i) => (d, i)).Aggregate(0L, (flat, p) => (flat * shape[p.i]) + p.d);

        private static IEnumerable<long[]> Indices(long[] sizes)
        {
            long count = Shapes.Count(sizes);
            for (long flat = 0; flat < count; flat++)
            {
                var index = new long[sizes.Length];
                long rest = flat;
                for (int i = sizes.Length - 1; i >= 0; i--)
                {
                    index[i] = rest % sizes[i];
                    rest /= sizes[i];
                }
                yield return index;
            }
        }
    }
}
