using System.Management.Automation;
using System.Reflection;
using System.Runtime.Loader;

namespace NtkPs;

/// <summary>Runs when the module is imported and removed: leads the default context to the core, and gives the public types their short names.</summary>
public sealed class ModuleInitializer : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    private static readonly string Folder = Path.GetDirectoryName(typeof(ModuleInitializer).Assembly.Location)!;
    private static readonly NtkLoadContext Context = new(Path.Combine(Folder, "bin"));
    private static readonly Type[] ShortNames = [typeof(Ntk.NtkTensor), typeof(Ntk.NtkTensorRow), typeof(Ntk.NtkModel), typeof(Ntk.NtkParameter)];
    private static int _imports;

    /// <inheritdoc/>
    public void OnImport()
    {
        Ntk.NtkTensor.RowFace = PSObject.AsPSObject;
        // Several runspaces of one process may import the module.
        if (Interlocked.Increment(ref _imports) == 1)
        {
            AssemblyLoadContext.Default.Resolving += Resolve;
        }
        foreach (Type type in ShortNames)
        {
            Accelerators("Add", type.Name, type);
        }
    }

    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        if (Interlocked.Decrement(ref _imports) == 0)
        {
            AssemblyLoadContext.Default.Resolving -= Resolve;
            foreach (Type type in ShortNames)
            {
                Accelerators("Remove", type.Name);
            }
        }
    }

    // The cmdlets name these two and no other: whatever else the core needs is resolved within its own context.
    private static Assembly? Resolve(AssemblyLoadContext context, AssemblyName name) => name.Name switch
    {
        "Ntk.Core" => Context.LoadFromAssemblyName(name),
        "Ntk.Types" => context.LoadFromAssemblyPath(Path.Combine(Folder, "Ntk.Types.dll")),
        _ => null,
    };

    // PowerShell's way to [NtkTensor] has no public face.
    private static void Accelerators(string method, params object[] arguments) =>
        typeof(PSObject).Assembly.GetType("System.Management.Automation.TypeAccelerators")?.GetMethod(method)?.Invoke(null, arguments);
}
