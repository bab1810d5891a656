using System.Text.Json;
using Ntk.Core.Formats;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using Xunit;

namespace Ntk.Core.Tests.Fixtures;

/// <summary>
/// Real TensorFlow models against the outputs and the float64 kernels that TensorFlow's own Jacobians give (tests/fixtures/README.md), in every format
/// that lies beside them.
/// </summary>
public sealed class FixtureTests
{
    private static readonly string s_root = Repository.Fixture();

    /// <summary>Every folder with a case.json, by its path below tests/fixtures.</summary>
    public static TheoryData<string> Cases => new(Directory.EnumerateFiles(s_root, "case.json", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(s_root, Path.GetDirectoryName(f)!).Replace('\\', '/')).Order());

    /// <summary>The whole models but for the largest, whose kernel takes minutes by NTK-vector products.</summary>
    public static TheoryData<string> WholeModels => new(Cases.Select(c => c.Data).Where(c => c.StartsWith("keras", StringComparison.Ordinal) && !c.Contains("docstring")));

    [Theory]
    [MemberData(nameof(Cases))]
    public void SinglePrecisionAgreesWithTensorFlow(string name) => Compare(name, new KernelOptions(), _ => 1e-4);

    [Theory]
    [MemberData(nameof(Cases))]
    public void DoublePrecisionAgreesWithTensorFlow(string name) =>
        // A graph's constants are stored in float32, so are the epsilons in them.
        Compare(name, new KernelOptions { Precision = NtkPrecision.Double }, format => format.StartsWith("model.", StringComparison.Ordinal) ? 1e-9 : 1e-6);

    [Theory]
    [MemberData(nameof(WholeModels))]
    public void EveryMethodAgreesWithTensorFlow(string name)
    {
        foreach (NtkImplementation method in new[] { NtkImplementation.JacobianContraction, NtkImplementation.NtkVectorProducts, NtkImplementation.StructuredDerivatives })
        {
            Compare(name, new KernelOptions { Implementation = method }, _ => 1e-4);
        }
    }

    private static void Compare(string name, KernelOptions options, Func<string, double> tolerance)
    {
        string folder = Path.Combine(s_root, name);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "case.json")));
        JsonElement info = document.RootElement;
        Dictionary<string, NtkTensor> data = Read(Path.Combine(folder, "data.npz"));
        string[] outputs = Strings(info, "outputs");
        bool function = data.ContainsKey("params");
        int compared = 0;
        foreach (string format in new[] { "saved_model", "model.keras", "model.h5", "frozen.pb" })
        {
            string path = Path.Combine(folder, format);
            if (!File.Exists(path) && !Directory.Exists(path))
            {
                continue;
            }
            NtkModel model = NtkEngine.Import(path, new ImportOptions { ParameterInputs = function ? ["params"] : [] });
            IReadOnlyList<NtkTensor> Inputs(string side) => model.Inputs.Select(i => InputBinding.Conform(data.TryGetValue($"{side}_{i.Name}", out NtkTensor? one) ? one : data[side], i, side)).ToArray();
            IReadOnlyDictionary<string, NtkTensor>? file = function ? new Dictionary<string, NtkTensor> { ["params"] = data["params"] } : null;
            IReadOnlyDictionary<string, NtkTensor> replaced = Replaced(model, Strings(info, "parameters"), data);
            IReadOnlyList<string>? Output(string set) => outputs.Contains(set)
                ? [model.Outputs.Any(o => o.Name == set) ? set : model.Outputs[Array.IndexOf(outputs, set)].Name] : null;
            foreach ((string key, NtkTensor expected) in data)
            {
                string[] parts = key.Split('_', 2);
                string set = parts.Length == 2 ? parts[1] : "";
                NtkTensor actual;
                if (parts[0] is "y1" or "y2")
                {
                    actual = NtkEngine.Run(model, Inputs($"x{key[1]}"), new RunOptions { Parameters = set == "new" ? replaced : file, Outputs = Output(set), Precision = options.Precision })[0];
                }
                else if (key[0] == 'k' && int.TryParse(parts[0].AsSpan(1), out int variant))
                {
                    JsonElement v = info.GetProperty("variants")[variant];
                    bool same = v.TryGetProperty("x2_none", out JsonElement none) && none.GetBoolean();
                    actual = NtkEngine.EmpiricalNtk(model, Inputs("x1"), same ? null : Inputs("x2"), options with
                    {
                        Parameters = set == "new" ? replaced : file,
                        Outputs = Output(set),
                        IncludeNonTrainable = set == "all" && !function,
                        TraceAxes = Integers(v, "trace_axes"),
                        DiagonalAxes = Integers(v, "diagonal_axes"),
                    })[0];
                }
                else
                {
                    continue;
                }
                // The stored outputs are TensorFlow's in float32: a softmax over scores masked with -1e9 has lost digits in them.
                AssertClose(expected, actual, key[0] == 'y' ? 1e-4 : tolerance(format), $"{name}/{format} {key}");
                compared++;
            }
        }
        Assert.True(compared > 0, $"nothing was compared in {name}");
    }

    private static void AssertClose(NtkTensor expected, NtkTensor actual, double tolerance, string what)
    {
        Assert.True(expected.Shape.AsSpan().SequenceEqual(actual.Shape), $"{what}: shape {NtkShape.Format(actual.Shape)}, expected {NtkShape.Format(expected.Shape)}");
        double[] a = (double[])actual.AsType(NtkDType.Float64).ToFlatArray(), b = (double[])expected.AsType(NtkDType.Float64).ToFlatArray();
        double scale = b.Length == 0 ? 0 : b.Max(Math.Abs), error = a.Zip(b, (x, y) => Math.Abs(x - y)).DefaultIfEmpty(0).Max();
        Assert.True(error <= tolerance * (scale > 0 ? scale : 1), $"{what}: relative error {error / scale:e1}");
    }

    // A file may prefix its variables with the model's name.
    private static Dictionary<string, NtkTensor> Replaced(NtkModel model, string[] names, Dictionary<string, NtkTensor> data)
    {
        var result = new Dictionary<string, NtkTensor>();
        for (int i = 0; i < names.Length; i++)
        {
            string bare = names[i].Replace(":0", "");
            NtkParameter own = model.Parameters.Single(p => p.Name == bare || bare.EndsWith("/" + p.Name, StringComparison.Ordinal) || p.Name.EndsWith("/" + bare, StringComparison.Ordinal));
            result[own.Name] = data[$"param{i}"];
        }
        return result;
    }

    private static Dictionary<string, NtkTensor> Read(string path)
    {
        using var file = new NpzFile(path);
        return file.Names.ToDictionary(n => n, n => file.Read(n));
    }

    private static string[] Strings(JsonElement info, string key) =>
        info.TryGetProperty(key, out JsonElement values) && values.ValueKind == JsonValueKind.Array ? values.EnumerateArray().Select(v => v.ToString()).ToArray() : [];

    private static int[] Integers(JsonElement info, string key) => info.GetProperty(key).EnumerateArray().Select(v => v.GetInt32()).ToArray();
}
