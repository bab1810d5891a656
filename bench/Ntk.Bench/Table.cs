using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Ntk.Core;
using Ntk.Core.Kernels;

namespace Ntk.Bench;

/// <summary>The table of all works, each in a process of its own.</summary>
internal static class Table
{
    public static void Print(IReadOnlyList<Work> works)
    {
        Ntk.Core.Tensors.TorchRuntime.Initialize();
        double peak = Machine.MatrixProductPeak(), convolution = Machine.ConvolutionPeak();
        Console.WriteLine($"float32 peak, measured: {peak:F0} GFLOP/s in matrix products (MKL), {convolution:F0} in convolutions (oneDNN), {TorchSharp.torch.get_num_threads()} threads");
        Console.WriteLine();
        Console.WriteLine("| work | examples | cold s | first s | steady s | least s | GFLOP | GFLOP/s | of peak | processor s | peak MB |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (Work work in works)
        {
            Measurement measured = InOwnProcess(work);
            double flops = Flops(work), speed = flops / measured.Least / 1e9;
            string examples = work.N2 == 0 ? $"{work.N1}" : $"{work.N1} x {work.N2}";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {work.Name}{(work.TraceAxes.Length == 0 ? ", full" : "")} | {examples} | {Cold(work):F2} | {measured.First:F2} | {measured.Median:F4} | {measured.Least:F4} | {flops / 1e9:F2} | {speed:F0} | {speed / Math.Max(peak, convolution):P0} | {measured.Processor:F4} | {measured.Megabytes:F0} |"));
        }
    }

    /// <summary>Counted operations of a work.</summary>
    public static double Flops(Work work)
    {
        NtkModel model = NtkEngine.Import(Measurement.ModelFile(work));
        using NtkTensor x1 = Measurement.Examples(model, work.N1, 1);
        using NtkTensor? x2 = work.N2 == 0 ? null : Measurement.Examples(model, work.N2, 2);
        return NtkEngine.Plan(model, [x1], x2 is null ? null : [x2], new KernelOptions { TraceAxes = work.TraceAxes })[0].Flops;
    }

    private static Measurement InOwnProcess(Work work) =>
        JsonSerializer.Deserialize<Measurement>(Output(Environment.ProcessPath!, [Environment.GetCommandLineArgs()[0], "run", .. work.Words]))!;

    // In a running shell, from Import-Module to the first kernel.
    private static double Cold(Work work)
    {
        string root = Measurement.Repository(), shell = Path.Combine(root, "out", "shell", "NtkPs.Shell.dll");
        if (!File.Exists(shell))
        {
            return double.NaN;
        }
        string text = Output("dotnet", [shell, "-File", Path.Combine(root, "bench", "cold.ps1"), Measurement.ModelFile(work), $"{work.N1}", $"{work.N2}", string.Join(",", work.TraceAxes)]);
        return double.Parse(text, CultureInfo.InvariantCulture);
    }

    private static string Output(string program, string[] arguments)
    {
        // `dotnet run` starts the program itself, `dotnet Ntk.Bench.dll` the host.
        bool isHost = Path.GetFileNameWithoutExtension(program) == "dotnet";
        var start = new ProcessStartInfo(program, isHost ? arguments : arguments[1..]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string text = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return process.ExitCode == 0 && text.Length > 0 ? text.Split('\n')[^1] : throw new InvalidOperationException($"{program} {string.Join(" ", arguments)} failed");
    }
}
