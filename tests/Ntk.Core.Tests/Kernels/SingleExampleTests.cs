using Ntk.Core.Formats;
using Ntk.Core.Formats.Protos;
using Ntk.Core.Kernels;
using Ntk.Core.Tests.Formats;
using Xunit;
using static Ntk.Core.Tests.Formats.GraphFixtures;

namespace Ntk.Core.Tests.Kernels;

/// <summary>Models made for one example at a time: several are the results of each.</summary>
public sealed class SingleExampleTests : IDisposable
{
    private readonly GraphFixtures _fixtures = new();

    public void Dispose() => _fixtures.Dispose();

    // By the input's shape with a mixture of what should be one example; by a shape inside.
    [Theory]
    [InlineData(1, "Mean")]
    [InlineData(1, "Reshape")]
    [InlineData(-1, "Reshape")]
    public void SeveralExamplesAreTheResultsOfEach(int batch, string op)
    {
        NtkModel model = NtkEngine.Import(Graph(batch, op));
        NtkTensor x = Tensor([3, 2], i => (float)Math.Sin(i + 1));
        NtkTensor Row(int i) => x.Slice(i, 1);
        NtkTensor y = NtkEngine.Run(model, [x], new RunOptions())[0];
        NtkTensor k = NtkEngine.EmpiricalNtk(model, [x], null, new KernelOptions())[0], both = NtkEngine.EmpiricalNtk(model, [x], [x.Slice(1, 2)], new KernelOptions())[0];
        NtkTensor products = NtkEngine.EmpiricalNtk(model, [x], null, new KernelOptions { Implementation = NtkImplementation.NtkVectorProducts })[0];
        Assert.Equal([3, 3], k.Shape);
        Assert.Equal([3, 2], both.Shape);
        AssertClose(k, products, 1e-5);
        for (int i = 0; i < 3; i++)
        {
            AssertClose(NtkEngine.Run(model, [Row(i)], new RunOptions())[0], y.Slice(i, 1), 1e-6);
            for (int j = 0; j < 3; j++)
            {
                double one = Elements(NtkEngine.EmpiricalNtk(model, [Row(i)], [Row(j)], new KernelOptions())[0])[0];
                Assert.Equal(one, Elements(k)[(3 * i) + j], 1e-5);
                if (j > 0)
                {
                    Assert.Equal(one, Elements(both)[(2 * i) + j - 1], 1e-5);
                }
            }
        }
    }

    [Fact]
    public void AnOutputWithoutAnAxisOfExamplesIsRefused()
    {
        NtkModel model = NtkEngine.Import(Graph(1, "Flat"));
        NtkException error = Assert.Throws<NtkException>(() => NtkEngine.Run(model, [Tensor([3, 2], i => i)], new RunOptions()));
        Assert.Equal(NtkErrorId.ShapeMismatch, error.ErrorId);
        Assert.Contains("one example at a time", error.Message, StringComparison.Ordinal);
    }

    private string Graph(int batch, string op)
    {
        NodeDef x = Placeholder("x");
        x.Attr["shape"] = new AttrValue { Shape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dim { Size = batch }, new TensorShapeProto.Types.Dim { Size = 2 } } } };
        NodeDef[] tail = op switch
        {
            "Mean" => [Whole("axis", 0), Node("mean", "Mean", ["tanh", "axis"], ("keep_dims", true)), Node("y", "AddV2", ["tanh", "mean"])],
            "Reshape" => [Whole("shape", 1, 4), Node("y", "Reshape", ["tanh", "shape"])],
            _ => [Whole("shape", 4), Node("y", "Reshape", ["tanh", "shape"])],
        };
        return _fixtures.Write(new GraphDef { Node = { x, Constant("w", [2, 4], 0.3f, -0.7f, 0.2f, 0.9f, 0.4f, 0.1f, -0.5f, 0.8f), Node("product", "MatMul", ["x", "w"]), Node("tanh", "Tanh", ["product"]), tail } });
    }

    private static NodeDef Whole(string name, params int[] values)
    {
        var tensor = new TensorProto { Dtype = DataType.DtInt32, TensorShape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dim { Size = values.Length } } }, IntVal = { values } };
        return Node(name, "Const", [], ("value", tensor), ("dtype", DataType.DtInt32));
    }
}
