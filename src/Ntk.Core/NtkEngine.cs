using System.Runtime.InteropServices;
using Ntk.Core.Autodiff;
using Ntk.Core.Formats;
using Ntk.Core.Kernels;
using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core;

/// <summary>The core's front door: import a model, run it, compute its kernel.</summary>
public static partial class NtkEngine
{
    /// <summary>Reads a model file or folder.</summary>
    /// <param name="path">A SavedModel's folder, a frozen graph (.pb), a .keras or an .h5 file, a TensorFlow.js model.json or its folder.</param>
    /// <param name="options">What of it is to be read.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="NtkException">The path, format or content is not what it should be, or the model uses something unsupported.</exception>
    public static NtkModel Import(string path, ImportOptions? options = null, CancellationToken cancellation = default)
    {
        TorchRuntime.Initialize();
        return ModelImporter.Import(path, options, cancellation);
    }

    /// <summary>What a model file uses, and what stands in the way of importing it: one part an op or layer, obstacles first.</summary>
    /// <param name="path">As <see cref="Import"/> takes it.</param>
    /// <param name="options">What of it is to be read.</param>
    /// <param name="cancellation">Stops between steps.</param>
    /// <exception cref="NtkException">There is nothing at the path, or it is no model or damaged.</exception>
    public static IReadOnlyList<NtkModelPart> Survey(string path, ImportOptions? options = null, CancellationToken cancellation = default)
    {
        TorchRuntime.Initialize();
        return ModelImporter.Survey(path, options, cancellation);
    }

    /// <summary>Makes a model of what a file was read into.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="path">The path it came from.</param>
    /// <param name="source">What was read.</param>
    public static NtkModel CreateModel(string name, string path, ModelSource source) =>
        new(name, path, source.Format, source.Inputs, () => ShapeProbe.Described(source), source.Parameters, new ModelSession(source));

    /// <summary>What the user should know of a model's file before trusting a derivative.</summary>
    public static IReadOnlyList<string> Warnings(NtkModel model) => ModelSession.Of(model).Source.Warnings;

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
        return Computed(model, () =>
        {
            using Side side = Convert(model, inputs, options, 0, "-X");
            return new ModelRun(model, options, null, progress, cancellation).Run(side);
        });
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
        return Computed(model, () =>
        {
            using var problem = new ModelProblem(model, options with { Meter = options.Report is null ? options.Meter : new WorkMeter() }, cancellation);
            int[] outputs = OutputSelection.Select(model, options.Outputs);
            if (outputs.Length > 1 && (options.OutFile is not null || options.Parts != KernelParts.Sum))
            {
                string what = options.OutFile is not null ? "-OutFile takes one kernel" : "The parts of one kernel are named after the parameters";
                throw new NtkException(NtkErrorId.InvalidArgument, $"{what}, and {model.Name} has {outputs.Length} outputs; choose one with -Output.");
            }
            if (options.OutFile is not null && problem.Shares.Names.Count != 1)
            {
                throw new NtkException(NtkErrorId.InvalidArgument, $"-OutFile takes one kernel, not the {problem.Shares.Names.Count} that each parameter's or layer's share gives; choose one with -ParameterName.");
            }
            using Side left = Convert(model, x1, options, problem.InputAxis, "-X1");
            using Side? right = x2 is null ? null : Convert(model, x2, options, problem.InputAxis, "-X2");
            return outputs.SelectMany(o => new KernelComputation(problem, o, left, right, progress, cancellation).Run()).ToArray();
        });
    }

    /// <summary>What a kernel will cost, one plan for each output; nothing is computed.</summary>
    /// <param name="model">The model.</param>
    /// <param name="x1">A tensor for each of the model's inputs; only their shapes matter.</param>
    /// <param name="x2">The same for the other side; null for <paramref name="x1"/> with itself.</param>
    /// <param name="options">Which kernel.</param>
    /// <param name="cancellation">Stops between equations.</param>
    public static IReadOnlyList<NtkPlan> Plan(NtkModel model, IReadOnlyList<NtkTensor> x1, IReadOnlyList<NtkTensor>? x2, KernelOptions options, CancellationToken cancellation = default)
    {
        return Computed(model, () =>
        {
            using var problem = new ModelProblem(model, options, cancellation);
            using Side left = Convert(model, x1, options, problem.InputAxis, "-X1");
            using Side? right = x2 is null ? null : Convert(model, x2, options, problem.InputAxis, "-X2");
            return OutputSelection.Select(model, options.Outputs).Select(o => new KernelComputation(problem, o, left, right, null, cancellation).Plan()).ToArray();
        });
    }

    private static Side Convert(NtkModel model, IReadOnlyList<NtkTensor> inputs, RunOptions options, int axis, string argument)
    {
        if (inputs.Count != model.Inputs.Count)
        {
            throw new NtkException(NtkErrorId.InputMismatch, $"{model.Name} takes {model.Inputs.Count} inputs ({string.Join(", ", model.Inputs.Select(i => i.Name))}), not {inputs.Count}.");
        }
        WarnOfNotFinite(model, inputs, options.Warn, argument);
        var trace = new Trace(options.Precision == NtkPrecision.Double ? ScalarType.Float64 : ScalarType.Float32);
        Tensor[] tensors = inputs.Select(t => ModelSession.Convert(trace, t)).ToArray();
        bool present = tensors.Length > 0 && axis < tensors[0].dim() && axis >= -tensors[0].dim();
        return new Side(tensors, present ? tensors[0].shape[Shapes.Axis(axis, (int)tensors[0].dim())] : 1);
    }

    private static void WarnOfNotFinite(NtkModel model, IReadOnlyList<NtkTensor> inputs, Action<string>? warn, string argument)
    {
        for (int i = 0; warn is not null && i < inputs.Count; i++)
        {
            long rows = InputBinding.CountRowsNotFinite(inputs[i]);
            if (rows > 0)
            {
                string which = inputs.Count == 1 ? argument : $"{argument}['{model.Inputs[i].Name}']";
                warn($"{which} has NaN or infinity in {rows:N0} of {inputs[i].RowCount:N0} examples; what depends on them may be NaN.");
            }
        }
    }

    // Tensors made on the way end with the computation; what went wrong inside is told in the caller's terms.
    private static T Computed<T>(NtkModel model, Func<T> compute)
    {
        TorchRuntime.Initialize();
        using DisposeScope scope = NewDisposeScope();
        using var _ = no_grad();
        return Shaped(model, compute);
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
        catch (InvalidDataException e)
        {
            throw new NtkException(NtkErrorId.FileCorrupt, $"'{model.Path}' holds a damaged model: {e.Message}.", e) { Target = model.Path };
        }
        catch (Exception e) when (e is OutOfMemoryException || (e is ExternalException && e.Message.Contains("can't allocate memory", StringComparison.Ordinal)))
        {
            throw new NtkException(NtkErrorId.OutOfMemory, $"The machine has not enough memory to compute {model.Name} so. Give a smaller -MemoryLimit, fewer examples, or trace over more axes.", e);
        }
    }
}
