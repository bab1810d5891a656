using Ntk.Core.Autodiff;

namespace Ntk.Core.Ops.Keras;

/// <summary>Layers that join several tensors, and the masks that they make of their inputs'.</summary>
internal static class MergeLayers
{
    public static readonly Dictionary<string, Action<KerasLayer, LayerConfig>> Table = new()
    {
        ["Add"] = (l, c) => Elementwise(l, c, v => v.Aggregate(Lax.Add)),
        ["Subtract"] = (l, c) => Elementwise(l, c, v => v[0] - v[1]),
        ["Multiply"] = (l, c) => Elementwise(l, c, v => v.Aggregate(Lax.Multiply)),
        ["Average"] = (l, c) => Elementwise(l, c, v => v.Aggregate(Lax.Add) * (1.0 / v.Length)),
        ["Maximum"] = (l, c) => Elementwise(l, c, v => v.Aggregate(Lax.Maximum)),
        ["Minimum"] = (l, c) => Elementwise(l, c, v => v.Aggregate(Lax.Minimum)),
        ["Concatenate"] = (l, c) => Concatenate(l, c, c.Integer("axis", -1)),
        ["Dot"] = Dot,
        // keras.applications' Inception-ResNet adds a scaled branch.
        ["CustomScaleLayer"] = ScaledSum,
        ["Custom>CustomScaleLayer"] = ScaledSum,
        ["Merge"] = Merge,
    };

    private static void Elementwise(KerasLayer layer, LayerConfig c, Func<Value[], Value> function) => layer.Body = call =>
    {
        Value[] values = Aligned(call);
        return [new Flow(function(values), JoinedMask(call.Inputs, c.Version))];
    };

    private static void ScaledSum(KerasLayer layer, LayerConfig c)
    {
        double scale = c.Number("scale");
        Elementwise(layer, c, v => v[0] + (v[1] * scale));
    }

    // Tensors of lower rank get axes of size one behind the batch.
    private static Value[] Aligned(LayerCall call)
    {
        if (call.Inputs.Count == 0)
        {
            throw new ShapeException("it is called without tensors");
        }
        bool isFloat = call.Inputs.Any(i => i.Value.DType.IsDifferentiable());
        int rank = call.Inputs.Max(i => i.Value.Rank);
        return call.Inputs.Select(i => i.Value).Select(v => isFloat ? call.Float(v) : v)
            .Select(v => v.Rank == rank || v.Rank == 0 ? v : Lax.Reshape(v, [v.Shape[0], .. Enumerable.Repeat(1L, rank - v.Rank), .. v.Shape[1..]])).ToArray();
    }

    // Keras 2: all masks that there are must hold. Keras 3: any, and none when an input has none.
    private static Value? JoinedMask(IReadOnlyList<Flow> inputs, int version)
    {
        Value[] masks = inputs.Select(i => i.Mask).OfType<Value>().ToArray();
        if (masks.Length == 0 || (version >= 3 && masks.Length < inputs.Count))
        {
            return null;
        }
        return masks.Aggregate(version >= 3 ? Lax.Or : Lax.And);
    }

    private static void Concatenate(KerasLayer layer, LayerConfig c, long stated) => layer.Body = call =>
    {
        bool isFloat = call.Inputs.Any(i => i.Value.DType.IsDifferentiable());
        Value[] values = call.Inputs.Select(i => isFloat ? call.Float(i.Value) : i.Value).ToArray();
        int axis = Shapes.Axis(stated, values[0].Rank);
        Value? mask = null;
        if (call.Inputs.Any(i => i.Mask is not null))
        {
            Value[] masks = call.Inputs.Select(i => FullMask(i, axis, c.Version)).ToArray();
            Value joined = Lax.Concat(masks, axis);
            mask = c.Version >= 3 ? Lax.Any(joined, [-1]) : Lax.All(joined, [-1]);
        }
        return [new Flow(Lax.Concat(values, axis), mask)];
    };

    // Keras 2 leaves a mask's last axis at size one, which matters where the join is not along it.
    private static Value FullMask(Flow input, int axis, int version)
    {
        if (input.Mask is not { } mask)
        {
            return Lax.Equal(input.Value, input.Value);
        }
        if (mask.Rank >= input.Value.Rank)
        {
            return mask;
        }
        Value wide = Lax.ExpandDims(mask, -1);
        return version >= 3 || axis < input.Value.Rank - 1 ? Lax.BroadcastTo(wide, [.. wide.Shape[..^1], input.Value.Shape[^1]]) : wide;
    }

    private static void Dot(KerasLayer layer, LayerConfig c)
    {
        long[] axes = c.Integers("axes", 2);
        bool normalize = c.Flag("normalize", false);
        layer.Body = call =>
        {
            if (call.Inputs.Count != 2)
            {
                throw new ShapeException($"it is called with {call.Inputs.Count} tensors instead of two");
            }
            Value x = call.Float(call.Inputs[0].Value), y = call.Float(call.Inputs[1].Value);
            return [new Flow(BatchDot(x, y, Shapes.Axis(axes[0], x.Rank), Shapes.Axis(axes[1], y.Rank), normalize, c.Version))];
        };
    }

    private static Value BatchDot(Value x, Value y, int xAxis, int yAxis, bool normalize, int version)
    {
        if (normalize)
        {
            x = NormalizationLayers.Normalize(x, [xAxis], version, version >= 3 ? 1e-7 : 1e-12);
            y = NormalizationLayers.Normalize(y, [yAxis], version, version >= 3 ? 1e-7 : 1e-12);
        }
        Value product = Lax.DotGeneral(x, y, [xAxis], [yAxis], [0], [0]);
        return product.Rank == 1 ? Lax.ExpandDims(product, 1) : product;
    }

    // Keras 1's one layer for all of it.
    private static void Merge(KerasLayer layer, LayerConfig c)
    {
        string mode = c.Text("mode", "sum");
        long axis = c.Integer("concat_axis", -1);
        long[] axes = c.Has("dot_axes") ? c.Integers("dot_axes", 2) : [-1, -1];
        c.Ignore("output_shape", "output_shape_type", "mode_type", "arguments", "output_mask", "output_mask_type");
        switch (mode)
        {
            case "concat":
                Concatenate(layer, c, axis);
                break;
            case "dot" or "cos":
                layer.Body = call => [new Flow(BatchDot(call.Float(call.Inputs[0].Value), call.Float(call.Inputs[1].Value),
                    Shapes.Axis(axes[0], call.Inputs[0].Value.Rank), Shapes.Axis(axes[1], call.Inputs[1].Value.Rank), mode == "cos", c.Version))];
                break;
            default:
                Elementwise(layer, c, mode switch
                {
                    "sum" => v => v.Aggregate(Lax.Add),
                    "mul" => v => v.Aggregate(Lax.Multiply),
                    "ave" => v => v.Aggregate(Lax.Add) * (1.0 / v.Length),
                    "max" => v => v.Aggregate(Lax.Maximum),
                    _ => throw new ShapeException($"merge mode '{mode}' is not supported"),
                });
                break;
        }
    }
}
