using Ntk.Core.Kernels;

namespace Ntk.Bench;

/// <summary>Where a kernel's time goes: the median of each part.</summary>
internal static class Profile
{
    private const int Runs = 9, Most = 30;

    public static void Print(Work work)
    {
        WorkMeter[] meters = [.. Enumerable.Range(0, Runs).Select(_ => new WorkMeter())];
        Measurement measured = Measurement.Of(work, meters);
        Console.WriteLine($"{work.Name}: first {measured.First * 1e3:F0} ms, median {measured.Median * 1e3:F2} ms, least {measured.Least * 1e3:F2} ms, processor {measured.Processor * 1e3:F2} ms, {measured.Megabytes:F0} MB");
        // What the first meters waited for before their turn is none of the kernel's.
        var parts = meters.SelectMany(m => m.Measured).Where(p => p.Kind != WorkKind.Other).GroupBy(p => (p.Kind, p.Index))
            .Select(p => (p.Key, Seconds: p.Select(m => m.Seconds).Order().ElementAt(p.Count() / 2))).OrderByDescending(p => p.Seconds);
        foreach (((WorkKind kind, int index), double seconds) in parts.Take(Most))
        {
            Console.WriteLine($"  {kind,-12} {index,5} {seconds * 1e3,10:F3} ms");
        }
    }
}
