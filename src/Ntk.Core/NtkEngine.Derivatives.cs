using Ntk.Core.Autodiff;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core;

public static partial class NtkEngine
{
    /// <summary>The empirical NNGP kernel, the outputs' second moment, one tensor for each output.</summary>
    /// <param name="model">The model.</param>
    /// <param name="x1">A tensor for each of the model's inputs.</param>
    /// <param name="x2">The same for the other side; null for <paramref name="x1"/> with itself.</param>
    /// <param name="options">Which axes are traced or diagonal, which outputs and elements; what concerns derivatives is not looked at.</param>
    /// <param name="progress">Told of each tile.</param>
    /// <param name="cancellation">Stops between tiles and equations.</param>
    public static IReadOnlyList<NtkTensor> EmpiricalNngp(NtkModel model, IReadOnlyList<NtkTensor> x1, IReadOnlyList<NtkTensor>? x2, KernelOptions options,
        IProgress<NtkProgress>? progress = null, CancellationToken cancellation = default) => Computed(model, () =>
        {
            IReadOnlyList<NtkTensor> Outputs(IReadOnlyList<NtkTensor> x, string argument)
            {
                using Side side = Convert(model, x, options, 0, argument);
                return new ModelRun(model, options, options.OutputIndex, progress, cancellation).Run(side);
            }
            IReadOnlyList<NtkTensor> y1 = Outputs(x1, "-X1"), y2 = x2 is null ? y1 : Outputs(x2, "-X2");
            return y1.Zip(y2, (one, two) => NngpComputation.Run(one, two, options)).ToArray();
        });

    /// <summary>The Jacobian of one output, a tensor for each parameter: the output's axes, then the parameter's.</summary>
    /// <param name="model">The model.</param>
    /// <param name="x">A tensor for each of the model's inputs.</param>
    /// <param name="options">Which parameters, output and elements.</param>
    /// <param name="progress">Told of each tile.</param>
    /// <param name="cancellation">Stops between tiles and equations.</param>
    public static IReadOnlyList<NtkTensor> Jacobian(NtkModel model, IReadOnlyList<NtkTensor> x, KernelOptions options,
        IProgress<NtkProgress>? progress = null, CancellationToken cancellation = default) => Computed(model, () =>
        {
            using var problem = new ModelProblem(model, options, cancellation);
            int output = OnlyOutput(model, options, "The Jacobian's tensors are named after the parameters");
            using Side side = Convert(model, x, options, problem.InputAxis, "-X");
            return new JacobianComputation(problem, output, side, progress, cancellation).Run();
        });

    /// <summary>Outputs at the file's parameters, and their first-order Taylor model at others.</summary>
    /// <param name="model">The model.</param>
    /// <param name="x">A tensor for each of the model's inputs.</param>
    /// <param name="options">The other parameters, which outputs, the type computed in.</param>
    /// <param name="cancellation">Stops between equations.</param>
    public static IReadOnlyList<NtkLinearization> Linearize(NtkModel model, IReadOnlyList<NtkTensor> x, RunOptions options, CancellationToken cancellation = default) => Computed(model, () =>
    {
        using Side side = Convert(model, x, options, 0, "-X");
        return OutputSelection.Select(model, options.Outputs).Select(o => Linearization.Run(model, o, side, options, cancellation)).ToArray();
    });

    /// <summary>The kernel of one output as a linear operator; the caller disposes it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="x1">A tensor for each of the model's inputs.</param>
    /// <param name="x2">The same for the other side; null for <paramref name="x1"/> with itself.</param>
    /// <param name="options">Which kernel.</param>
    /// <param name="cancellation">Stops between tiles and equations, of products too.</param>
    public static KernelOperator Operator(NtkModel model, IReadOnlyList<NtkTensor> x1, IReadOnlyList<NtkTensor>? x2, KernelOptions options, CancellationToken cancellation = default) => Computed(model, () =>
    {
        var problem = new ModelProblem(model, options, cancellation);
        try
        {
            int output = OnlyOutput(model, options, "A product is of one kernel");
            Side left = Convert(model, x1, options, problem.InputAxis, "-X1");
            Side? right = x2 is null ? null : Convert(model, x2, options, problem.InputAxis, "-X2");
            if (options.MemoryLimit is not null)
            {
                // Less than an example's values and their cotangents cannot be gone by; as for the kernel itself, that is an error.
                problem.RequireMemory(2 * ForwardPass.Bytes(problem.Prepare(output, left, right ?? left, 1, out _).Model.Program));
            }
            return new KernelOperator(problem, output, left, right, cancellation);
        }
        catch
        {
            problem.Dispose();
            throw;
        }
    });

    private static int OnlyOutput(NtkModel model, RunOptions options, string why) => OutputSelection.Select(model, options.Outputs) is [var only] ? only
        : throw new NtkException(NtkErrorId.InvalidArgument, $"{why}, and {model.Name} has {model.Outputs.Count} outputs ({string.Join(", ", model.Outputs.Select(o => o.Name))}); choose one with -Output.");
}
