using Ntk.Core.Formats;
using Ntk.Core.Formats.Protos;
using Xunit;

namespace Ntk.Core.Tests.Formats;

/// <summary>Protocol buffers in text form: the syntax that writers use and the one that people write by hand.</summary>
public sealed class TextProtosTests
{
    [Fact]
    public void ReadsFieldsMapsAndRepeatedValues()
    {
        GraphDef graph = TextProtos.Parse<GraphDef>("""
            # a graph
            node {
              name: "w"  op: 'Const';
              attr { key: "dtype" value { type: DT_FLOAT } }
              attr: < key: 'value'
                value: < tensor { dtype: DT_FLOAT tensor_shape { dim { size: 2 } dim { size: -1 } }, float_val: [1.5, -2e-3, inf, 3f] float_val: -4 } > >
            }
            node { name: "sum" "_2" op: "AddV2" input: ["w", "^w"] }
            versions { producer: 27 }
            """);
        Assert.Equal(["w", "sum_2"], graph.Node.Select(n => n.Name));
        Assert.Equal(["w", "^w"], graph.Node[1].Input);
        Assert.Equal(DataType.DtFloat, graph.Node[0].Attr["dtype"].Type);
        TensorProto tensor = graph.Node[0].Attr["value"].Tensor;
        Assert.Equal([1.5f, -0.002f, float.PositiveInfinity, 3f, -4f], tensor.FloatVal);
        Assert.Equal([2, -1], tensor.TensorShape.Dim.Select(d => d.Size));
    }

    [Fact]
    public void ReadsBytesWithEscapes()
    {
        TensorProto tensor = TextProtos.Parse<TensorProto>("""tensor_content: "\000\177\200\377A\"\n\x1fé\\" int_val: 0x10 int_val: 010 int_val: -0""");
        Assert.Equal([0, 0x7f, 0x80, 0xff, (byte)'A', (byte)'"', (byte)'\n', 0x1f, 0xc3, 0xa9, (byte)'\\'], tensor.TensorContent.ToByteArray());
        Assert.Equal([16, 8, 0], tensor.IntVal);
    }

    [Fact]
    public void PassesOverWhatItDoesNotKnow()
    {
        NodeDef node = TextProtos.Parse<NodeDef>("""unknown { deep < a: [1, 2] b: "}" [type.googleapis.com/x.Y] { c: 1 } > } other: FANCY more: [ { a: 1 }, { b: 2 } ] name: "n" """);
        Assert.Equal("n", node.Name);
    }

    [Fact]
    public void ReferenceTypesAreNumberedAsTensorFlowNumbersThem() => Assert.Equal(101, (int)TextProtos.Parse<AttrValue>("type: DT_FLOAT_REF").Type);

    [Theory]
    [InlineData("node {\n  name: \"a\"\n", "line 3: the text ends in the middle of a message")]
    [InlineData("node {\n  name \"a\" }", "line 2: after 'name' comes neither a value nor a message")]
    [InlineData("node { attr { key: \"a\" value { type:\n\n DT_FANCY } } }", "line 3: 'DT_FANCY' is not known")]
    [InlineData("node { name: \"a }", "line 1: a text does not end")]
    [InlineData("node { attr { key: \"a\" value { i: 1.5 } } }", "line 1: '1.5' is no value of 'i'")]
    [InlineData("\n}", "line 2: '}' is out of place")]
    [InlineData("%PDF-1.4", "line 1: '%' is out of place")]
    public void SaysInWhichLineItStops(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => TextProtos.Parse<GraphDef>(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void DeepNestingIsRefused() =>
        Assert.Contains("too deep", Assert.Throws<InvalidDataException>(() => TextProtos.Parse<GraphDef>(string.Concat(Enumerable.Repeat("a {", 100_000)))).Message, StringComparison.Ordinal);
}
