using Ntk.Core.Autodiff;
using Ntk.Core.Kernels.Structure;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>
/// One tile of examples: forward once, then the output's rows pulled back through the program, all at once. Where a parameter meets data its use is
/// collected; what comes out is a <see cref="Term"/> for each group of parameters.
/// </summary>
internal sealed class TilePass
{
    private readonly TracedModel _model;
    private readonly Program _program;
    private readonly Tensor?[] _parameterValues;
    private readonly IReadOnlyList<(ParameterGroup Group, GroupMethod Method)> _groups;
    private readonly bool _useRules;
    private readonly bool _forward;
    private readonly WorkMeter? _meter;
    private readonly CancellationToken _cancellation;
    private readonly CompressedRows? _compressed;
    private readonly int[] _forwardLast;
    private readonly int[] _reverseLast;
    private readonly Dictionary<int, (int Group, int Root)> _groupOf = [];

    /// <summary>Prepares passes over tiles of one size.</summary>
    /// <param name="model">The traced model.</param>
    /// <param name="parameterValues">Values of all variables that depend on parameters alone, and the parameters' own.</param>
    /// <param name="groups">The groups of parameters, and what form the term of each takes.</param>
    /// <param name="useRules">Whether structure rules may be used.</param>
    /// <param name="forward">Whether the Jacobian of a primitive without a rule is written out in forward mode.</param>
    /// <param name="meter">Measures the parts; null for nothing.</param>
    /// <param name="cancellation">Stops between equations.</param>
    /// <param name="compressed">The rows to go on with; null for all rows.</param>
    public TilePass(TracedModel model, Tensor?[] parameterValues, IReadOnlyList<(ParameterGroup Group, GroupMethod Method)> groups, bool useRules, bool forward, WorkMeter? meter,
        CancellationToken cancellation, CompressedRows? compressed = null)
    {
        _compressed = compressed;
        _model = model;
        _program = model.Program;
        _parameterValues = parameterValues;
        _groups = groups;
        _useRules = useRules;
        _forward = forward;
        _meter = meter;
        _cancellation = cancellation;
        _reverseLast = model.ReverseReads();
        _forwardLast = ForwardPass.LastUses(_program);
        for (int v = 0; v < _forwardLast.Length; v++)
        {
            if (_reverseLast[v] >= 0 || parameterValues[v] is not null)
            {
                _forwardLast[v] = -1;
            }
        }
        for (int g = 0; g < groups.Count; g++)
        {
            for (int r = 0; r < groups[g].Group.Roots.Count; r++)
            {
                _groupOf.Add(groups[g].Group.Roots[r].Variable, (g, r));
            }
        }
    }

    /// <summary>Evaluates the variables that depend on parameters alone.</summary>
    public static Tensor?[] EvaluateParameters(Program program, IReadOnlyList<Tensor> parameters, CancellationToken cancellation)
    {
        var values = new Tensor?[program.Variables.Length];
        ForwardPass.Bind(program, program.Parameters, parameters, values);
        var never = new int[values.Length];
        Array.Fill(never, -1);
        using DisposeScope scope = NewDisposeScope();
        ForwardPass.Evaluate(program, values, e => !program.Variables[e.Output].Dependence.HasFlag(Dependence.Data), never, cancellation);
        foreach (Equation equation in program.Equations)
        {
            values[equation.Output]?.DetachFromDisposeScope();
        }
        return values;
    }

