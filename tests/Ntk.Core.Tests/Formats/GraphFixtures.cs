using System.IO.Compression;
using Google.Protobuf;
using Ntk.Core.Formats.Protos;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using Xunit;

namespace Ntk.Core.Tests.Formats;

/// <summary>Models that TensorFlow wrote, and a folder for those that a test writes.</summary>
internal sealed class GraphFixtures : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ntk-");

    /// <summary>The path of something in tests/fixtures/graphs.</summary>
    public static string PathOf(string name) => Repository.Fixture("graphs", name);

    /// <summary>A path in a folder of the test's own.</summary>
    public string New(string name) => Path.Combine(_folder.FullName, name);

    /// <summary>A copy of a fixture that a test may damage.</summary>
    public string Copy(string name)
    {
        string from = PathOf(name), to = New(name);
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return to;
    }

    /// <summary>The names of the cases in a zip file of fixtures.</summary>
    public static IEnumerable<string> CasesOf(string file)
    {
        using ZipArchive zip = ZipFile.OpenRead(PathOf(file));
        return zip.Entries.Select(e => e.FullName.Split('/')[0]).Distinct().ToArray();
    }

    /// <summary>One case of a zip file as a folder.</summary>
    public string Unpack(string file, string name)
    {
        using ZipArchive zip = ZipFile.OpenRead(PathOf(file));
        foreach (ZipArchiveEntry entry in zip.Entries.Where(e => e.FullName.StartsWith(name + "/", StringComparison.Ordinal)))
        {
            Directory.CreateDirectory(New(name));
            entry.ExtractToFile(New(entry.FullName));
        }
        return New(name);
    }

    /// <summary>A frozen graph as a file.</summary>
    public string Write(GraphDef graph, string name = "graph.pb")
    {
        // As today's TensorFlow writes it, unless the test says otherwise.
        graph.Versions ??= new VersionDef { Producer = 1645 };
        File.WriteAllBytes(New(name), graph.ToByteArray());
        return New(name);
    }

    /// <summary>A node; attributes come as values of their kinds.</summary>
    public static NodeDef Node(string name, string op, string[] inputs, params (string Name, object Value)[] attributes)
    {
        var node = new NodeDef { Name = name, Op = op };
        node.Input.AddRange(inputs);
        foreach ((string key, object value) in attributes)
        {
            node.Attr[key] = value switch
            {
                DataType type => new AttrValue { Type = type },
                string text => new AttrValue { S = ByteString.CopyFromUtf8(text) },
                long number => new AttrValue { I = number },
                float number => new AttrValue { F = number },
                bool flag => new AttrValue { B = flag },
                TensorShapeProto shape => new AttrValue { Shape = shape },
                TensorProto tensor => new AttrValue { Tensor = tensor },
                long[] list => new AttrValue { List = new AttrValue.Types.ListValue { I = { list } } },
                _ => throw new ArgumentException(key),
            };
        }
        return node;
    }

    /// <summary>A constant node of float32 or int32 elements; trailing repetitions may be left out.</summary>
    public static NodeDef Constant(string name, long[] shape, params float[] values)
    {
        var tensor = new TensorProto { Dtype = DataType.DtFloat, TensorShape = new TensorShapeProto { Dim = { shape.Select(d => new TensorShapeProto.Types.Dim { Size = d }) } } };
        tensor.FloatVal.AddRange(values);
        return Node(name, "Const", [], ("value", tensor), ("dtype", DataType.DtFloat));
    }

    /// <summary>A placeholder of float32.</summary>
    public static NodeDef Placeholder(string name) => Node(name, "Placeholder", [], ("dtype", DataType.DtFloat));

    /// <summary>A tensor of float32.</summary>
    public static unsafe NtkTensor Tensor(int[] shape, Func<long, float> value)
    {
        NtkTensor tensor = NtkTensor.Allocate(NtkDType.Float32, shape);
        for (long i = 0; i < tensor.Count; i++)
        {
            ((float*)tensor.Pointer)[i] = value(i);
        }
        return tensor;
    }

    /// <summary>The elements as doubles.</summary>
    public static unsafe double[] Elements(NtkTensor tensor)
    {
        var values = new double[tensor.Count];
        for (long i = 0; i < values.Length; i++)
        {
            values[i] = tensor.DType == NtkDType.Float32 ? ((float*)tensor.Pointer)[i] : ((double*)tensor.Pointer)[i];
        }
        GC.KeepAlive(tensor);
        return values;
    }

    /// <summary>Asserts equal shapes, and elements within a share of the largest.</summary>
    public static void AssertClose(NtkTensor expected, NtkTensor actual, double tolerance)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        double[] want = Elements(expected), have = Elements(actual);
        double scale = want.Length == 0 ? 0 : want.Max(Math.Abs);
        for (int i = 0; i < want.Length; i++)
        {
            Assert.True(Math.Abs(have[i] - want[i]) <= tolerance * Math.Max(scale, 1e-30), $"element {i} is {have[i]}, expected {want[i]}");
        }
    }

    /// <summary>Asserts that a model gives the output and the kernel of a data.npz.</summary>
    public static void AssertAgrees(NtkModel model, string data, NtkPrecision precision)
    {
        using var file = new NpzFile(data);
        NtkTensor x = file.Read("x");
        var parameters = new Dictionary<string, NtkTensor>();
        if (file.Names.Contains("params"))
        {
            parameters["params"] = file.Read("params");
        }
        AssertClose(file.Read("y"), NtkEngine.Run(model, [x], new RunOptions { Precision = precision, Parameters = parameters })[0], 1e-5);
        NtkTensor[]? x2 = file.Names.Contains("x2") ? [file.Read("x2")] : null;
        NtkTensor kernel = NtkEngine.EmpiricalNtk(model, [x], x2, new KernelOptions { Precision = precision, Parameters = parameters })[0];
        AssertClose(file.Read("k"), kernel, precision == NtkPrecision.Double ? 1e-6 : 1e-4);
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Delete(recursive: true);
}
