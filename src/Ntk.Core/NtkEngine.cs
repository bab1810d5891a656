using Ntk.Core.Autodiff;
using Ntk.Core.Formats;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core;

/// <summary>The core's front door: import a model, run it, compute its kernel.</summary>
public static class NtkEngine
{
    /// <summary>Reads a model file or folder.</summary>
    /// <param name="path">A SavedModel's folder, a frozen graph (.pb), a .keras or an .h5 file.</param>
    /// <param name="options">What of it is to be read.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="NtkException">The path, format or content is not what it should be, or the model uses something unsupported.</exception>
    public static NtkModel Import(string path, ImportOptions? options = null, CancellationToken cancellation = default)
    {
        TorchRuntime.Initialize();
        return ModelImporter.Import(path, options, cancellation);
    }

    /// <summary>Makes a model of what a file was read into.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="path">The path it came from.</param>
    /// <param name="source">What was read.</param>
    public static NtkModel CreateModel(string name, string path, ModelSource source) =>
        new(name, path, source.Format, source.Inputs, source.Outputs, source.Parameters, new ModelSession(source));

    /// <summary>Whether the model's inputs have an order that its author knows, as Keras's have; a signature's go by name only.</summary>
    public static bool InputsAreOrdered(NtkModel model) => ModelSession.Of(model).Source.InputsAreOrdered;

    /// <summary>The model's outputs at <paramref name="inputs"/>, one tensor each, named.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">A tensor for each of the model's inputs, in order, batch axis first, dtypes as the inputs'.</param>
    /// <param name="options">What to compute.</param>
    /// <param name="progress">Told of each tile.</param>
    /// <param name="cancellation">Stops between tiles and equations.</param>
    public static IReadOnlyList<NtkTensor> Run(NtkModel model, IReadOnlyList<NtkTensor> inputs, RunOptions options,
        IProgress<NtkProgress>? progress = null, CancellationToken cancellation = default)
    {
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        using var _ = no_grad();
        return Shaped(model, () => new ModelRun(model, options, progress, cancellation).Run(Convert(model, inputs, options.Precision, 0)));
    }

    /// <summary>The empirical neural tangent kernel, one tensor for each output.</summary>
    /// <param name="model">The model.</param>
    /// <param name="x1">A tensor for each of the model's inputs.</param>
    /// <param name="x2">The same for the other side; null for <paramref name="x1"/> with itself.</param>
    /// <param name="options">Which kernel.</param>
    /// <param name="progress">Told of each tile.</param>
    /// <param name="cancellation">Stops between tiles and equations.</param>
    public static IReadOnlyList<NtkTensor> EmpiricalNtk(NtkModel model, IReadOnlyList<NtkTensor> x1, IReadOnlyList<NtkTensor>? x2, KernelOptions options,
        IProgress<NtkProgress>? progress = null, CancellationToken cancellation = default)
    {
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        using var _ = no_grad();
        return Shaped(model, () =>
        {
            using var problem = new ModelProblem(model, options, cancellation);
            int[] outputs = OutputSelection.Select(model, options.Outputs);
            if (options.OutFile is not null && outputs.Length > 1)
            {
                throw new NtkException(NtkErrorId.InvalidArgument, $"-OutFile takes one kernel, and {model.Name} has {outputs.Length} outputs; choose one with -Output.");
            }
            Side left = Convert(model, x1, options.Precision, problem.InputAxis);
            Side? right = x2 is null ? null : Convert(model, x2, options.Precision, problem.InputAxis);
            return outputs.Select(o => new KernelComputation(problem, o, left, right, progress, cancellation).Run()).ToArray();
        });
    }

    private static Side Convert(NtkModel model, IReadOnlyList<NtkTensor> inputs, NtkPrecision precision, int axis)
    {
        if (inputs.Count != model.Inputs.Count)
        {
            throw new NtkException(NtkErrorId.InputMismatch, $"{model.Name} takes {model.Inputs.Count} inputs ({string.Join(", ", model.Inputs.Select(i => i.Name))}), not {inputs.Count}.");
        }
        var trace = new Trace(precision == NtkPrecision.Double ? ScalarType.Float64 : ScalarType.Float32);
        Tensor[] tensors = inputs.Select(t => ModelSession.Convert(trace, t)).ToArray();
        long examples = tensors.Length == 0 || tensors[0].dim() == 0 ? 1 : tensors[0].shape[axis < 0 ? axis + tensors[0].dim() : axis];
        return new Side(tensors, examples);
    }

    private static T Shaped<T>(NtkModel model, Func<T> compute)
    {
        try
        {
            return compute();
        }
        catch (ShapeException e)
        {
            throw new NtkException(NtkErrorId.ShapeMismatch, $"{model.Name} cannot be run on inputs of these shapes: {e.Message}.", e);
        }
    }
}
