using Ntk.Core.Autodiff;
using Ntk.Core.Formats;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using Ntk.Core.Tests.Autodiff;
using Ntk.Core.Tests.Formats;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Properties;

/// <summary>
/// Random graphs in float64: pulled back, pushed forward and by finite differences the derivative is the same, and so is the kernel by each of three roads.
/// NTK_PROPERTY_SEEDS (as 1000-1999) tries others than the usual ones.
/// </summary>
public sealed class RandomGraphTests : IDisposable
{
    private const string Variable = "NTK_PROPERTY_SEEDS";
    private const double Step = 1e-5;

    private static readonly KernelOptions[] s_ways =
    [
        new() { Implementation = NtkImplementation.JacobianContraction },
        new() { Implementation = NtkImplementation.NtkVectorProducts },
        new() { Implementation = NtkImplementation.StructuredDerivatives },
        new() { Implementation = NtkImplementation.StructuredDerivatives, JRules = false, Fwd = true },
        new() { TileExamples = 2, BlockExamples = 2 },
    ];

    private readonly GraphFixtures _fixtures = new();

    public void Dispose() => _fixtures.Dispose();

    private static IEnumerable<int> Seeds()
    {
        string[] range = (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } asked ? asked : "1-40").Split('-');
        int first = int.Parse(range[0], System.Globalization.CultureInfo.InvariantCulture), last = int.Parse(range[^1], System.Globalization.CultureInfo.InvariantCulture);
        return Enumerable.Range(first, last - first + 1);
    }

    [Fact]
    public void EveryRoadLeadsToTheSameKernel()
    {
        TorchRuntime.Initialize();
        var failures = new List<string>();
        foreach (int seed in Seeds())
        {
            string? failure;
            RandomGraph? graph = null;
            try
            {
                using DisposeScope scope = NewDisposeScope();
                graph = new RandomGraph(seed);
                failure = Check(graph);
            }
            catch (Exception error)
            {
                failure = $"{error.GetType().Name}: {error.Message}\n{error.StackTrace?.Split('\n').FirstOrDefault(l => l.Contains("Ntk.Core", StringComparison.Ordinal))}";
            }
            if (failure is not null)
            {
                failures.Add($"seed {seed}: {failure}\n{graph}");
            }
        }
        Assert.True(failures.Count == 0, $"{failures.Count} failures\n{string.Join("\n", failures)}");
    }

    [Fact]
    public void TheSameSeedMakesTheSameGraph() => Assert.Equal(new RandomGraph(11).ToString(), new RandomGraph(11).ToString());

    // What is wrong, or null.
    private string? Check(RandomGraph graph)
    {
        string path = _fixtures.Write(graph.Graph);
        NtkModel model = ModelImporter.Import(path, new ImportOptions { ParameterInputs = [.. graph.Parameters.Keys] });
        NtkTensor[] given = model.Parameters.Select(p => graph.Parameters.GetValueOrDefault(p.Name) ?? p.Value!).ToArray();
        Tensor[] parameters = Array.ConvertAll(given, Double);
        Tensor x1 = Double(graph.X1), x2 = Double(graph.X2);
        Program program = ModelSession.Of(model).Trace(parameters, [x1.shape], ScalarType.Float64, [0], default), other = ModelSession.Of(model).Trace(parameters, [x2.shape], ScalarType.Float64, [0], default);
        Tensor[] left = Jacobian(program, parameters, x1), right = Jacobian(other, parameters, x2);
        long outputs = program.Variables[program.Outputs[0]].Type.Count;

        // Forward mode, in full.
        for (int p = 0; p < parameters.Length; p++)
        {
            long count = parameters[p].numel();
            Tensor basis = eye(count, count, ScalarType.Float64).reshape([count, .. parameters[p].shape]);
            Tensor? pushed = TangentPass.Run(program, parameters, [x1], new Dictionary<int, Tensor> { [program.Parameters[p]] = basis })[0];
            Tensor forward = pushed is null ? zeros_like(left[p]) : pushed.reshape(count, outputs).t();
            if (Error(forward, left[p]) > 1e-9)
            {
                return $"VJP and JVP differ in {model.Parameters[p].Name} by {Error(forward, left[p]):e1}\n{program}";
            }
        }

        // Finite differences along two directions in all parameters at once.
        var generator = new Generator(17);
        for (int k = 0; k < 2; k++)
        {
            // Constants that count as parameters stay: what a matrix's rule takes as symmetric remains so.
            Tensor[] direction = parameters.Select((p, i) => randn(p.shape, ScalarType.Float64, generator: generator) * (graph.Parameters.ContainsKey(model.Parameters[i].Name) ? 1 : 0)).ToArray();
            Tensor At(double t) => ForwardPass.Run(program, parameters.Zip(direction, (p, d) => p + (d * t)).ToArray(), [x1])[0].reshape(-1);
            Tensor numeric = (At(Step) - At(-Step)) / (2 * Step), wide = (At(2 * Step) - At(-2 * Step)) / (4 * Step);
            Tensor pulled = left.Zip(direction, (j, d) => j.matmul(d.reshape(-1))).Aggregate((a, b) => a + b);
            // Between two steps that do not agree lies a kink.
            if (Error(wide, numeric) < 1e-6 && Error(pulled, numeric) > 1e-5)
            {
                return $"VJP and finite differences differ by {Error(pulled, numeric):e1}\n{program}";
            }
        }

        // The kernel as its definition says, and traced over the last axis.
        Tensor a = cat(left, 1), b = cat(right, 1);
        long last = program.Variables[program.Outputs[0]].Type.Shape[^1];
        Tensor full = a.matmul(b.t()).reshape(RandomGraph.Examples, last, 2, last).permute(0, 2, 1, 3), traced = full.diagonal(0, 2, 3).mean([-1]);
        Tensor own = a.matmul(a.t()).reshape(RandomGraph.Examples, last, RandomGraph.Examples, last).diagonal(0, 1, 3).mean([-1]);
        foreach (KernelOptions way in s_ways)
        {
            KernelOptions options = way with { Precision = NtkPrecision.Double, Parameters = graph.Parameters };
            foreach ((Tensor expected, int[] trace, bool absent) in new[] { (full, Array.Empty<int>(), false), (traced, [-1], false), (own, [-1], true) })
            {
                NtkTensor kernel = NtkEngine.EmpiricalNtk(model, [graph.X1], absent ? null : [graph.X2], options with { TraceAxes = trace })[0];
                Tensor actual = TorchTensors.ToTorch(kernel);
                if (!actual.shape.AsSpan().SequenceEqual(expected.shape) || !(Error(actual, expected) < 1e-9))
                {
                    return $"the kernel {Shapes.Format(actual.shape)} by {way.Implementation} (Fwd {way.Fwd}, tiles of {way.TileExamples}), traced over ({string.Join(",", trace)}), " +
                        $"differs by {(actual.shape.AsSpan().SequenceEqual(expected.shape) ? Error(actual, expected) : double.NaN):e1}\n{program}";
                }
            }
        }
        return null;
    }

    private static Tensor[] Jacobian(Program program, Tensor[] parameters, Tensor x)
    {
        var values = new Tensor?[program.Variables.Length];
        ForwardPass.Bind(program, program.Inputs, [x], values);
        return PrimitiveCase.ReverseJacobian(program, parameters, values);
    }

    private static double Error(Tensor actual, Tensor expected) => actual.numel() == 0 ? 0
        : (actual - expected).abs().max().item<double>() / Math.Max(1e-3, expected.abs().max().item<double>());

    private static Tensor Double(NtkTensor value) => TorchTensors.ToTorch(value).to(ScalarType.Float64);
}
