using System.Diagnostics;
using Ntk.Core;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using static TorchSharp.torch;

namespace Ntk.Bench;

/// <summary>Where the time of a product of a kernel with vectors goes.</summary>
internal static class Product
{
    /// <summary>Multiplies the kernel of N examples with themselves by V vectors.</summary>
    public static void Print(Work work, int vectors)
    {
        TorchRuntime.Initialize();
        NtkModel model = NtkEngine.Import(Measurement.ModelFile(work));
        NtkTensor x = Measurement.Examples(model, work.N1, 1);
        var meter = new WorkMeter();
        using KernelOperator kernel = NtkEngine.Operator(model, [x], null, new KernelOptions { TraceAxes = work.TraceAxes, Meter = meter, MemoryLimit = 256 << 20 });
        using Tensor right = randn([.. kernel.VectorShape, vectors], ScalarType.Float32, generator: new Generator(2));
        NtkTensor several = TorchTensors.FromTorch(right);
        using (NtkTensor first = kernel.Multiply(several))
        {
        }
        double seconds = double.MaxValue, warm = meter.Measured.Sum(m => m.Seconds);
        for (int i = 0; i < 3; i++)
        {
            long start = Stopwatch.GetTimestamp();
            using NtkTensor product = kernel.Multiply(several);
            seconds = Math.Min(seconds, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        double flops = kernel.Flops(vectors) ?? double.NaN;
        Console.WriteLine($"{work.Name}, {work.N1} x {vectors} vectors: least of three {seconds:F2} s, {flops / 1e9:F1} GFLOP counted, {flops / seconds / 1e9:F0} GFLOP/s; peak {Machine.ResidentMegabytes().Peak:F0} MB; of all four products:");
        foreach ((WorkKind kind, int index, double part) in meter.Measured.OrderByDescending(m => m.Seconds).Take(20))
        {
            Console.WriteLine($"  {kind,-12} {index,5} {part,10:F3} s");
        }
    }
}
