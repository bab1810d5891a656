using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Xunit;

namespace Ntk.Core.Tests;

/// <summary>The module loads in PowerShell 7.4, which is .NET 8: nothing that it ships may need a later one.</summary>
public class ModuleTargetTests
{
    private static readonly Version DotNet8 = new(8, 0, 0, 0);

    [Fact]
    public void No_assembly_of_the_module_needs_more_than_dotnet_8()
    {
        string module = Path.Combine(Repository.Root, "out", "Ntk");
        string[] names = ["System.Runtime", "System.Private.CoreLib", "netstandard"];
        var late = new List<string>();
        int looked = 0;
        foreach (string file in Directory.GetFiles(module, "*.dll", SearchOption.AllDirectories))
        {
            using var image = new PEReader(File.OpenRead(file));
            if (!image.HasMetadata)
            {
                continue;
            }
            MetadataReader metadata = image.GetMetadataReader();
            foreach (AssemblyReference reference in metadata.AssemblyReferences.Select(metadata.GetAssemblyReference))
            {
                string name = metadata.GetString(reference.Name);
                if (names.Contains(name))
                {
                    looked++;
                    if (reference.Version > DotNet8 && name != "netstandard")
                    {
                        late.Add($"{Path.GetFileName(file)} needs {name} {reference.Version}");
                    }
                }
            }
        }

        Assert.True(looked > 5, "Few assemblies were found.");
        Assert.Empty(late);
    }
}
