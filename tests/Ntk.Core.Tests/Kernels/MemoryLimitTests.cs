using System.Globalization;
using Xunit;

namespace Ntk.Core.Tests.Kernels;

/// <summary>What a process takes while it computes within -MemoryLimit, as Linux counts it.</summary>
public sealed class MemoryLimitTests
{
    [Theory]
    [InlineData(100, 300)]
    [InlineData(200, 500)]
    public async Task APeakStaysWithinTheLimit(int megabytes, int examples)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The peak of a process is read from /proc.");
        // The first kernel loads and compiles what every kernel needs; from then on the peak is counted anew.
        string script = $$"""
            $model = Import-NtkModel samples/digits/untrained.keras
            $images = Import-NtkTensor samples/digits/data.npz/x_train
            $null = Invoke-EmpiricalNtk $model $images.Slice(0, 32)
            function status($name) { foreach ($line in [IO.File]::ReadAllLines('/proc/self/status')) { if ($line -match "^${name}:\s+(\d+)") { [double]$Matches[1] / 1024 } } }
            [IO.File]::WriteAllText('/proc/self/clear_refs', '5')
            $before = status VmRSS
            $kernel = Invoke-EmpiricalNtk $model $images.Slice(0, {{examples}}) $images.Slice(500, 100) -MemoryLimit {{megabytes}}MB
            (status VmHWM) - $before
            """;

        (int exitCode, string output, string error) = await ShellProcess.RunAsync(["-Command", script]);

        Assert.True(exitCode == 0 && error.Length == 0, error);
        double peak = double.Parse(output, CultureInfo.InvariantCulture);
        Assert.InRange(peak, 10, 1.2 * megabytes);
    }
}
