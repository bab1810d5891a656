using System.Text.Json;
using Ntk.Core.Analysis;
using Ntk.Core.Analysis.Dynamics;
using Ntk.Core.Tensors;
using Xunit;

namespace Ntk.Core.Tests.Analysis;

/// <summary>
/// Training dynamics against neural_tangents' own in float64 (tests/fixtures/README.md): traced, full and partly traced kernels, regularisation relative and
/// absolute, one time, several, none, training examples alone, means with and without covariance, losses, momentum, learning rates.
/// </summary>
public class TrainingDynamicsFixtureTests
{
    private static readonly Dictionary<string, NtkTensor> s_data = Read();
    private static readonly JsonElement s_cases = JsonDocument.Parse(File.ReadAllText(Repository.Fixture("predict", "cases.json"))).RootElement.GetProperty("cases");

    public static TheoryData<string> Cases => [.. s_cases.EnumerateArray().Select(c => c.GetProperty("name").GetString()!)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void AgreesWithNeuralTangents(string name)
    {
        JsonElement c = s_cases.EnumerateArray().First(c => c.GetProperty("name").GetString() == name);
        NtkTensor[] expected = Enumerable.Range(0, c.GetProperty("outputs").GetInt32()).Select(i => s_data[$"{name}_{i}"]).ToArray();
        string kernel = Text(c, "kernel")!;
        if (Text(c, "method") == "max")
        {
            double rate = LearningRates.Max(s_data[$"{kernel}_dd"], Number(c, "size") is { } size ? (long)size : null, Number(c, "momentum")!.Value);
            Assert.Equal((double)expected[0].ToFlatArray().GetValue(0)!, rate, 1e-9);
            return;
        }
        PredictionOptions options = Options(c, kernel);
        // The reference's integrator keeps to 1.4e-8 a step.
        double tolerance = options.Method == NtkPredictionMethod.GradientDescent ? 1e-6 : 1e-9;
        NtkTensor?[][] results = options.Method is NtkPredictionMethod.GPInference or NtkPredictionMethod.GradientDescentMseEnsemble
            ? [.. TrainingDynamics.PredictGaussian(options).Select(r => new[] { r.Mean, r.Covariance })]
            : [.. TrainingDynamics.Predict(options).Select(r => new[] { r.Train, r.Test })];
        for (int i = 0; i < expected.Length; i++)
        {
            double[] wanted = (double[])expected[i].ToFlatArray(), got = [.. results.SelectMany(r => (double[])r[i]!.ToFlatArray())];
            Assert.Equal(expected[i].Shape.AsSpan(options.Times?.Count > 1 ? 1 : 0).ToArray(), results[0][i]!.Shape);
            double scale = wanted.Max(Math.Abs), error = wanted.Zip(got, (a, b) => Math.Abs(a - b)).Max();
            Assert.True(wanted.Length == got.Length && error <= tolerance * Math.Max(scale, 1e-3), $"{name}_{i}: error {error:E2} of {scale:G4}");
        }
        Assert.All(results, r => Assert.True(r[1] is not null == expected.Length > 1));
    }

    private static PredictionOptions Options(JsonElement c, string kernel)
    {
        string? nngp = Text(c, "nngp"), start = Text(c, "f"), testStart = Text(c, "ft");
        bool test = nngp is null ? testStart is not null : c.GetProperty("test").GetBoolean();
        bool covariance = nngp is not null && c.GetProperty("cov").GetBoolean();
        return new PredictionOptions
        {
            Method = Enum.Parse<NtkPredictionMethod>(Text(c, "method")!),
            Loss = Enum.Parse<NtkLoss>(Text(c, "loss") ?? "Mse"),
            Get = [Enum.Parse<NtkGaussianKernel>(Text(c, "get") ?? "ntk", true)],
            KernelTrainTrain = s_data[$"{kernel}_dd"],
            KernelTestTrain = test ? s_data[$"{kernel}_td"] : null,
            KernelTestTest = test && covariance ? s_data[$"{kernel}_tt"] : null,
            NngpTrainTrain = nngp is null || !(covariance || Text(c, "get") == "nngp") ? null : s_data[$"{nngp}_dd"],
            NngpTestTrain = nngp is null || !test ? null : s_data[$"{nngp}_td"],
            NngpTestTest = covariance && test ? s_data[$"{nngp}_tt"] : null,
            YTrain = s_data[Text(c, "y")!],
            FxTrain0 = start is null ? null : s_data[start],
            FxTest0 = testStart is null ? null : s_data[testStart],
            Times = c.GetProperty("t") is var t && t.ValueKind == JsonValueKind.Null ? null : t.ValueKind == JsonValueKind.Array ? [.. t.EnumerateArray().Select(v => v.GetDouble())] : [t.GetDouble()],
            LearningRate = Number(c, "lr")!.Value,
            DiagReg = Number(c, "reg") ?? 0,
            DiagRegAbsolute = c.TryGetProperty("abs", out JsonElement absolute) && absolute.GetBoolean(),
            Momentum = Number(c, "momentum"),
            TraceAxes = [.. c.GetProperty("trace").EnumerateArray().Select(a => a.GetInt32())],
        };
    }

    private static Dictionary<string, NtkTensor> Read()
    {
        using var file = new NpzFile(Repository.Fixture("predict", "data.npz"));
        return file.Names.ToDictionary(name => name, name => file.Read(name));
    }

    private static string? Text(JsonElement c, string key) => c.TryGetProperty(key, out JsonElement value) ? value.GetString() : null;

    private static double? Number(JsonElement c, string key) => c.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}
