using Google.Protobuf;
using Ntk.Core.Formats.Protos;

namespace Ntk.Bench;

/// <summary>A node of a network under construction, and its shape without the examples' axis.</summary>
internal sealed record Node(string Name, int[] Shape)
{
    public int Channels => Shape[^1];
}

/// <summary>Writes networks with random weights as TensorFlow's frozen graphs, so that a benchmark reads them as a user's file is read.</summary>
internal sealed class NetworkGraph
{
    private readonly GraphDef _graph = new();
    private readonly Random _random = new(0);

    public Node Input(params int[] shape)
    {
        var placeholder = new TensorShapeProto();
        placeholder.Dim.Add(new TensorShapeProto.Types.Dim { Size = -1 });
        placeholder.Dim.AddRange(shape.Select(d => new TensorShapeProto.Types.Dim { Size = d }));
        return Add("Placeholder", shape, [], ("dtype", Type(DataType.DtFloat)), ("shape", new AttrValue { Shape = placeholder }));
    }

    public Node Dense(Node x, int units, bool relu)
    {
        Node y = Add("MatMul", [units], [x, Weight([x.Channels, units], x.Channels)], T);
        y = Add("BiasAdd", y.Shape, [y, Fill(0, units)], T);
        return relu ? Relu(y) : y;
    }

    /// <summary>A convolution with a square window; with a bias, or for a normalisation to follow without.</summary>
    public Node Convolution(Node x, int channels, int window, int stride = 1, bool same = false, bool bias = true)
    {
        int size = Output(x.Shape[0], window, stride, same);
        Node y = Add("Conv2D", [size, size, channels], [x, Weight([window, window, x.Channels, channels], window * window * x.Channels)],
            T, Padding(same), Ints("strides", 1, stride, stride, 1));
        return bias ? Add("BiasAdd", y.Shape, [y, Fill(0, channels)], T) : y;
    }

    public Node Depthwise(Node x, int window, int stride)
    {
        int size = Output(x.Shape[0], window, stride, same: true);
        return Add("DepthwiseConv2dNative", [size, size, x.Channels], [x, Weight([window, window, x.Channels, 1], window * window)], T, Padding(true), Ints("strides", 1, stride, stride, 1));
    }

    /// <summary>Batch normalisation at inference.</summary>
    public Node Normalize(Node x) => Add("FusedBatchNormV3", x.Shape, [x, Fill(1, x.Channels), Fill(0, x.Channels), Fill(0, x.Channels), Fill(1, x.Channels)],
        T, ("is_training", new AttrValue { B = false }), ("epsilon", new AttrValue { F = 1e-3f }), ("U", Type(DataType.DtFloat)));

    public Node Relu(Node x) => Add("Relu", x.Shape, [x], T);

    public Node Relu6(Node x) => Add("Relu6", x.Shape, [x], T);

    public Node Sum(Node x, Node y) => Add("AddV2", x.Shape, [x, y], T);

    public Node Average(Node x) => Add("Mean", [x.Channels], [x, Integers(1, 2)], T, ("Tidx", Type(DataType.DtInt32)), ("keep_dims", new AttrValue { B = false }));

    public Node Flatten(Node x)
    {
        int size = x.Shape.Aggregate(1, (n, d) => n * d);
        return Add("Reshape", [size], [x, Integers(-1, size)], T, ("Tshape", Type(DataType.DtInt32)));
    }

    public Node MaxPool(Node x, int window, int stride)
    {
        int size = Output(x.Shape[0], window, stride, same: true);
        return Add("MaxPool", [size, size, x.Channels], [x], T, Padding(true), Ints("strides", 1, stride, stride, 1), Ints("ksize", 1, window, window, 1));
    }

    public void Save(string path)
    {
        using FileStream file = File.Create(path);
        _graph.WriteTo(file);
    }

    private static (string, AttrValue) T => ("T", Type(DataType.DtFloat));

    private static AttrValue Type(DataType type) => new() { Type = type };

    private static (string, AttrValue) Padding(bool same) => ("padding", new AttrValue { S = ByteString.CopyFromUtf8(same ? "SAME" : "VALID") });

    private static (string, AttrValue) Ints(string name, params long[] values)
    {
        var list = new AttrValue.Types.ListValue();
        list.I.AddRange(values);
        return (name, new AttrValue { List = list });
    }

    private static int Output(int size, int window, int stride, bool same) => same ? (size + stride - 1) / stride : ((size - window) / stride) + 1;

    // He et al.'s: variance 2 over the fan-in.
    private Node Weight(int[] shape, int fan)
    {
        var values = new float[shape.Aggregate(1, (n, d) => n * d)];
        double scale = Math.Sqrt(2.0 / fan);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(scale * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble()));
        }
        return Constant(shape, DataType.DtFloat, System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values));
    }

    private Node Fill(float value, int count)
    {
        var values = new float[count];
        Array.Fill(values, value);
        return Constant([count], DataType.DtFloat, System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values));
    }

    private Node Integers(params int[] values) => Constant([values.Length], DataType.DtInt32, System.Runtime.InteropServices.MemoryMarshal.AsBytes<int>(values));

    private Node Constant(int[] shape, DataType type, ReadOnlySpan<byte> bytes)
    {
        var tensor = new TensorProto { Dtype = type, TensorShape = new TensorShapeProto(), TensorContent = ByteString.CopyFrom(bytes) };
        tensor.TensorShape.Dim.AddRange(shape.Select(d => new TensorShapeProto.Types.Dim { Size = d }));
        return Add("Const", shape, [], ("dtype", Type(type)), ("value", new AttrValue { Tensor = tensor }));
    }

    private Node Add(string op, int[] shape, Node[] inputs, params (string Name, AttrValue Value)[] attributes)
    {
        var node = new NodeDef { Name = $"{op.ToLowerInvariant()}_{_graph.Node.Count}", Op = op };
        node.Input.AddRange(inputs.Select(i => i.Name));
        foreach ((string name, AttrValue value) in attributes)
        {
            node.Attr.Add(name, value);
        }
        _graph.Node.Add(node);
        return new Node(node.Name, shape);
    }
}
