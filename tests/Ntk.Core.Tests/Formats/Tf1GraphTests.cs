using Ntk.Core.Formats;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using Xunit;
using static Ntk.Core.Tests.Formats.GraphFixtures;

namespace Ntk.Core.Tests.Formats;

/// <summary>Frozen graphs of TensorFlow 1 with placeholders beside the data, and loops over sequences' lengths, against TensorFlow's own gradients.</summary>
public sealed class Tf1GraphTests
{
    private const string File = "tf1.zip", Input = "in_", Fed = "feed_";

    /// <summary>Every case by name.</summary>
    public static TheoryData<string> Cases => new(CasesOf(File));

    [Theory]
    [MemberData(nameof(Cases))]
    public void OutputAndKernelAreTensorFlows(string name)
    {
        using var fixtures = new GraphFixtures();
        string folder = fixtures.Unpack(File, name);
        using var data = new NpzFile(Path.Combine(folder, "data.npz"));
        Dictionary<string, NtkTensor> Named(string prefix) => data.Names.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(n => n[prefix.Length..], n => data.Read(n));
        NtkModel model = ModelImporter.Import(Path.Combine(folder, "graph.pb"), new ImportOptions { OutputTensors = ["y_out"], Feeds = Named(Fed) });
        NtkTensor indices = data.Read("index");
        int[][] index = Enumerable.Range(0, indices.Shape[0]).Select(i => Enumerable.Range(0, indices.Shape[1]).Select(j => Convert.ToInt32(indices.ElementAt((i * indices.Shape[1]) + j), null)).ToArray()).ToArray();
        foreach (NtkPrecision precision in new[] { NtkPrecision.Single, NtkPrecision.Double })
        {
            IReadOnlyList<NtkTensor> x = InputBinding.ByName(Named(Input), model.Inputs, "-X1", precision);
            AssertClose(data.Read("y"), NtkEngine.Run(model, x, new RunOptions { Precision = precision })[0], precision == NtkPrecision.Double ? 1e-9 : 1e-5);
            var options = new KernelOptions { Precision = precision, TraceAxes = [], OutputIndex = index };
            AssertClose(data.Read("k"), NtkEngine.EmpiricalNtk(model, x, null, options)[0], precision == NtkPrecision.Double ? 1e-9 : 1e-4);
        }
    }
}
