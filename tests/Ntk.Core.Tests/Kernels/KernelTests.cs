using Ntk.Core.Autodiff;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Ntk.Core.Tests.Kernels;

/// <summary>
/// The kernel by every method, tiling and axis rule against the definition: the dense Jacobian of the whole batch, contracted index by index.
/// </summary>
public sealed class KernelTests
{
    private const int N1 = 3, N2 = 5;

    public static TheoryData<string> Names => new(KernelCases.All.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void ExamplesAreFoundIndependentWhereTheyAre(string name)
    {
        TorchRuntime.Initialize();
        (bool independent, LambdaModel source) = KernelCases.All[name];
        NtkModel model = NtkEngine.CreateModel(name, name, source);
        NtkTensor[] x1 = [Input(source, N1, 1)], x2 = [Input(source, N2, 2)];
        void Given() => NtkEngine.EmpiricalNtk(model, x1, x2, new KernelOptions { VmapAxes = new VmapAxes(false, 0, 0) });
        if (independent)
        {
            Given();
        }
        else
        {
            Assert.Equal(NtkErrorId.BatchAxisMixed, Assert.Throws<NtkException>(Given).ErrorId);
        }
    }

    public static TheoryData<string> Unshown => new(KernelCases.Unshown.Keys);

    [Theory]
    [MemberData(nameof(Unshown))]
    public void APromisedAxisIsTakenWithAWarning(string name)
    {
        TorchRuntime.Initialize();
        LambdaModel source = KernelCases.Unshown[name];
        NtkModel model = NtkEngine.CreateModel(name, name, source);
        NtkTensor x1 = Input(source, N1, 1), x2 = Input(source, N2, 2);
        Tensor j1 = Jacobian(source, x1), j2 = Jacobian(source, x2);
        int rank = (int)j1.dim() - 1;
        foreach ((int[] trace, int[] diagonal) in Axes(rank))
        {
            bool absent = trace.Concat(diagonal).Any(a => a == 0 || a == -rank);
            Tensor expected = Contract(j1, absent ? j1 : j2, trace, diagonal);
            foreach (KernelOptions way in Ways.Where(w => w.VmapAxes.Auto))
            {
                var warnings = new List<string>();
                KernelOptions options = way with { TraceAxes = trace, DiagonalAxes = diagonal, Precision = NtkPrecision.Double, VmapAxes = new VmapAxes(false, 0, 0), Warn = warnings.Add };
                using Tensor actual = TorchTensors.ToTorch(NtkEngine.EmpiricalNtk(model, [x1], absent ? null : [x2], options)[0]);
                Assert.Equal(expected.shape, actual.shape);
                Assert.True((actual - expected).abs().max().item<double>() < 1e-10 * expected.abs().max().item<double>(), $"{name} {way}");
                Assert.Contains("taken at its word", Assert.Single(warnings), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void APromisedAxisOfAFixedBatchIsItsWholeBatch()
    {
        TorchRuntime.Initialize();
        var source = new LambdaModel((p, x) => Lax.Reshape(Lax.Tanh(Lax.MatMul(x, p[0])), N1, 2), [3], NtkDType.Float32, ("w", [3, 2]));
        NtkModel model = NtkEngine.CreateModel("fixed", "fixed", source);
        NtkTensor x = Input(source, N1, 1);
        var warnings = new List<string>();
        var options = new KernelOptions { Precision = NtkPrecision.Double, VmapAxes = new VmapAxes(false, 0, 0), Warn = warnings.Add };
        using Tensor actual = TorchTensors.ToTorch(NtkEngine.EmpiricalNtk(model, [x], null, options)[0]), jacobian = Jacobian(source, x);
        Assert.True(actual.allclose(Contract(jacobian, jacobian, [-1], [])));
        Assert.Contains("whole batch", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(-3, 0)]
    [InlineData(0, 2)]
    public void APromisedAxisMustBeThere(int input, int output)
    {
        TorchRuntime.Initialize();
        LambdaModel source = KernelCases.Unshown["reversed_twice"];
        NtkModel model = NtkEngine.CreateModel("axis", "axis", source);
        Assert.Equal(NtkErrorId.InvalidAxis, Assert.Throws<NtkException>(() =>
            NtkEngine.EmpiricalNtk(model, [Input(source, N1, 1)], null, new KernelOptions { VmapAxes = new VmapAxes(false, input, output) })).ErrorId);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryWayGivesTheDefinition(string name)
    {
        TorchRuntime.Initialize();
        LambdaModel source = KernelCases.All[name].Model;
        NtkModel model = NtkEngine.CreateModel(name, name, source);
        NtkTensor x1 = Input(source, N1, 1), x2 = Input(source, N2, 2);
        Tensor j1 = Jacobian(source, x1), j2 = Jacobian(source, x2);
        int rank = (int)j1.dim() - 1;
        foreach ((int[] trace, int[] diagonal) in Axes(rank))
        {
            bool same = trace.Concat(diagonal).Any(a => a == 0 || a == -rank);
            foreach (bool absent in same ? new[] { true } : [false, true])
            {
                Tensor expected = Contract(j1, absent ? j1 : j2, trace, diagonal);
                foreach (KernelOptions way in Ways)
                {
                    KernelOptions options = way with { TraceAxes = trace, DiagonalAxes = diagonal, Precision = NtkPrecision.Double, IncludeNonTrainable = true };
                    NtkTensor kernel = Assert.Single(NtkEngine.EmpiricalNtk(model, [x1], absent ? null : [x2], options));
                    string what = $"{name} trace ({string.Join(",", trace)}) diagonal ({string.Join(",", diagonal)}) x2 {(absent ? "absent" : "given")} {way}";
                    Assert.True(expected.shape.AsSpan().SequenceEqual(Array.ConvertAll(kernel.Shape, d => (long)d)), $"{what}: shape {NtkShape.Format(kernel.Shape)}, expected {Shapes.Format(expected.shape)}");
                    using Tensor actual = TorchTensors.ToTorch(kernel);
                    double error = (actual - expected).abs().max().item<double>() / Math.Max(1e-12, expected.abs().max().item<double>());
                    Assert.True(error < 1e-10, $"{what}: error {error:e1}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void EachParametersShareIsTheKernelOfThatParameterAlone(string name)
    {
        TorchRuntime.Initialize();
        LambdaModel source = KernelCases.All[name].Model;
        NtkModel model = NtkEngine.CreateModel(name, name, source);
        NtkTensor x1 = Input(source, N1, 1), x2 = Input(source, N2, 2);
        NtkImplementation[] methods = [NtkImplementation.Auto, NtkImplementation.JacobianContraction, NtkImplementation.NtkVectorProducts];
        KernelOptions[] ways = [.. methods.Select(m => new KernelOptions { Implementation = m }), new KernelOptions { TileExamples = 2, BlockExamples = 2 }, new KernelOptions { DiagonalAxes = [0] }];
        foreach (KernelOptions way in ways)
        {
            KernelOptions options = way with { Precision = NtkPrecision.Double, IncludeNonTrainable = true };
            NtkTensor[]? other = way.DiagonalAxes.Count > 0 ? null : [x2];
            IReadOnlyList<NtkTensor> parts = NtkEngine.EmpiricalNtk(model, [x1], other, options with { Parts = KernelParts.Parameter });
            Assert.Equal(model.Parameters.Select(p => p.Name), parts.Select(p => p.Name));
            foreach (NtkTensor part in parts)
            {
                NtkTensor alone = NtkEngine.EmpiricalNtk(model, [x1], other, options with { ParameterNames = [part.Name!] })[0];
                Assert.Equal(alone.Shape, part.Shape);
                Assert.Equal((double[])alone.ToFlatArray(), (double[])part.ToFlatArray(), (a, b) => Math.Abs(a - b) <= 1e-10 * Math.Max(1, Math.Abs(a)));
            }
        }
    }

    [Fact]
    public void ForwardModeWritesOutWhatHasNoRule()
    {
        TorchRuntime.Initialize();
        var source = new LambdaModel((p, x) => x.Trace.Apply(new PushedOnly(), x, p[0]), [3], NtkDType.Float32, ("w", [3]));
        NtkModel model = NtkEngine.CreateModel("pushed", "pushed", source);
        NtkTensor x = Input(source, N1, 1);
        NtkTensor Kernel(bool? forward) => NtkEngine.EmpiricalNtk(model, [x], null, new KernelOptions { Fwd = forward, Precision = NtkPrecision.Double })[0];
        // x·w: the kernel is that of the inputs.
        using Tensor data = TorchTensors.ToTorch(x).to(ScalarType.Float64), kernel = TorchTensors.ToTorch(Kernel(true));
        Assert.True(kernel.allclose(data.mm(data.t()) / 3));
        Assert.Throws<NotSupportedException>(() => Kernel(null));
    }

    [Fact]
    public void ChosenOutputElementsAreThoseOfTheWholeKernel()
    {
        TorchRuntime.Initialize();
        LambdaModel source = KernelCases.All["attention"].Model;
        NtkModel model = NtkEngine.CreateModel("attention", "attention", source);
        NtkTensor x1 = Input(source, N1, 1), x2 = Input(source, N2, 2);
        var options = new KernelOptions { TraceAxes = [], Precision = NtkPrecision.Double };
        NtkTensor whole = NtkEngine.EmpiricalNtk(model, [x1], [x2], options)[0];
        NtkTensor some = NtkEngine.EmpiricalNtk(model, [x1], [x2], options with { OutputIndex = [[2, 1], [0, -2]] })[0];
        Assert.Equal([N1, N2, 2, 2], some.Shape);
        int[][] index = [[2, 1], [0, 0]];
        for (int i = 0; i < N1; i++)
        {
            for (int j = 0; j < N2; j++)
            {
                for (int a = 0; a < 2; a++)
                {
                    for (int b = 0; b < 2; b++)
                    {
                        // (N1, N2, time of x1, time of x2, feature of x1, feature of x2)
                        Assert.Equal((double)whole[[i, j, index[a][0], index[b][0], index[a][1], index[b][1]]], (double)some[i, j, a, b], 10);
                    }
                }
            }
        }
        Assert.Equal(NtkErrorId.OutputIndexOutOfRange,
            Assert.Throws<NtkException>(() => NtkEngine.EmpiricalNtk(model, [x1], null, options with { OutputIndex = [[3, 0]] })).ErrorId);
    }

    [Fact]
    public void AKernelWrittenToAFileIsTheOneInMemory()
    {
        TorchRuntime.Initialize();
        LambdaModel source = KernelCases.All["dense"].Model;
        NtkModel model = NtkEngine.CreateModel("dense", "dense", source);
        NtkTensor x1 = Input(source, N1, 1), x2 = Input(source, N2, 2);
        string path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.npy");
        try
        {
            NtkTensor memory = NtkEngine.EmpiricalNtk(model, [x1], [x2], new KernelOptions())[0];
            using NtkTensor mapped = NtkEngine.EmpiricalNtk(model, [x1], [x2], new KernelOptions { OutFile = path, TileExamples = 2, BlockExamples = 2 })[0];
            Assert.Equal(memory.Shape, NpyFile.Read(path).Shape);
            Assert.Equal((float[])memory.ToFlatArray(), (float[])mapped.ToFlatArray(), (a, b) => Math.Abs(a - b) <= 1e-5 * Math.Max(1, Math.Abs(a)));
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>x · w, elementwise, that cannot be pulled back.</summary>
    private sealed class PushedOnly : Primitive
    {
        public override string Name => "pushed_only";

        public override TensorType Infer(ReadOnlySpan<TensorType> operands) => operands[0];

        public override Tensor Eval(ReadOnlySpan<Tensor> operands) => operands[0] * operands[1];

        public override bool IsDifferentiable(int operand) => operand == 1;

        public override Tensor Jvp(int operand, Tensor tangent, in Point point) => tangent.unsqueeze(1) * point[0];

        public override Tensor Vjp(int operand, Tensor cotangent, in Point point) => throw new NotSupportedException(Name);

        public override BatchAxis? Batch(in BatchSite site) => site.Axes[0];
    }

    private static IEnumerable<KernelOptions> Ways =>
    [
        new(),
        new() { VmapAxes = VmapAxes.None },
        new() { Implementation = NtkImplementation.JacobianContraction },
        new() { Implementation = NtkImplementation.NtkVectorProducts },
        new() { Implementation = NtkImplementation.StructuredDerivatives },
        new() { Implementation = NtkImplementation.StructuredDerivatives, JRules = false },
        new() { Implementation = NtkImplementation.StructuredDerivatives, SRules = false },
        new() { Implementation = NtkImplementation.StructuredDerivatives, JRules = false, Fwd = true },
        new() { Implementation = NtkImplementation.JacobianContraction, Fwd = true, TileExamples = 2, BlockExamples = 2 },
        new() { TileExamples = 1, BlockExamples = 1 },
        new() { TileExamples = 2, BlockExamples = 2, Implementation = NtkImplementation.JacobianContraction },
        new() { TileExamples = 2, BlockExamples = 2, KeptBlocks = 1 },
        new() { TileExamples = 2 },
        new() { TileExamples = 2, BlockExamples = 3, Implementation = NtkImplementation.StructuredDerivatives },
    ];

    private static IEnumerable<(int[], int[])> Axes(int rank)
    {
        yield return ([-1], []);
        yield return ([], []);
        yield return ([], [-1]);
        yield return ([0], [-1]);
        yield return ([-1], [0]);
        yield return ([], [0]);
        yield return ([0, rank - 1], []);
        if (rank > 2)
        {
            yield return ([1], [2]);
            yield return ([2], [1]);
            yield return ([1], []);
            yield return ([], [-rank, 1]);
        }
    }

    /// <summary>(output's shape, P) in float64.</summary>
    internal static Tensor Jacobian(LambdaModel source, NtkTensor x)
    {
        var trace = new Trace(ScalarType.Float64);
        Value[] parameters = source.Parameters.Select(p => trace.Parameter(new TensorType(ScalarType.Float64, Array.ConvertAll(p.Shape!, d => (long)d)))).ToArray();
        Value input = trace.Input(new TensorType(trace.TypeOf(x.DType), Array.ConvertAll(x.Shape, d => (long)d)));
        Value output = source.Apply(trace, parameters, [input])[0];
        using Program program = trace.Finish([output]);
        var values = new Tensor?[program.Variables.Length];
        ForwardPass.Bind(program, program.Parameters, source.Parameters.Select(p => TorchTensors.ToTorch(p.Value!).to(ScalarType.Float64)).ToArray(), values);
        ForwardPass.Bind(program, program.Inputs, [TorchTensors.ToTorch(x).to(trace.TypeOf(x.DType))], values);
        ForwardPass.Evaluate(program, values, _ => true, Enumerable.Repeat(-1, values.Length).ToArray(), default);
        long rows = Shapes.Count(output.Shape);
        var cotangents = new Dictionary<int, Tensor> { [program.Outputs[0]] = eye(rows, rows, ScalarType.Float64).reshape([rows, .. output.Shape]) };
        ReversePass.Run(program, values, cotangents, _ => true);
        Tensor[] parts = program.Parameters.Select(p => cotangents.TryGetValue(p, out Tensor? own) ? own.reshape(rows, -1)
            : zeros([rows, program.Variables[p].Type.Count], ScalarType.Float64)).ToArray();
        return cat(parts, 1).reshape([.. output.Shape, -1]);
    }

    /// <summary>The definition of the kernel, by einsum.</summary>
    internal static Tensor Contract(Tensor j1, Tensor j2, int[] trace, int[] diagonal)
    {
        int rank = (int)j1.dim() - 1;
        string left = "", right = "", result = "";
        double scale = 1;
        for (int a = 0; a < rank; a++)
        {
            char one = (char)('a' + a), two = (char)('A' + a);
            left += one;
            if (trace.Any(t => t == a || t + rank == a))
            {
                right += one;
                scale /= j1.shape[a];
            }
            else if (diagonal.Any(t => t == a || t + rank == a))
            {
                right += one;
                result += one;
            }
            else
            {
                right += two;
                result += $"{one}{two}";
            }
        }
        return einsum($"{left}z,{right}z->{result}", j1, j2) * scale;
    }

    internal static NtkTensor Input(LambdaModel source, int examples, int seed)
    {
        long[] shape = [examples, .. source.Inputs[0].Shape!.Skip(1).Select(d => (long)d)];
        var generator = new Generator((ulong)seed);
        return TorchTensors.FromTorch(source.Inputs[0].DType == NtkDType.Int32
            ? randint(0, 6, shape, ScalarType.Int32, generator: generator)
            : randn(shape, ScalarType.Float32, generator: generator));
    }
}
