using System.Reflection;
using System.Runtime.Loader;

namespace NtkPs;

/// <summary>Where the core and its dependencies live: another module's Protobuf or Skia never meets ours.</summary>
internal sealed class NtkLoadContext(string folder) : AssemblyLoadContext("Ntk")
{
    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        // What is not in the folder (the runtime, PowerShell, Ntk.Types) is the default context's.
        string path = Path.Combine(folder, assemblyName.Name + ".dll");
        return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }

    /// <inheritdoc/>
    protected override nint LoadUnmanagedDll(string unmanagedDllName)
    {
        foreach (string name in (string[])[unmanagedDllName, $"{unmanagedDllName}.so", $"{unmanagedDllName}.dylib", $"lib{unmanagedDllName}.so", $"{unmanagedDllName}.dll", $"lib{unmanagedDllName}.dylib"])
        {
            string path = Path.Combine(folder, name);
            if (File.Exists(path))
            {
                return LoadUnmanagedDllFromPath(path);
            }
        }
        return 0;
    }
}
