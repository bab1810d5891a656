using System.IO.Compression;
using Ntk.Core.Formats;
using Ntk.Core.Kernels;
using Ntk.Core.Tests.Formats;
using Xunit;

namespace Ntk.Core.Tests.TensorFlow;

/// <summary>Each op, with its options, against TensorFlow: the output and the kernel, which holds its derivative.</summary>
public sealed class OpFixtureTests
{
    public static TheoryData<string> Cases
    {
        get
        {
            using ZipArchive zip = ZipFile.OpenRead(GraphFixtures.PathOf("ops.zip"));
            return new(zip.Entries.Select(e => e.FullName.Split('/')[0]).Distinct());
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void OutputAndKernelAreTensorFlows(string name)
    {
        using var fixtures = new GraphFixtures();
        string folder = fixtures.Unpack(name);
        NtkModel model = ModelImporter.Import(folder, new ImportOptions { ParameterInputs = ["params"] });
        GraphFixtures.AssertAgrees(model, Path.Combine(folder, "data.npz"), NtkPrecision.Single);
        GraphFixtures.AssertAgrees(model, Path.Combine(folder, "data.npz"), NtkPrecision.Double);
    }
}
