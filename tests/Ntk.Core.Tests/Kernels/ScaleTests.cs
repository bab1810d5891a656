using Google.Protobuf;
using Ntk.Core.Autodiff;
using Ntk.Core.Formats;
using Ntk.Core.Formats.Protos;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using Ntk.Core.Tests.Formats;
using TorchSharp;
using Xunit;
using static Ntk.Core.Tests.Formats.GraphFixtures;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Kernels;

/// <summary>What must grow no faster than the model, counted in bytes, equations and operations.</summary>
public sealed class ScaleTests : IDisposable
{
    private const int Width = 4;

    private readonly GraphFixtures _fixtures = new();

    public void Dispose() => _fixtures.Dispose();

    // A frozen graph: layers of three nodes, over ten weights and biases.
    private string Chain(int nodes)
    {
        var graph = new GraphDef { Node = { Placeholder("x") } };
        graph.Node[0].Attr["shape"] = new AttrValue { Shape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dim { Size = -1 }, new TensorShapeProto.Types.Dim { Size = Width } } } };
        for (int i = 0; i < 10; i++)
        {
            graph.Node.Add(Constant($"w{i}", [Width, Width], [.. Enumerable.Range(0, Width * Width).Select(k => MathF.Sin((17 * i) + k) * 0.5f)]));
            graph.Node.Add(Constant($"b{i}", [Width], 0.1f * i));
        }
        string last = "x";
        for (int i = 0; graph.Node.Count < nodes; i++)
        {
            graph.Node.Add(Node($"m{i}", "MatMul", [last, $"w{i % 10}"]));
            graph.Node.Add(Node($"a{i}", "BiasAdd", [$"m{i}", $"b{i % 10}"]));
            graph.Node.Add(Node(last = $"t{i}", "Tanh", [$"a{i}"]));
        }
        return _fixtures.Write(graph, $"chain{nodes}.pb");
    }

    private static LambdaModel Recurrent(int steps) => KernelCases.Model([steps, 3], (p, x) =>
    {
        Value state = x.Trace.Constant(zeros([x.Shape[0], Width], x.DType)), cell = state;
        foreach (Value step in Lax.Unstack(x, 1))
        {
            Value[] gates = Lax.Split(Lax.MatMul(step, p[0]) + Lax.MatMul(state, p[1]) + p[2], 1, Width, Width, Width, Width);
            cell = (Lax.Sigmoid(gates[0]) * cell) + (Lax.Sigmoid(gates[1]) * Lax.Tanh(gates[2]));
            state = Lax.Sigmoid(gates[3]) * Lax.Tanh(cell);
        }
        return Lax.MatMul(state, p[3]);
    }, ("w", [3, 4 * Width]), ("u", [Width, 4 * Width]), ("b", [4 * Width]), ("v", [Width, 2]));

    private static LambdaModel Words(int vocabulary) => new((p, x) => Lax.MatMul(Lax.Tanh(Lax.Mean(Lax.Gather(p[0], x, 0), [1])), p[1]), [8], NtkDType.Int32, ("table", [vocabulary, 16]), ("w", [16, 2]));

    private static long Allocated(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    [Fact]
    public void ReadingTracingAndPlanningTakeBytesInProportionToNodes()
    {
        TorchRuntime.Initialize();
        string small = Chain(2000), large = Chain(16000);
        NtkTensor x = Tensor([2, Width], i => 0.1f * i);
        NtkModel Read(string path) => ModelImporter.Import(path);
        Program Trace(NtkModel model)
        {
            Tensor[] parameters = model.Parameters.Select(p => TorchTensors.ToTorch(p.Value!)).ToArray();
            return ModelSession.Of(model).Trace(parameters, [[2, Width]], ScalarType.Float32, [0], default);
        }
        NtkModel few = Read(small), many = Read(large);
        Program one = Trace(few), other = Trace(many);
        Assert.Equal((16000 - 21) / (double)(2000 - 21), other.Equations.Length / (double)one.Equations.Length, 0.01);
        foreach ((string what, Action<string, NtkModel> step) in new (string, Action<string, NtkModel>)[]
        {
            ("reading", (path, _) => Read(path)),
            ("tracing", (path, _) => Trace(Read(path))),
            ("a plan", (_, model) => NtkEngine.Plan(model, [x], null, new KernelOptions())),
            ("a kernel", (_, model) => NtkEngine.EmpiricalNtk(model, [x], null, new KernelOptions())),
        })
        {
            long before = Allocated(() => step(small, few)), after = Allocated(() => step(large, many));
            Assert.True(after < 8 * 1.25 * before, $"{what} allocates {before:N0} bytes for 2,000 nodes and {after:N0} for 16,000");
        }
    }

    [Fact]
    public void ALoopOfTwiceTheStepsCostsTwice()
    {
        TorchRuntime.Initialize();
        double Flops(int steps, out int equations)
        {
            LambdaModel source = Recurrent(steps);
            NtkModel model = NtkEngine.CreateModel("lstm", "lstm", source);
            IReadOnlyList<NtkPlan> plans = NtkEngine.Plan(model, [KernelTests.Input(source, 2, 1)], [KernelTests.Input(source, 3, 2)], new KernelOptions());
            using Program program = ModelSession.Of(model).Trace(model.Parameters.Select(p => TorchTensors.ToTorch(p.Value!)).ToArray(), [[2, steps, 3]], ScalarType.Float32, [0], default);
            equations = program.Equations.Length;
            return plans[0].Flops;
        }
        double half = Flops(50, out int few), whole = Flops(100, out int many);
        Assert.True(whole < 2.1 * half, $"{half:N0} operations for 50 steps, {whole:N0} for 100");
        Assert.InRange(many, few, 2 * few);
    }

    [Fact]
    public void AVocabularyCostsWhatItsWordsCost()
    {
        TorchRuntime.Initialize();
        (double Flops, double Bytes) Cost(int vocabulary)
        {
            LambdaModel source = Words(vocabulary);
            NtkModel model = NtkEngine.CreateModel("words", "words", source);
            NtkTensor[] x1 = [KernelTests.Input(source, 6, 1)], x2 = [KernelTests.Input(source, 5, 2)];
            NtkPlan plan = NtkEngine.Plan(model, x1, x2, new KernelOptions())[0];
            return (plan.Flops, plan.Bytes);
        }
        (double flops, double bytes) = Cost(100);
        (double more, double heavier) = Cost(10000);
        Assert.Equal(flops, more, flops * 1e-9);
        // The table itself is read, not written.
        Assert.True(heavier - bytes <= 4L * 16 * (10000 - 100), $"{bytes:N0} bytes for 100 words, {heavier:N0} for 10,000");
    }
}