    /// <summary>Runs a tile; gives each group's term to <paramref name="emit"/> as soon as it is whole. Terms belong to the caller's scope.</summary>
    /// <param name="inputs">The tile's inputs.</param>
    /// <param name="rows">The output's rows.</param>
    /// <param name="emit">Takes the terms.</param>
    /// <param name="room">Where a group's Jacobian of such a shape may be written; null, or giving null, for a tensor of its own.</param>
    public void Run(IReadOnlyList<Tensor> inputs, OutputRows rows, Action<int, Term> emit, Func<int, long[], Tensor?>? room = null)
    {
        using DisposeScope scope = NewDisposeScope();
        var values = (Tensor?[])_parameterValues.Clone();
        ForwardPass.Bind(_program, _program.Inputs, inputs, values);
        using (_meter.Measure(WorkKind.Forward))
        {
            ForwardPass.Evaluate(_program, values, e => _program.Variables[e.Output].Dependence.HasFlag(Dependence.Data), _forwardLast, _cancellation);
        }
        var collectors = _groups.Select(g => new TermCollector(_program, g.Group, g.Method, _parameterValues)).ToArray();
        var cotangents = new Dictionary<int, Cotangent>();
        int output = _model.Output;
        Tensor seeds = rows.Seeds(_program.Variables[output].Type.Rank, _program.Variables[output].Type.DType);
        if (_groupOf.TryGetValue(output, out (int Group, int Root) own))
        {
            collectors[own.Group].Add(own.Root, seeds.unsqueeze(1));
            Finish(own.Group);
            return;
        }
        cotangents.Add(output, new Cotangent(seeds, _model.Axes is not null));
        void Finish(int group)
        {
            if (collectors[group].TryFinish() is { } term)
            {
                using WorkMeter.Part part = _meter.Measure(WorkKind.Contraction, group);
                emit(group, term);
            }
        }
        for (int e = _program.Equations.Length - 1; e >= 0; e--)
        {
            Equation equation = _program.Equations[e];
            if (cotangents.Remove(equation.Output, out Cotangent? cotangent))
            {
                _cancellation.ThrowIfCancellationRequested();
                using DisposeScope step = NewDisposeScope();
                using WorkMeter.Part part = _meter.Measure(WorkKind.PullBack, e);
                cotangent = _compressed?.Take(equation.Output, cotangent, _model.AxisOf(equation.Output), _model.Examples) ?? cotangent;
                PullBack(equation, e, values, cotangent, cotangents, collectors, rows.Diagonal * rows.Full == 1, Finish, room);
                cotangent.Release();
            }
            Release(equation, e, values);
        }
        // A root that no cotangent reaches contributes nothing; a group that waited for it is whole now.
        for (int g = 0; g < collectors.Length; g++)
        {
            if (collectors[g].FinishEarly() is { } term)
            {
                using WorkMeter.Part part = _meter.Measure(WorkKind.Contraction, g);
                emit(g, term);
            }
        }
    }

    private void PullBack(Equation equation, int index, Tensor?[] values, Cotangent cotangent, Dictionary<int, Cotangent> cotangents,
        TermCollector[] collectors, bool isTraced, Action<int> finish, Func<int, long[], Tensor?>? room)
    {
        Primitive primitive = equation.Primitive;
        Tensor?[] operands = Array.ConvertAll(equation.Operands, o => _program.Variables[o].Constant ?? values[o]);
        TensorType[] types = _program.OperandTypes(equation);
        Variable output = _program.Variables[equation.Output];
        var point = new Point(operands, values[equation.Output], types, output.Type);
        Tensor? whole = null;
        Tensor Full() => whole ??= cotangent.Full(_model.AxisOf(equation.Output), _model.Examples);
        for (int i = 0; i < operands.Length; i++)
        {
            int o = equation.Operands[i];
            if (!_program.Variables[o].Active || !primitive.IsDifferentiable(i))
            {
                continue;
            }
            if (!_model.Carries(o))
            {
                (int group, int root) = _groupOf[o];
                if (_groups[group].Method == GroupMethod.Fused)
                {
                    continue; // part of the product whose output this shift is added to
                }
                using WorkMeter.Part part = _meter.Measure(WorkKind.Term, group);
                bool masked = cotangent.Mask is not null && _groups[group].Method switch
                {
                    GroupMethod.Gram => TermCollector.TakesMasks(_program, _groups[group].Group, isTraced, index),
                    GroupMethod.Explicit => !_forward && _useRules && collectors[group].IsUse && StructureRule.TakesMask(primitive, i, types[i], cotangent.Rows),
                    _ => false,
                };
                Collect(collectors[group], group, root, new UseSite(primitive, i, cotangent.Mask is null || masked ? cotangent.Rows : Full(), cotangent.Shared && (cotangent.Mask is null || masked),
                    point, Array.ConvertAll(equation.Operands, _model.AxisOf), _model.AxisOf(equation.Output), _model.Examples,
                    cotangent.Shared || _model.IsBatched ? UnitOf(index) : null, masked ? cotangent.Mask : null), room);
                finish(group);
                continue;
            }
            if (_compressed?.Known(o) is { } known)
            {
                cotangents.TryAdd(o, known with { Rows = known.Rows.MoveToOuterDisposeScope() });
                continue;
            }
            CotangentForm form = CotangentForms.Pulled(_model, equation, i, cotangent.Form);
            if (form == CotangentForm.Shared)
            {
                UnitEquation unit = UnitOf(index)!;
                var unitOperands = new Tensor?[operands.Length];
                for (int j = 0; j < operands.Length; j++)
                {
                    unitOperands[j] = unit.Constants[j] ?? operands[j];
                }
                Pull(cotangents, o, unit.Primitive, i, cotangent.Rows, true, new Point(unitOperands, null, unit.OperandTypes, unit.OutputType));
            }
            else if (form == CotangentForm.Masked)
            {
                var elementwise = (Autodiff.Primitives.Elementwise)primitive;
                Tensor mask = cotangent.Mask is { } before ? before.unsqueeze(0) : ones(Shapes.Prepend(1, output.Type.Shape), output.Type.DType);
                Accumulate(cotangents, o, new Cotangent(cotangent.Rows.alias(), true, elementwise.VjpUnreduced(i, mask, point).squeeze(0)));
            }
            else
            {
                Pull(cotangents, o, primitive, i, Full(), false, point);
            }
        }
    }

