using System.Diagnostics;
using System.Globalization;
using static TorchSharp.torch;

namespace Ntk.Bench;

/// <summary>What the machine can do, and what the process takes of it.</summary>
internal static class Machine
{
    /// <summary>GFLOP/s of torch's single-precision matrix product, the best of several sizes and runs: the peak that shares are of.</summary>
    public static double MatrixProductPeak()
    {
        using var _ = no_grad();
        double best = 0;
        foreach (long size in new long[] { 1024, 1536, 2048 })
        {
            using Tensor a = randn(size, size), b = randn(size, size), c = empty(size, size);
            for (int i = 0; i < 6; i++)
            {
                long start = Stopwatch.GetTimestamp();
                using Tensor product = a.mm(b);
                best = Math.Max(best, 2.0 * size * size * size / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
            }
        }
        return best;
    }

    /// <summary>GFLOP/s of torch's single-precision convolution, channels last, 3 x 3 over 64 channels.</summary>
    public static double ConvolutionPeak()
    {
        using var _ = no_grad();
        double best = 0;
        using Tensor last = randn([32, 34, 34, 64]), x = last.permute(0, 3, 1, 2), weight = randn([64, 64, 3, 3]);
        for (int i = 0; i < 12; i++)
        {
            long start = Stopwatch.GetTimestamp();
            using Tensor y = nn.functional.conv2d(x, weight);
            best = Math.Max(best, 2.0 * 32 * 32 * 32 * 64 * 64 * 9 / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9);
        }
        return best;
    }

    /// <summary>Megabytes resident now and at most so far, as Linux counts them; NaN elsewhere.</summary>
    public static (double Now, double Peak) ResidentMegabytes()
    {
        if (!File.Exists("/proc/self/status"))
        {
            return (double.NaN, double.NaN);
        }
        string[] lines = File.ReadAllLines("/proc/self/status");
        double Of(string name) => double.Parse(lines.First(l => l.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        return (Of("VmRSS:"), Of("VmHWM:"));
    }
}
