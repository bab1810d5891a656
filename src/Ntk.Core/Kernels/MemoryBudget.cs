using System.Globalization;

namespace Ntk.Core.Kernels;

/// <summary>How much memory a computation may take.</summary>
internal static class MemoryBudget
{
    /// <summary>The limit the user gave, or half of what is free.</summary>
    public static long Resolve(long? limit) => limit ?? Math.Max(1L << 28, Free() / 2);

    /// <summary>A number of bytes in the unit that suits it, of 1024 as in PowerShell's literals: <c>64 MB</c>.</summary>
    public static string Format(double bytes)
    {
        string[] units = ["bytes", "KB", "MB", "GB", "TB"];
        int unit = 0;
        while (bytes >= 1024 && unit < units.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }
        return string.Create(CultureInfo.InvariantCulture, $"{bytes:0.#} {units[unit]}");
    }

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
