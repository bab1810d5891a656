using Ntk.Core.Formats;
using Ntk.Core.Kernels;
using Ntk.Core.Tests.Formats;
using Xunit;

namespace Ntk.Core.Tests.TensorFlow;

/// <summary>Each op, with its options, against TensorFlow: the output and the kernel, which holds its derivative.</summary>
public sealed class OpFixtureTests
{
    /// <summary>Every case, by the file that it is in and its name.</summary>
    public static TheoryData<string, string> Cases => new(new[] { "ops.zip", "options.zip" }.SelectMany(f => GraphFixtures.CasesOf(f).Select(c => (f, c))));

    [Theory]
    [MemberData(nameof(Cases))]
    public void OutputAndKernelAreTensorFlows(string file, string name)
    {
        using var fixtures = new GraphFixtures();
        string folder = fixtures.Unpack(file, name);
        NtkModel model = ModelImporter.Import(folder, new ImportOptions { ParameterInputs = ["params"] });
        GraphFixtures.AssertAgrees(model, Path.Combine(folder, "data.npz"), NtkPrecision.Single);
        GraphFixtures.AssertAgrees(model, Path.Combine(folder, "data.npz"), NtkPrecision.Double);
    }
}
