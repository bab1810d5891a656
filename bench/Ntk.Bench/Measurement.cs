using System.Diagnostics;
using Ntk.Core;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using static TorchSharp.torch;

namespace Ntk.Bench;

/// <summary>What one work took in a process of its own.</summary>
/// <param name="First">Seconds from the file to the first kernel.</param>
/// <param name="Median">The median of later kernels' seconds.</param>
/// <param name="Least">The least of them.</param>
/// <param name="Processor">Processor seconds of a later kernel, of all threads: what a busy machine disturbs least.</param>
/// <param name="Megabytes">Peak resident memory above that of a process that has run one torch operation.</param>
internal sealed record Measurement(double First, double Median, double Least, double Processor, double Megabytes)
{
    private const double MostSeconds = 5;

    /// <summary>Measures a work, and each part of some later kernels, as many as there are meters and time.</summary>
    public static Measurement Of(Work work, params IReadOnlyList<WorkMeter> meters)
    {
        TorchRuntime.Initialize();
        using (Tensor one = ones(1))
        using (Tensor two = one + one)
        {
        }
        string path = ModelFile(work);
        double before = Machine.ResidentMegabytes().Now;
        string? file = work.ToFile ? Path.Combine(Path.GetTempPath(), $"ntk-bench-{Environment.ProcessId}.npy") : null;
        try
        {
            long start = Stopwatch.GetTimestamp();
            NtkModel model = NtkEngine.Import(path);
            NtkTensor x1 = Examples(model, work.N1, 1);
            NtkTensor? x2 = work.N2 == 0 ? null : Examples(model, work.N2, 2);
            var options = new KernelOptions { TraceAxes = work.TraceAxes, OutFile = file };
            void Kernel(KernelOptions chosen)
            {
                using NtkTensor kernel = NtkEngine.EmpiricalNtk(model, [x1], x2 is null ? null : [x2], chosen)[0];
            }
            Kernel(options);
            double first = Stopwatch.GetElapsedTime(start).TotalSeconds;
            var times = new List<double>();
            TimeSpan processor = Environment.CpuUsage.TotalTime;
            for (double total = 0; times.Count < 3 || (times.Count < 25 && total < MostSeconds); total += times[^1])
            {
                start = Stopwatch.GetTimestamp();
                Kernel(options);
                times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
            double processorSeconds = (Environment.CpuUsage.TotalTime - processor).TotalSeconds / times.Count;
            double peak = Machine.ResidentMegabytes().Peak;
            start = Stopwatch.GetTimestamp();
            foreach (WorkMeter meter in meters)
            {
                Kernel(options with { Meter = meter });
                if (Stopwatch.GetElapsedTime(start).TotalSeconds > MostSeconds)
                {
                    break;
                }
            }
            return new Measurement(first, times.Order().ElementAt(times.Count / 2), times.Min(), processorSeconds, peak - before);
        }
        finally
        {
            if (file is not null)
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>The model's file: of a specification it is written on first use.</summary>
    public static string ModelFile(Work work)
    {
        if (!work.Model.Contains(':', StringComparison.Ordinal))
        {
            return Path.Combine(Repository(), work.Model);
        }
        string folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "ntk-bench")).FullName;
        string path = Path.Combine(folder, string.Concat(work.Model.Select(c => char.IsLetterOrDigit(c) ? c : '_')) + ".pb");
        if (!File.Exists(path))
        {
            string part = path + Environment.ProcessId;
            Networks.Write(work.Model, part);
            File.Move(part, path, overwrite: true);
        }
        return path;
    }

    /// <summary>The repository's root, above the folder that this program was built in.</summary>
    public static string Repository()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Ntk.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }
        return folder ?? throw new DirectoryNotFoundException("Ntk.sln is in no folder above the benchmark's.");
    }

    /// <summary>Normal examples for a model's input.</summary>
    public static NtkTensor Examples(NtkModel model, int count, ulong seed)
    {
        long[] shape = [count, .. model.Inputs[0].Shape!.Skip(1).Select(d => (long)d)];
        using Tensor values = randn(shape, ScalarType.Float32, generator: new Generator(seed));
        return TorchTensors.FromTorch(values);
    }
}
