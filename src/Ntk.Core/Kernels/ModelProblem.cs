using Ntk.Core.Autodiff;
using Ntk.Core.Formats;
using Ntk.Core.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>A model with the parameters it is to be differentiated by, their values, and how to compute.</summary>
internal sealed class ModelProblem : IDisposable
{
    private readonly bool[] _selected;
    private readonly string _selection;
    private readonly Tensor[] _parameters;
    private readonly List<Tensor> _owned = [];
    private readonly bool _areTheFiles;
    private readonly CancellationToken _cancellation;

    /// <summary>Resolves parameters, their values and the memory limit.</summary>
    public ModelProblem(NtkModel model, KernelOptions options, CancellationToken cancellation)
    {
        Session = ModelSession.Of(model);
        Options = options;
        FloatType = options.Precision == NtkPrecision.Double ? ScalarType.Float64 : ScalarType.Float32;
        MemoryLimit = MemoryBudget.Resolve(options.MemoryLimit);
        _cancellation = cancellation;
        _selected = ParameterSelection.Select(model, options);
        _selection = string.Concat(_selected.Select(s => s ? '1' : '0'));
        (_parameters, _areTheFiles) = ParameterSelection.Values(model, Session, options.Parameters, FloatType, _owned);
    }

    /// <summary>The model.</summary>
    public ModelSession Session { get; }

    /// <summary>What is asked.</summary>
    public KernelOptions Options { get; }

    /// <summary>The type computed in.</summary>
    public ScalarType FloatType { get; }

    /// <summary>The kernel's element type.</summary>
    public NtkDType Precision => TorchTensors.TypeOf(FloatType);

    /// <summary>Bytes that the computation may take.</summary>
    public long MemoryLimit { get; }

    /// <summary>The inputs' axis of examples.</summary>
    public int InputAxis => Options.VmapAxes.In ?? 0;

    /// <summary>
    /// The model made ready for a number of examples, or, where they are not independent, for the left side's whole batch.
    /// </summary>
    public PreparedModel Prepare(int output, Side left, Side right, long examples, out int batch)
    {
        batch = 0;
        if (!Options.VmapAxes.Auto && Options.VmapAxes.In is null)
        {
            return PrepareWhole(output, left);
        }
        PreparedModel? prepared = PrepareBatched(output, left, [left.Examples, right.Examples], examples, out string? obstacle, out batch);
        if (prepared is not null)
        {
            return prepared;
        }
        if (!Options.VmapAxes.Auto)
        {
            throw new NtkException(NtkErrorId.BatchAxisMixed,
                $"-VmapAxis {Options.VmapAxes.In}: the model mixes examples along this axis, or cannot be shown not to, at {obstacle}. Use -VmapAxis Auto or None.");
        }
        return PrepareWhole(output, left);
    }

    /// <summary>
    /// A model of independent examples made ready for a tile, and the tile's inputs for it: padded with copies of the last example where the model needs more.
    /// </summary>
    public (PreparedModel Model, Tensor[] Inputs) PrepareTile(int output, Side left, Side right, Tensor[] inputs, long examples)
    {
        PreparedModel prepared = Prepare(output, left, right, examples, out _);
        // A size that happens to be a constant's can hide the examples' axis: one more example tells them apart.
        const int Tries = 8;
        for (long more = 1; !prepared.Model.IsBatched; more++)
        {
            if (more > Tries)
            {
                throw new NtkException(NtkErrorId.BatchAxisMixed, "The examples are independent in some batch sizes and not in others; compute with -VmapAxis None.");
            }
            prepared = Prepare(output, left, right, examples + more, out _);
        }
        int extra = (int)(prepared.Model.Examples - examples);
        return (prepared, extra == 0 ? inputs : Array.ConvertAll(inputs, t => cat([t, .. Enumerable.Repeat(t.narrow(InputAxis, examples - 1, 1), extra)], InputAxis)));
    }

    /// <summary>The model made ready for one side's whole batch.</summary>
    public PreparedModel PrepareWhole(int output, Side side)
    {
        long[][] shapes = side.Shapes(side.Examples, 0);
        string key = Key("whole", output, shapes);
        return Session.Prepare(key, () =>
        {
            Program program = Select(Session.Trace(shapes, FloatType, [output], _cancellation, Options.OutputIndex));
            IReadOnlyList<ParameterGroup> groups = ParameterGroup.Find(program, v => program.Variables[v].Dependence.HasFlag(Dependence.Data));
            return new PreparedModel(new TracedModel(program, 1, null, null, groups), null);
        });
    }

    /// <summary>The plan for a number of examples on each side.</summary>
    public KernelPlan Plan(TracedModel model, KernelLayout layout, long examples1, long examples2) => KernelPlan.Make(model, layout, examples1, examples2,
        Options.Implementation switch
        {
            NtkImplementation.JacobianContraction => GroupMethod.Explicit,
            NtkImplementation.StructuredDerivatives when Options.SRules => GroupMethod.Gram,
            _ when !Options.SRules => GroupMethod.Explicit,
            _ => null,
        }, Options.JRules);

    /// <summary>A pass over tiles of a prepared model.</summary>
    public TilePass Pass(PreparedModel prepared, KernelPlan plan, CancellationToken cancellation) =>
        new(prepared.Model, ParameterValues(prepared, cancellation), plan.Groups.Select(g => (g.Group, g.Method)).ToArray(), Options.JRules, cancellation);

