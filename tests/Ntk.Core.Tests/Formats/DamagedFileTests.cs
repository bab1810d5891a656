using Ntk.Core.Formats;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using TorchSharp;
using Xunit;

namespace Ntk.Core.Tests.Formats;

/// <summary>Files cut off and with wrong bytes: what cannot be read is an error that names the file, never another exception, a crash or a hang.</summary>
public sealed class DamagedFileTests : IDisposable
{
    private const int Cases = 48;
    private readonly string _folder = Directory.CreateTempSubdirectory("ntk-damaged").FullName;

    public static TheoryData<string, string> Files => new()
    {
        { "keras2/small_fcn/saved_model", "saved_model.pb" },
        { "keras2/small_fcn/saved_model", "variables/variables.index" },
        { "keras2/small_fcn/saved_model", "variables/variables.data-00000-of-00001" },
        { "functions/fn_while_loop/saved_model", "saved_model.pb" },
        { "keras2/frozen_graph/frozen.pb", "" },
        { "tfjs/fused", "model.json" },
        { "tfjs/sequential", "model.json" },
        { "keras2/small_fcn/model.keras", "" },
        { "keras3/small_fcn/model.keras", "" },
        { "keras2/small_fcn/model.h5", "" },
        { "tensors/f4.npy", "" },
        { "tensors/stored.npz", "" },
        { "tensors/deflated.npz", "" },
        { "tensors/savetxt.csv", "" },
    };

    public void Dispose() => Directory.Delete(_folder, true);

    [Theory]
    [MemberData(nameof(Files))]
    public void DamageIsAnErrorThatNamesTheFile(string fixture, string part)
    {
        TorchRuntime.Initialize();
        string source = Path.Combine(Repository.Fixture(), fixture), copy = Path.Combine(_folder, Path.GetFileName(source));
        Copy(source, copy);
        string victim = part.Length == 0 ? copy : Path.Combine(copy, part);
        byte[] good = File.ReadAllBytes(victim);
        var random = new Random(11);
        int refused = 0;
        for (int i = 0; i < Cases; i++)
        {
            byte[] bad = i % 3 == 0 ? good[..(good.Length * i / Cases)] : Spoil(good, random, i % 3 == 1 ? 1 : 12);
            File.WriteAllBytes(victim, bad);
            try
            {
                Read(copy);
            }
            catch (NtkException e)
            {
                refused++;
                Assert.Contains(Path.GetFileName(copy), e.Message, StringComparison.Ordinal);
                Assert.DoesNotContain("   at ", e.Message, StringComparison.Ordinal);
            }
        }
        // A wrong digit in a number goes unnoticed where a format has no checksum; an end that is missing does not.
        Assert.True(refused >= Cases / 4, $"{refused} of {Cases} were refused");
    }

    private static void Read(string path)
    {
        switch (Path.GetExtension(path))
        {
            case ".npz":
                using (var file = new NpzFile(path))
                {
                    foreach (string name in file.Names)
                    {
                        file.Read(name);
                    }
                }
                break;
            case ".npy" or ".csv":
                TensorFile.Read(path);
                break;
            default:
                foreach (NtkParameter parameter in ModelImporter.Import(path, null).Parameters)
                {
                    _ = parameter.Value;
                }
                break;
        }
    }

    private static byte[] Spoil(byte[] good, Random random, int bytes)
    {
        var bad = (byte[])good.Clone();
        for (int i = 0; i < bytes; i++)
        {
            bad[random.Next(bad.Length)] ^= (byte)(1 << random.Next(8));
        }
        return bad;
    }

    private static void Copy(string from, string to)
    {
        if (File.Exists(from))
        {
            File.Copy(from, to);
            return;
        }
        Directory.CreateDirectory(to);
        foreach (string entry in Directory.EnumerateFileSystemEntries(from))
        {
            Copy(entry, Path.Combine(to, Path.GetFileName(entry)));
        }
    }
}
