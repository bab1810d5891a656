using System.Diagnostics;
using Ntk;
using Ntk.Bench;
using Ntk.Core;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using static TorchSharp.torch;

TorchRuntime.Initialize();
string spec = args[0];
int n1 = int.Parse(args[1]), n2 = int.Parse(args[2]);
int repeat = args.Length > 3 ? int.Parse(args[3]) : 9;
var source = new SyntheticModel(spec);
NtkModel model = NtkEngine.CreateModel(spec, spec, source);
NtkTensor Input(int n, ulong seed) => TorchTensors.FromTorch(randn([n, .. source.Inputs[0].Shape!.Skip(1).Select(d => (long)d)], ScalarType.Float32, generator: new Generator(seed)));
NtkTensor x1 = Input(n1, 1);
NtkTensor? x2 = n2 > 0 ? Input(n2, 2) : null;
var times = new List<double>();
for (int i = 0; i < repeat; i++)
{
    long start = Stopwatch.GetTimestamp();
    using NtkTensor k = NtkEngine.EmpiricalNtk(model, [x1], x2 is null ? null : [x2], new KernelOptions())[0];
    times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
}
Console.WriteLine($"{spec} {n1}x{n2}: first {times[0]:F1} ms, median {times.Skip(1).Order().ElementAt((times.Count - 1) / 2):F2} ms, min {times.Min():F2}");