    private void Pull(Dictionary<int, Cotangent> cotangents, int variable, Primitive primitive, int operand, Tensor rows, bool shared, in Point point)
    {
        Cotangent? before = cotangents.GetValueOrDefault(variable);
        if ((before is null || (before is { Owned: true, Mask: null } && before.Shared == shared)) && primitive.AccumulateVjp(operand, before?.Rows, rows, point) is { } sum)
        {
            if (before is null)
            {
                cotangents[variable] = new Cotangent(sum.MoveToOuterDisposeScope(), shared, Owned: true);
            }
            return;
        }
        Accumulate(cotangents, variable, new Cotangent(primitive.Vjp(operand, rows, point), shared));
    }

    private UnitEquation? UnitOf(int index)
    {
        if (_model.Unit is not { } unit)
        {
            return null;
        }
        Equation equation = unit.Equations[index];
        return new UnitEquation(equation.Primitive, unit.OperandTypes(equation), unit.Variables[equation.Output].Type,
            Array.ConvertAll(equation.Operands, o => unit.Variables[o].Constant));
    }

    private void Accumulate(Dictionary<int, Cotangent> cotangents, int variable, Cotangent pulled)
    {
        if (cotangents.TryGetValue(variable, out Cotangent? before))
        {
            BatchAxis? axis = _model.AxisOf(variable);
            bool shared = before is { Shared: true, Mask: null } && pulled is { Shared: true, Mask: null };
            Tensor sum = shared ? before.Rows + pulled.Rows : before.Full(axis, _model.Examples) + pulled.Full(axis, _model.Examples);
            before.Release();
            pulled = new Cotangent(sum, shared, Owned: true);
        }
        cotangents[variable] = pulled with { Rows = pulled.Rows.MoveToOuterDisposeScope(), Mask = pulled.Mask?.MoveToOuterDisposeScope() };
    }

    private void Collect(TermCollector collector, int group, int root, UseSite site, Func<int, long[], Tensor?>? room)
    {
        StructureRule? rule = _useRules ? StructureRule.For(site.Primitive, site.Operand, site.Point.OutputType) : null;
        if (rule is null)
        {
            collector.Add(root, StructureRule.Dense(site, _forward, _cancellation));
        }
        else if (collector.KeepsFactors || collector.Gathers(root, rule.Shape(site), site.Cotangent.shape[0]))
        {
            collector.Add(root, rule.Apply(site));
        }
        else
        {
            collector.Add(root, rule.Jacobian(site, room is not null && collector.IsUse ? shape => room(group, shape) : null));
        }
    }

    private void Release(Equation equation, int index, Tensor?[] values)
    {
        foreach (int v in equation.Operands.Append(equation.Output))
        {
            if (_reverseLast[v] == index && _parameterValues[v] is null && Array.IndexOf(_program.Inputs, v) < 0)
            {
                values[v]?.Dispose();
                values[v] = null;
            }
        }
    }
}
