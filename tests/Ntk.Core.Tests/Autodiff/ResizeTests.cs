using System.Text.Json;
using Ntk.Core.Autodiff;
using Ntk.Core.Tensors;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Autodiff;

/// <summary>Resized images of float64 against TensorFlow's own ops, which round to float32: to the last bit, but for the sines of a C library.</summary>
public sealed class ResizeTests
{
    private static readonly string _folder = Environment.GetEnvironmentVariable("NTK_RESIZE_CASES") ?? Repository.Fixture("resize");

    [Theory]
    [InlineData("ResizeBilinear", 0)]
    [InlineData("ResizeBicubic", 0)]
    [InlineData("ResizeArea", 0)]
    [InlineData("lanczos1", 1e-6)]
    [InlineData("lanczos3", 1e-6)]
    [InlineData("lanczos5", 1e-6)]
    [InlineData("gaussian", 0)]
    [InlineData("box", 0)]
    [InlineData("triangle", 0)]
    [InlineData("keyscubic", 0)]
    [InlineData("mitchellcubic", 0)]
    public void ValueIsTensorFlowsToTheLastBit(string name, double tolerance)
    {
        TorchRuntime.Initialize();
        double worst = 0;
        using DisposeScope scope = NewDisposeScope();
        foreach (Case given in Cases(name))
        {
            worst = Math.Max(worst, Largest(Run(given, ResizeRounding.Result).Value - given.Value));
        }
        // On the C library that made the cases no sine differs either (of glibc the last digit may change with its version).
        Assert.True(worst <= (OperatingSystem.IsLinux() ? 0 : tolerance), $"{worst}");
    }

    // TensorFlow has no derivative of the others in float64; of the area there is none at all.
    [Theory]
    [InlineData("ResizeBilinear", ResizeRounding.Result)]
    [InlineData("ResizeBilinear", ResizeRounding.Whole)]
    [InlineData("ResizeBicubic", ResizeRounding.Result)]
    [InlineData("ResizeBicubic", ResizeRounding.Whole)]
    [InlineData("lanczos3", ResizeRounding.Whole)]
    [InlineData("gaussian", ResizeRounding.Whole)]
    [InlineData("triangle", ResizeRounding.Whole)]
    [InlineData("mitchellcubic", ResizeRounding.Whole)]
    public void DerivativeIsTensorFlows(string name, ResizeRounding rounding)
    {
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        foreach (Case given in Cases(name))
        {
            Tensor expected = (rounding == ResizeRounding.Whole ? given.PulledNarrow : given.Pulled)!;
            Assert.True(Largest(Run(given, rounding).Pulled - expected) <= (rounding == ResizeRounding.Whole && OperatingSystem.IsLinux() ? 0 : 1e-12));
        }
    }

    [Theory]
    [InlineData("ResizeBilinear")]
    [InlineData("ResizeBicubic")]
    [InlineData("ResizeArea")]
    [InlineData("lanczos3")]
    [InlineData("triangle")]
    public void RoundedResizeIsTheExactOneRounded(string name)
    {
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        foreach (Case given in Cases(name))
        {
            var (value, pushed, pulled) = Run(given, ResizeRounding.Result);
            var exact = Run(given, ResizeRounding.None);
            Assert.Equal(exact.Value.shape, value.shape);
            Assert.True(Largest(value - exact.Value) < 2e-6 && Largest(pushed - exact.Pushed) < 2e-6 && Largest(pulled - exact.Pulled) < 2e-6);
            Tensor x = given.X.unsqueeze(0), tangent = x.flip([2]), cotangent = given.Cotangent;
            // Both roads are the same linear map: ⟨J t, c⟩ = ⟨t, Jᵀ c⟩, but for the rounding of the cotangent.
            Assert.Equal((pushed * cotangent).sum().item<double>(), (tangent * pulled).sum().item<double>(), 1e-4);
        }
    }

    private static double Largest(Tensor difference) => difference.abs().max().item<double>();

    private static (Tensor Value, Tensor Pushed, Tensor Pulled) Run(Case given, ResizeRounding rounding)
    {
        var trace = new Trace(ScalarType.Float64);
        Program program = trace.Finish([given.Resize(trace.Parameter(new TensorType(ScalarType.Float64, given.X.shape)), rounding)]);
        var values = new Tensor?[program.Variables.Length];
        ForwardPass.Bind(program, program.Parameters, [given.X], values);
        ForwardPass.Evaluate(program, values, _ => true, Enumerable.Repeat(-1, values.Length).ToArray(), default);
        var cotangents = new Dictionary<int, Tensor> { [program.Outputs[0]] = given.Cotangent.unsqueeze(0) };
        ReversePass.Run(program, values, cotangents, _ => true);
        var tangents = new Dictionary<int, Tensor> { [program.Parameters[0]] = given.X.unsqueeze(0).flip([2]) };
        return (ForwardPass.Run(program, [given.X], [])[0], TangentPass.Run(program, [given.X], [], tangents)[0]!, cotangents[program.Parameters[0]]);
    }

    private static IEnumerable<Case> Cases(string name)
    {
        using var archive = new NpzFile(Path.Combine(_folder, "data.npz"));
        Tensor Read(string key) => TorchTensors.ToTorch(archive.Read(key)).to(ScalarType.Float64);
        Tensor? Maybe(string key) => archive.Names.Contains(key) ? Read(key) : null;
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, "cases.json")));
        var cases = new List<Case>();
        foreach ((int i, JsonElement one) in document.RootElement.EnumerateArray().Index())
        {
            string op = one.GetProperty("op").GetString()!;
            float[] Floats(string key) => [.. one.GetProperty(key).EnumerateArray().Select(e => e.GetSingle())];
            long[] size = [.. one.GetProperty("size").EnumerateArray().Select(e => e.GetInt64())];
            Func<Value, ResizeRounding, Value> resize;
            if (op == "ResizeArea" || op.StartsWith("ResizeB", StringComparison.Ordinal))
            {
                Interpolation interpolation = op switch { "ResizeArea" => Interpolation.Area, "ResizeBilinear" => Interpolation.Linear, _ => Interpolation.Cubic };
                bool corners = one.GetProperty("corners").GetBoolean(), centers = one.GetProperty("centers").GetBoolean();
                resize = (v, rounding) => Lax.Resize(v, size[0], size[1], interpolation, corners, centers, rounding);
            }
            else
            {
                op = one.GetProperty("kernel").GetString()!;
                string kernel = op;
                float[] scale = Floats("scale"), translation = Floats("translation");
                bool antialias = one.GetProperty("antialias").GetBoolean();
                resize = (v, rounding) => Lax.ScaleAndTranslate(v, size, kernel, scale, translation, antialias, rounding);
            }
            if (op == name)
            {
                string x = one.GetProperty("x").ToString();
                cases.Add(new Case(resize, Read("x" + x), Read("g" + x), Read($"y{i}"), Maybe($"d{i}"), Maybe($"e{i}")));
            }
        }
        Assert.NotEmpty(cases);
        return cases;
    }

    private sealed record Case(Func<Value, ResizeRounding, Value> Resize, Tensor X, Tensor Cotangent, Tensor Value, Tensor? Pulled, Tensor? PulledNarrow);
}
