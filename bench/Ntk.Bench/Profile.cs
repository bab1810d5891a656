using Ntk.Core.Kernels;

namespace Ntk.Bench;

/// <summary>Where a kernel's time goes.</summary>
internal static class Profile
{
    public static void Print(Work work)
    {
        var meter = new WorkMeter();
        Measurement measured = Measurement.Of(work, meter);
        Console.WriteLine($"{work.Name}: first {measured.First * 1e3:F0} ms, median {measured.Median * 1e3:F2} ms, least {measured.Least * 1e3:F2} ms, processor {measured.Processor * 1e3:F2} ms, {measured.Megabytes:F0} MB");
        foreach ((WorkKind kind, int index, double seconds) in meter.Measured.OrderByDescending(m => m.Seconds).Take(30))
        {
            Console.WriteLine($"  {kind,-12} {index,5} {seconds * 1e3,10:F3} ms");
        }
    }
}
