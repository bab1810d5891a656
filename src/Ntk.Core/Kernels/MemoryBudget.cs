using System.Globalization;

namespace Ntk.Core.Kernels;

/// <summary>How much memory a computation may take.</summary>
internal static class MemoryBudget
{
    /// <summary>The limit the user gave, or half of what is free.</summary>
    public static long Resolve(long? limit) => limit ?? Math.Max(1L << 28, Free() / 2);

    /// <summary>Refuses what does not fit into a limit.</summary>
    /// <param name="bytes">Bytes that it takes.</param>
    /// <param name="limit">Bytes that it may take.</param>
    /// <param name="what">What takes them.</param>
    /// <param name="remedy">What to do about it.</param>
    /// <exception cref="NtkException">It does not fit.</exception>
    public static void Require(double bytes, long limit, string what, string remedy)
    {
        if (bytes > limit)
        {
            throw new NtkException(NtkErrorId.MemoryLimitTooSmall, $"{what} needs about {Format(bytes)}, more than the limit of {Format(limit)}. {remedy}");
        }
    }

    /// <summary>Refuses examples that do not go through a model together under the limit that the user gave, if any.</summary>
    /// <param name="bytes">Bytes that they take.</param>
    /// <param name="limit">Bytes that they may take; null for no limit.</param>
    /// <param name="examples">How many they are.</param>
    /// <exception cref="NtkException">They do not fit.</exception>
    public static void RequireExamples(double bytes, long? limit, long examples) => Require(bytes, limit ?? long.MaxValue,
        examples == 1 ? "One example" : $"The model, which takes these {examples} examples together,", examples == 1 ? "Raise -MemoryLimit." : "Give fewer examples, or raise -MemoryLimit.");

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
