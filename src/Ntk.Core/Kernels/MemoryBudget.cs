namespace Ntk.Core.Kernels;

/// <summary>How much memory a computation may take.</summary>
internal static class MemoryBudget
{
    /// <summary>The limit the user gave, or half of what is free.</summary>
    public static long Resolve(long? limit) => limit ?? Math.Max(1L << 28, Free() / 2);

    private static long Free()
    {
        try
        {
            foreach (string line in File.ReadLines("/proc/meminfo"))
            {
                if (line.StartsWith("MemAvailable:", StringComparison.Ordinal))
                {
                    return long.Parse(line.AsSpan(13).Trim().ToString().Split(' ')[0]) * 1024;
                }
            }
        }
        catch (IOException)
        {
            // No such file: not Linux.
        }
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        return info.TotalAvailableMemoryBytes - info.MemoryLoadBytes;
    }
}
