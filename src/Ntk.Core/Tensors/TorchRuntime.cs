using System.Runtime.InteropServices;
using TorchSharp;

namespace Ntk.Core.Tensors;

/// <summary>Loads libtorch, once a process, from beside TorchSharp.dll.</summary>
public static class TorchRuntime
{
    private static readonly object Gate = new();
    private static volatile bool _ready;

    /// <summary>Makes the process ready for tensor operations; cheap when it already is. Call it before anything else of TorchSharp's.</summary>
    /// <exception cref="NtkException">The native libraries are missing or do not load on this machine.</exception>
    public static void Initialize()
    {
        if (_ready)
        {
            return;
        }
        lock (Gate)
        {
            if (_ready)
            {
                return;
            }
            SpinBriefly();
            ShareOneArena();
            KeepFreedMemory(true);
            Load(Path.GetDirectoryName(typeof(torch).Assembly.Location) is { Length: > 0 } folder ? folder : AppContext.BaseDirectory);
            torch.InitializeDeviceType(DeviceType.CPU);
            _ready = true;
        }
    }

    /// <summary>
    /// OpenMP's idle threads spin for a moment before they sleep. Spinning long takes time from managed threads; not spinning at all makes every operation wait for
    /// its threads to wake, which costs a third of a matrix product's speed (measured; docs/performance.md). libgomp reads the variable when it is loaded, from
    /// the C library's environment, which .NET's own setter does not reach on Unix. What the user set stays.
    /// </summary>
    private static void SpinBriefly()
    {
        const string spins = "GOMP_SPINCOUNT";
        if (!OperatingSystem.IsWindows() && Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is null)
        {
            _ = SetEnvironment(spins, "10000", overwrite: 0);
        }
    }

    /// <summary>
    /// Whether glibc keeps blocks that are freed. By itself it gives large ones back to the system at once, and the next pass pays for each of their pages again: up to
    /// half of a kernel's time. Kept, they are cut up, and a process takes up to three times what it holds: not where a memory limit is near. Elsewhere than on glibc
    /// there is no such function, and no such need.
    /// </summary>
    internal static void KeepFreedMemory(bool keep)
    {
        const int TrimThreshold = -1, MapThreshold = -3;
        if (!OperatingSystem.IsLinux())
        {
            return;
        }
        try
        {
            _ = SetAllocation(MapThreshold, keep ? 32 << 20 : 128 << 10);
            _ = SetAllocation(TrimThreshold, keep ? 256 << 20 : 128 << 10);
            if (!keep)
            {
                _ = Trim(0);
            }
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library.
        }
    }

    // One arena for all threads, as the others cannot hold large blocks.
    private static void ShareOneArena()
    {
        const int ArenaMax = -8;
        try
        {
            _ = OperatingSystem.IsLinux() ? SetAllocation(ArenaMax, 1) : 0;
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library.
        }
    }

    /// <summary>
    /// Loads the binding by its path first: left to itself, TorchSharp answers a library that is missing or does not load by
    /// copying half a gigabyte out of the package folder, and then names the wrong cause.
    /// </summary>
    private static void Load(string folder)
    {
        string file = OperatingSystem.IsWindows() ? "LibTorchSharp.dll" : OperatingSystem.IsMacOS() ? "libLibTorchSharp.dylib" : "libLibTorchSharp.so";
        string path = Path.Combine(folder, file);
        if (!File.Exists(path))
        {
            throw new NtkException(NtkErrorId.EngineNotLoaded,
                $"The compute engine's library '{path}' does not exist. This build of Ntk is not for {RuntimeInformation.RuntimeIdentifier}, or it is incomplete: build it on this machine (dotnet build Ntk.sln -c Release) or install the module again.")
            { Target = path };
        }
        try
        {
            NativeLibrary.Load(path, typeof(torch).Assembly, DllImportSearchPath.UseDllDirectoryForDependencies);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new NtkException(NtkErrorId.EngineNotLoaded, $"The compute engine's library '{path}' does not load on this machine: {e.Message.Trim()}", e) { Target = path };
        }
    }

    [DllImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetAllocation(int parameter, int value);

    [DllImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Trim(nuint pad);

    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetEnvironment(string name, string value, int overwrite);
}
