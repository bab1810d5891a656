using System.Globalization;

namespace Ntk.Bench;

/// <summary>How time grows with one size, the others held: the exponent of the least-squares line through the logarithms.</summary>
internal static class Sweep
{
    private static readonly (string Name, int[] Sizes, Func<int, Work> Make)[] Sweeps =
    [
        ("examples", [200, 400, 800, 1600, 3200], n => new Work($"{n}", "fcn:784-512-512-10", n, 0, [-1])),
        ("width", [256, 512, 1024, 2048, 4096], w => new Work($"{w}", $"fcn:256-{w}-{w}-{w}-32", 16, 16, [-1])),
        ("outputs", [10, 30, 100, 300, 1000], o => new Work($"{o}", $"fcn:256-512-512-{o}", 8, 8, [-1])),
        ("depth", [2, 4, 8, 16, 32], d => new Work($"{d}", $"fcn:256-{string.Join("-", Enumerable.Repeat("512", d))}-10", 20, 20, [-1])),
        ("channels", [8, 16, 32, 64, 128], c => new Work($"{c}", $"conv:16,16,3-{c}-{c}-flat-10", 16, 16, [-1])),
    ];

    public static void Print(string[] names)
    {
        Ntk.Core.Tensors.TorchRuntime.Initialize();
        foreach ((string name, int[] sizes, Func<int, Work> make) in Sweeps.Where(s => names.Length == 0 || names.Contains(s.Name)))
        {
            Console.WriteLine($"{name}: {make(sizes[0]).Model}, {make(sizes[0]).N1} x {make(sizes[0]).N2}");
            var points = new List<(double Size, double Seconds, double Flops)>();
            foreach (int size in sizes)
            {
                Work work = make(size);
                points.Add((size, Measurement.Of(work).Least, Table.Flops(work)));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {size,6} {points[^1].Seconds,10:F4} s {points[^1].Flops / 1e9,10:F2} GFLOP"));
            }
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  exponent of the last three: time {Exponent(points.Select(p => (p.Size, p.Seconds))):F2}, counted operations {Exponent(points.Select(p => (p.Size, p.Flops))):F2}"));
        }
    }

    private static double Exponent(IEnumerable<(double Size, double Value)> points)
    {
        (double X, double Y)[] logs = points.TakeLast(3).Select(p => (Math.Log(p.Size), Math.Log(p.Value))).ToArray();
        double x = logs.Average(p => p.X), y = logs.Average(p => p.Y);
        return logs.Sum(p => (p.X - x) * (p.Y - y)) / logs.Sum(p => (p.X - x) * (p.X - x));
    }
}
