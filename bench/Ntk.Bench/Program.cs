using System.Diagnostics;
using Ntk;
using Ntk.Bench;
using Ntk.Core;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using static TorchSharp.torch;

TorchRuntime.Initialize();
(string Specification, int N1, int N2)[] table = args.Length >= 3 ? [(args[0], int.Parse(args[1]), int.Parse(args[2]))] :
[
    ("conv:32,32,3-32-32-32-flat-10", 5, 20),
    ("fcn:3072-1024-1024-10", 5, 20),
    ("fcn:784-512-512-10", 800, 0),
    ("fcn:256-1024-1024-1024-32", 16, 16),
    ("fcn:256-512-512-1000", 8, 8),
];
int repeat = args.Length > 3 ? int.Parse(args[3]) : 9;
foreach ((string specification, int n1, int n2) in table)
{
    var source = new SyntheticModel(specification);
    NtkModel model = NtkEngine.CreateModel(specification, specification, source);
    NtkTensor Input(int n, ulong seed) => TorchTensors.FromTorch(randn([n, .. source.Inputs[0].Shape!.Skip(1).Select(d => (long)d)], ScalarType.Float32, generator: new Generator(seed)));
    NtkTensor x1 = Input(n1, 1);
    NtkTensor? x2 = n2 > 0 ? Input(n2, 2) : null;
    var times = new List<double>();
    for (int i = 0; i < repeat; i++)
    {
        long start = Stopwatch.GetTimestamp();
        using NtkTensor kernel = NtkEngine.EmpiricalNtk(model, [x1], x2 is null ? null : [x2], new KernelOptions())[0];
        times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }
    Console.WriteLine($"{specification} {n1} x {(n2 > 0 ? n2 : n1)}: first {times[0]:F1} ms, median {times.Order().ElementAt(times.Count / 2):F2} ms, least {times.Min():F2} ms");
}