    /// <summary>For each parameter, by its position, its Jacobian in rows (K · G, parameter's shape), the examples running fastest.</summary>
    public Dictionary<int, Tensor> ParameterRows(PreparedModel prepared, Tensor[] inputs, OutputRows output, long examples, DisposeScope scope, CancellationToken cancellation)
    {
        Program program = prepared.Model.Program;
        (ParameterGroup Group, GroupMethod Method)[] groups = prepared.Model.Groups.Select(g => (g with { IsDirect = false }, GroupMethod.Explicit)).ToArray();
        var rows = new Dictionary<int, Tensor>();
        new TilePass(prepared.Model, ParameterValues(prepared, cancellation), groups, Options.JRules, cancellation).Run(inputs, output, (g, term) =>
        {
            Tensor data = ((JacobianTerm)term.Narrow(0, examples)).Data;                                      // (G, 1, K, P)
            long start = 0;
            foreach (int p in groups[g].Group.Parameters)
            {
                long[] shape = program.Variables[program.Parameters[p]].Type.Shape;
                long size = Shapes.Count(shape);
                Tensor part = data.narrow(3, start, size).expand(examples, 1, output.Count, size).permute(2, 0, 1, 3).reshape([output.Count * examples, .. shape]);
                rows[p] = part.DetachFromDisposeScope();
                start += size;
            }
        });
        scope.Attach(rows.Values);
        return rows;
    }

    /// <summary>Values of the variables that depend on parameters alone.</summary>
    public Tensor?[] ParameterValues(PreparedModel prepared, CancellationToken cancellation) => prepared.Values(_parameters, _areTheFiles, cancellation);

    /// <summary>The parameters, one for each of the model's.</summary>
    public Tensor[] ParameterTensors => _parameters;

    /// <summary>Refuses what cannot fit.</summary>
    public void RequireMemory(double perExample, int examples)
    {
        if (perExample * examples > MemoryLimit)
        {
            throw new NtkException(NtkErrorId.MemoryLimitTooSmall,
                $"One pair of examples needs about {perExample * examples / 1e6:N0} MB, more than the limit of {MemoryLimit / 1e6:N0} MB. Raise -MemoryLimit, trace over more axes, or choose outputs with -OutputIndex.");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _owned.ForEach(t => t.Dispose());

    private PreparedModel? PrepareBatched(int output, Side side, long[] sizes, long examples, out string? obstacle, out int batch)
    {
        int inAxis = InputAxis, outAxis = Options.VmapAxes.Out ?? 0;
        string key = Key($"vmap {inAxis},{outAxis} of {examples} for {string.Join(",", sizes)}", output, side.Shapes(1, inAxis));
        PreparedModel prepared = Session.Prepare(key, () => new PreparedModel(Batched(output, side, sizes, examples, inAxis, outAxis, out string? reason), reason));
        obstacle = prepared.Obstacle;
        batch = 0;
        if (!prepared.IsPossible)
        {
            return null;
        }
        batch = Shapes.Axis(outAxis, prepared.Model.Program.Variables[prepared.Model.Output].Type.Rank);
        return prepared;
    }

    private TracedModel? Batched(int output, Side side, long[] sizes, long examples, int inAxis, int outAxis, out string? obstacle)
    {
        try
        {
            if (side.Tensors.Any(t => t.dim() == 0 || inAxis >= t.dim() || inAxis < -t.dim()))
            {
                obstacle = $"an input without axis {inAxis}";
                return null;
            }
            Program Traced(long n) => Session.Trace(side.Shapes(n, inAxis), FloatType, [output], _cancellation, Options.OutputIndex);
            // Shown for at least two: a single example could lie along any axis of size one.
            long proven = Math.Max(2, examples);
            Program program = Select(Traced(proven));
            Program? unit = Traced(1);
            BatchAxis?[]? axes = BatchAnalysis.Prove(program, proven, inAxis, outAxis, out obstacle);
            if (axes is null)
            {
                return null;
            }
            // What the model computes must not depend on how many examples it is given: neither at the user's sizes nor at the tiles'.
            if (sizes.Any(n => n != proven && !TracedModel.AreAlike(program, Traced(n))))
            {
                obstacle = "a graph that depends on the number of examples";
                return null;
            }
            if (!TracedModel.AreAlike(program, unit))
            {
                unit = null;
            }
            IReadOnlyList<ParameterGroup> groups = ParameterGroup.Find(program, v => axes[v] is not null);
            return examples == 1 && unit is not null ? new TracedModel(Select(unit), 1, axes, unit, groups) : new TracedModel(program, proven, axes, unit, groups);
        }
        catch (ShapeException e)
        {
            // A graph of fixed batch size: the whole batch it is.
            obstacle = e.Message;
            return null;
        }
    }

    private string Chosen => Options.OutputIndex is { } elements ? string.Join(";", elements.Select(e => string.Join(",", e))) : "";

    private string Key(string kind, int output, long[][] shapes) => $"{kind}|{FloatType}|{output}|{Chosen}|{_selection}|{string.Join(";", shapes.Select(Shapes.Format))}";

    // Parameters that are not summed over are constants to the derivative.
    private Program Select(Program program)
    {
        var active = new bool[program.Variables.Length];
        for (int p = 0; p < program.Parameters.Length; p++)
        {
            active[program.Parameters[p]] = _selected[p];
        }
        foreach (Equation equation in program.Equations)
        {
            for (int i = 0; i < equation.Operands.Length; i++)
            {
                active[equation.Output] |= active[equation.Operands[i]] && equation.Primitive.IsDifferentiable(i);
            }
        }
        return program with { Variables = program.Variables.Select((v, i) => v.Active == active[i] ? v : v with { Active = active[i] }).ToArray() };
    }
}
