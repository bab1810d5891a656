using System.Globalization;
using System.Runtime.InteropServices;
using Ntk.Core.Tensors;
using TorchSharp;
using Xunit;

namespace Ntk.Core.Tests.Tensors;

public class TorchRuntimeTests
{
    [Fact]
    public void Computes_a_matrix_product()
    {
        TorchRuntime.Initialize();
        TorchRuntime.Initialize();

        using torch.Tensor a = torch.tensor(new float[,] { { 1, 2 }, { 3, 4 } });
        using torch.Tensor product = a.mm(a);

        Assert.Equal([7f, 10f, 15f, 22f], product.data<float>().ToArray());
    }

    [Fact]
    public void TorchSharp_copies_no_second_set_of_natives()
    {
        TorchRuntime.Initialize();

        Assert.False(Directory.Exists(Path.Combine(AppContext.BaseDirectory, "cpu")));
    }

    [Fact]
    public void Idle_threads_of_OpenMP_spin_for_a_moment_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "libgomp is the OpenMP of Unix.");
        Assert.SkipWhen(Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is not null, "The user's own policy stays.");
        TorchRuntime.Initialize();

        // .NET keeps an environment of its own on Unix; libgomp reads the C library's.
        Assert.InRange(int.Parse(Marshal.PtrToStringUTF8(GetEnvironment("GOMP_SPINCOUNT"))!, CultureInfo.InvariantCulture), 1, 1_000_000);
    }

    [DllImport("libc", EntryPoint = "getenv", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr GetEnvironment(string name);
}
