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
    private readonly HashSet<int> _promised = [];
    private readonly bool _areTheFiles;
    private readonly CancellationToken _cancellation;

    /// <summary>Resolves parameters, their values and the memory limit.</summary>
    public ModelProblem(NtkModel model, KernelOptions options, CancellationToken cancellation)
    {
        Model = model;
        Session = ModelSession.Of(model);
        Options = options;
        FloatType = options.Precision == NtkPrecision.Double ? ScalarType.Float64 : ScalarType.Float32;
        MemoryLimit = MemoryBudget.Resolve(options.MemoryLimit);
        _cancellation = cancellation;
        _selected = ParameterSelection.Select(model, options);
        Shares = KernelShares.Of(model.Parameters, _selected, options.Parts);
        _selection = string.Concat(_selected.Select(s => s ? '1' : '0'));
        (_parameters, _areTheFiles) = ParameterSelection.Values(model, Session, options.Parameters, FloatType, _owned);
    }

    /// <summary>The model.</summary>
    public NtkModel Model { get; }

    /// <summary>What has been worked out about it.</summary>
    public ModelSession Session { get; }

    /// <summary>What is asked.</summary>
    public KernelOptions Options { get; }

    /// <summary>The type computed in.</summary>
    public ScalarType FloatType { get; }

    /// <summary>The kernel's element type.</summary>
    public NtkDType Precision => TorchTensors.TypeOf(FloatType);

    /// <summary>Bytes that the computation may take.</summary>
    public long MemoryLimit { get; }

    /// <summary>The kernels asked for, and what goes to which.</summary>
    public KernelShares Shares { get; }

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
        string? obstacle = left.Unevenness(InputAxis, "-X1") ?? right.Unevenness(InputAxis, "-X2");
        if (obstacle is not null)
        {
            return Options.VmapAxes.Auto ? PrepareWhole(output, left) : throw new NtkException(NtkErrorId.InvalidAxis, $"-VmapAxis {InputAxis}: {obstacle}.");
        }
        PreparedModel? prepared = PrepareBatched(output, left, [left.Examples, right.Examples], examples, out obstacle, out batch);
        prepared ??= PrepareAlone(output, left, right, obstacle, ref batch);
        if (prepared is not null)
        {
            return prepared;
        }
        return Options.VmapAxes.Auto ? PrepareWhole(output, left) : PreparePromised(output, left, right, obstacle, ref batch);
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
        return (prepared, extra <= 0 ? inputs : Array.ConvertAll(inputs, t => cat([t, .. Enumerable.Repeat(t.narrow(InputAxis, examples - 1, 1), extra)], InputAxis)));
    }

    /// <summary>The model made ready for one side's whole batch.</summary>
    public PreparedModel PrepareWhole(int output, Side side)
    {
        long[][] shapes = Array.ConvertAll(side.Tensors, t => t.shape);
        string key = Key("whole", output, shapes);
        return Session.Prepare(key, () =>
        {
            Program program = Traced(output, shapes);
            IReadOnlyList<ParameterGroup> groups = ParameterGroup.Find(program, v => program.Variables[v].Dependence.HasFlag(Dependence.Data));
            return new PreparedModel(new TracedModel(program, 1, null, null, groups), null);
        });
    }

    /// <summary>The plan for a number of examples on each side; 0 for x1 with itself.</summary>
    public KernelPlan Plan(TracedModel model, KernelLayout layout, long examples1, long examples2) => KernelPlan.Make(model, layout, examples1, examples2,
        Options.Implementation switch
        {
            NtkImplementation.JacobianContraction => GroupMethod.Explicit,
            NtkImplementation.StructuredDerivatives when Options.SRules => GroupMethod.Gram,
            _ when !Options.SRules => GroupMethod.Explicit,
            _ => null,
        }, Options.JRules, compresses: Options.Implementation == NtkImplementation.Auto, Shares);

    /// <summary>A pass over tiles of a prepared model.</summary>
    /// <param name="prepared">The model.</param>
    /// <param name="plan">What is computed.</param>
    /// <param name="compressed">The rows that all passes of the plan go on with; null where it compresses none.</param>
    /// <param name="cancellation">Stops between equations.</param>
    public TilePass Pass(PreparedModel prepared, KernelPlan plan, CompressedRows? compressed, CancellationToken cancellation) =>
        new(prepared.Model, ParameterValues(prepared, cancellation), plan.Groups.Select(g => (g.Group, g.Method)).ToArray(), Options.JRules, Options.Fwd == true, Options.Meter, cancellation, compressed);

    /// <summary>For each parameter, by its position, its Jacobian in rows (K · G, parameter's shape), the examples running fastest.</summary>
    public Dictionary<int, Tensor> ParameterRows(PreparedModel prepared, Tensor[] inputs, OutputRows output, long examples, DisposeScope scope, CancellationToken cancellation)
    {
        Program program = prepared.Model.Program;
        (ParameterGroup Group, GroupMethod Method)[] groups = prepared.Model.Groups.Select(g => (g with { IsDirect = false }, GroupMethod.Explicit)).ToArray();
        var rows = new Dictionary<int, Tensor>();
        new TilePass(prepared.Model, ParameterValues(prepared, cancellation), groups, Options.JRules, forward: false, Options.Meter, cancellation).Run(inputs, output, (g, term) =>
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

    /// <summary>Refuses a smallest step, of so many bytes, that does not fit.</summary>
    public void RequireMemory(double bytes) =>
        MemoryBudget.Require(bytes, MemoryLimit, "One pair of examples", "Raise -MemoryLimit, trace over more axes, or choose outputs with -OutputIndex.");

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

    // A model made for one example at a time takes several by running each alone; null for any other model.
    private PreparedModel? PrepareAlone(int output, Side left, Side right, string? obstacle, ref int batch)
    {
        (int inAxis, int outAxis) = (InputAxis, Options.VmapAxes.Out ?? 0);
        if (!SingleExamples.Are(Session.Source, left, inAxis, shapes => Traced(output, shapes)) && !SingleExamples.Are(Session.Source, right, inAxis, shapes => Traced(output, shapes)))
        {
            return null;
        }
        Program alone = Traced(output, left.Shapes(1, inAxis));
        TensorType type = alone.Variables[alone.Outputs[0]].Type;
        if (outAxis < -type.Rank || outAxis >= type.Rank || type.Shape[Shapes.Axis(outAxis, type.Rank)] != 1)
        {
            return null;
        }
        batch = Shapes.Axis(outAxis, type.Rank);
        return PrepareOne(output, left, alone, obstacle);
    }

    private PreparedModel PrepareOne(int output, Side side, Program alone, string? obstacle) =>
        Session.Prepare(Key($"alone {InputAxis},{Options.VmapAxes.Out ?? 0}", output, side.Shapes(1, InputAxis)), () => new PreparedModel(new TracedModel(alone, 1, null, null,
            ParameterGroup.Find(alone, v => alone.Variables[v].Dependence.HasFlag(Dependence.Data)), IsPromised: true), obstacle));

    // The user says that examples are independent, and nothing proves it: taken at his word unless the inputs themselves refute it.
    private PreparedModel PreparePromised(int output, Side left, Side right, string? obstacle, ref int batch)
    {
        (int inAxis, int outAxis) = (InputAxis, Options.VmapAxes.Out ?? 0);
        string given = $"-VmapAxis {(inAxis == outAxis ? $"{inAxis}" : $"{inAxis},{outAxis}")}";
        Program alone;
        try
        {
            alone = Traced(output, left.Shapes(1, inAxis));
        }
        catch (Exception e) when (ShapeException.IsCauseOf(e))
        {
            WarnOnce(output, $"{given}: the model takes no single example ({e.Message.TrimEnd('.')}), so that examples cannot be taken apart; the exact Jacobian of the whole batch is used.");
            return PrepareWhole(output, left);
        }
        TensorType type = alone.Variables[alone.Outputs[0]].Type;
        if (outAxis < -type.Rank || outAxis >= type.Rank || type.Shape[batch = Shapes.Axis(outAxis, type.Rank)] != 1)
        {
            throw new NtkException(NtkErrorId.InvalidAxis, $"{given}: the output of one example, {type}, has no axis {outAxis} of size 1 for the examples.");
        }
        if (!_promised.Contains(output))
        {
            RefuseMixing(output, left, "-X1", alone, given);
            RefuseMixing(output, right, "-X2", alone, given);
            if (left.Examples > 1 || right.Examples > 1)
            {
                WarnOnce(output, $"{given} is taken at its word: that the model keeps examples apart could not be shown at {obstacle}. They are computed one by one; if it mixes them the kernel is wrong.");
            }
        }
        return PrepareOne(output, left, alone, obstacle);
    }

    private void RefuseMixing(int output, Side side, string argument, Program alone, string given)
    {
        (int inAxis, int outAxis) = (InputAxis, Options.VmapAxes.Out ?? 0);
        long count = Math.Min(side.Examples, MixingWitness.MostExamples);
        if (count < 2)
        {
            return;
        }
        string? fault = null;
        try
        {
            Program batch = Traced(output, side.Shapes(count, inAxis));
            TensorType type = batch.Variables[batch.Outputs[0]].Type;
            using DisposeScope scope = NewDisposeScope();
            fault = type.Rank != alone.Variables[alone.Outputs[0]].Type.Rank || type.Shape[Shapes.Axis(outAxis, type.Rank)] != count
                ? $"the output of {count} examples, {type}, does not hold one at each index of axis {outAxis}"
                : MixingWitness.Find(batch, alone, _parameters, new Side(side.Tile(0, count, inAxis), count), inAxis, outAxis, _cancellation) is { } example
                    ? $"example {example} of {argument} gives another output or derivative among {count} examples than alone" : null;
        }
        catch (Exception e) when (ShapeException.IsCauseOf(e))
        {
            fault = $"the model takes one example, but not {count} ({e.Message.TrimEnd('.')})";
        }
        if (fault is not null)
        {
            throw new NtkException(NtkErrorId.BatchAxisMixed, $"{given}: the model mixes examples along this axis: {fault}. Use -VmapAxis Auto or None.");
        }
    }

    private Program Traced(int output, long[][] shapes) => Select(Session.Trace(_parameters, shapes, FloatType, [output], _cancellation, Options.OutputIndex));

    private void WarnOnce(int output, string warning)
    {
        if (_promised.Add(output))
        {
            Options.Warn?.Invoke(warning);
        }
    }

    private TracedModel? Batched(int output, Side side, long[] sizes, long examples, int inAxis, int outAxis, out string? obstacle)
    {
        try
        {
            Program Traced(long n) => Session.Trace(_parameters, side.Shapes(n, inAxis), FloatType, [output], _cancellation, Options.OutputIndex);
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
            if (sizes.Any(n => n != proven && !TracedModel.AreAlike(program, axes, Traced(n), n)))
            {
                obstacle = "a graph that depends on the number of examples";
                return null;
            }
            if (!TracedModel.AreAlike(program, axes, unit, 1))
            {
                unit = null;
            }
            IReadOnlyList<ParameterGroup> groups = ParameterGroup.Find(program, v => axes[v] is not null);
            return examples == 1 && unit is not null ? new TracedModel(Select(unit), 1, axes, unit, groups) : new TracedModel(program, proven, axes, unit, groups);
        }
        catch (Exception e) when (ShapeException.IsCauseOf(e))
        {
            // A graph of fixed batch size: the whole batch it is.
            obstacle = e.Message;
            return null;
        }
    }

    private string Chosen => Options.OutputIndex is { } elements ? string.Join(";", elements.Select(e => string.Join(",", e))) : "";

    private string Key(string kind, int output, long[][] shapes) => $"{kind}|{Session.OpenShapes(_parameters)}|{FloatType}|{output}|{Chosen}|{_selection}|{string.Join(";", shapes.Select(Shapes.Format))}";

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
