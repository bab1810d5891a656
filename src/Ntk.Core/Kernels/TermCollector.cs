using Ntk.Core.Autodiff;
using Ntk.Core.Kernels.Structure;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>What form a group's term takes.</summary>
internal enum GroupMethod
{
    /// <summary>The Jacobian is written out and contracted.</summary>
    Explicit,
    /// <summary>Its factors are kept where they take less room, and the Jacobian is written out some rows at a time when it is contracted.</summary>
    ByRows,
    /// <summary>Its factors are kept, and meet as Gram matrices.</summary>
    Gram,
    /// <summary>A shift added to a product whose own group is kept in factors: contracted with it, its cotangent is the same.</summary>
    Fused,
}

/// <summary>Gathers the uses of one group's roots, and makes a term of them when the last has come.</summary>
internal sealed class TermCollector(Program program, ParameterGroup group, GroupMethod method, Tensor?[] parameterValues)
{
    private readonly int[] _missing = group.Roots.Select(r => r.Meetings.Count).ToArray();
    private readonly Tensor?[] _jacobians = new Tensor?[group.Roots.Count];
    private readonly ParameterLayout?[] _layouts = new ParameterLayout?[group.Roots.Count];
    private readonly List<FactoredUse> _factors = [];
    private readonly List<FactoredUse>[] _small = group.Roots.Select(_ => new List<FactoredUse>()).ToArray();
    private bool _done;

    /// <summary>A use without factors: rows (K, G, root's shape).</summary>
    public void Add(int root, Tensor rows)
    {
        _missing[root]--;
        long[] s = rows.shape;
        Tensor flat = rows.reshape(s[0], s[1], 1, -1).permute(1, 2, 0, 3);
        ToRows(root);
        AddJacobian(root, flat);
    }

    /// <summary>A use in factors.</summary>
    public void Add(int root, FactoredUse use)
    {
        _missing[root]--;
        if (KeepsFactors)
        {
            _factors.Add(Kept(use));
            return;
        }
        List<FactoredUse> small = _small[root];
        if (small.Count > 0 && !(small[0].Shape with { Positions = use.Shape.Positions }).Equals(use.Shape))
        {
            WriteOut(root);
        }
        small.Add(Kept(use));
        if (!IsSmall(use.Shape with { Positions = small.Sum(u => u.Shape.Positions) }, use.Cotangent.shape[0]))
        {
            WriteOut(root);
        }
    }

    /// <summary>Whether uses with a rule stay in factors.</summary>
    public bool KeepsFactors => method is GroupMethod.Gram or GroupMethod.ByRows;

    /// <summary>Whether a use's Jacobian is written out together with the root's other ones: a loop's steps in one product instead of one sum a step.</summary>
    public bool Gathers(int root, UseShape shape, long rows) => method == GroupMethod.Explicit && group.Roots[root].Meetings.Count > 1 && IsSmall(shape, rows);

    /// <summary>Whether a use's Jacobian as it comes is the term.</summary>
    public bool IsUse => group is { IsDirect: true, Roots: [{ Meetings.Count: 1 }] };

    /// <summary>A use whose Jacobian is written out.</summary>
    public void Add(int root, JacobianUse use)
    {
        _missing[root]--;
        Place(root, use);
    }

    private void Place(int root, JacobianUse use)
    {
        Tensor jacobian = use.Data;
        // Uses that lie alike add up as they are; else all take the parameter's own order.
        bool alone = group.IsDirect && group.Roots[root].Meetings.Count == 1;
        if (alone || (_jacobians[root] is null && group.IsDirect) || (_layouts[root] is { } layout && layout.Sizes.AsSpan().SequenceEqual(use.Layout.Sizes) && layout.Order.AsSpan().SequenceEqual(use.Layout.Order)))
        {
            _layouts[root] = use.Layout;
            AddJacobian(root, jacobian);
            return;
        }
        ToRows(root);
        AddJacobian(root, Flatten(use.Layout.ToRows(jacobian)));
    }

    /// <summary>Whether a use at an equation may come as a shared cotangent and masks: alone, at one position, all rows traced.</summary>
    public static bool TakesMasks(Program program, ParameterGroup group, bool isTraced, int equation) =>
        isTraced && group.Roots is [{ Meetings: [var only] }] && program.Equations[equation] is { Primitive: Autodiff.Primitives.DotGeneral dot } product &&
        dot.BatchAxes(0).Length == 0 && dot.Free(1 - only.Operand, program.Variables[product.Operands[1 - only.Operand]].Type.Rank).Length == 1;

    /// <summary>The term, once all uses have come.</summary>
    public Term? TryFinish() => _done || method == GroupMethod.Fused || _missing.Any(m => m > 0) ? null : Make();

    /// <summary>The term of the uses that came, when no more will.</summary>
    public Term? FinishEarly() => _done || (_factors.Count == 0 && _small.All(s => s.Count == 0) && _jacobians.All(j => j is null)) ? null : Make();

    private Term Make()
    {
        _done = true;
        if (KeepsFactors)
        {
            return new FactoredTerm(FactoredTerm.Stack(_factors) with { ByRows = method == GroupMethod.ByRows });
        }
        for (int r = 0; r < _small.Length; r++)
        {
            WriteOut(r);
        }
        return new JacobianTerm(group.IsDirect ? _jacobians[0]! : ToParameters());
    }

    // Whether the factors take less room than the Jacobian.
    private static bool IsSmall(UseShape shape, long rows) => shape.FactorCount(rows) < shape.Count * rows;

    private void WriteOut(int root)
    {
        List<FactoredUse> small = _small[root];
        if (small.Count == 0)
        {
            return;
        }
        FactoredUse stacked = FactoredTerm.Stack(small);
        Place(root, new JacobianUse(stacked.Jacobian(), stacked.Layout));
        small.ForEach(u => new FactoredTerm(u).Dispose());
        small.Clear();
    }

    private FactoredUse Kept(FactoredUse use) => use with
    {
        Activation = use.Activation.MoveToOuterDisposeScope(),
        Cotangent = use.Cotangent.MoveToOuterDisposeScope(),
        Mask = use.Mask?.MoveToOuterDisposeScope(),
        Shift = group.Shift is not null,
    };

    private void AddJacobian(int root, Tensor jacobian)
    {
        Tensor sum = _jacobians[root] is { } before ? before + jacobian : jacobian;
        if (_jacobians[root] is { } old && !ReferenceEquals(old, sum))
        {
            old.Dispose();
        }
        _jacobians[root] = sum.MoveToOuterDisposeScope();
    }

    // From a use's own order to (G, 1, K, P) in the root's.
    private void ToRows(int root)
    {
        if (_layouts[root] is { } layout && _jacobians[root] is { } jacobian)
        {
            _jacobians[root] = Flatten(layout.ToRows(jacobian)).MoveToOuterDisposeScope();
            jacobian.Dispose();
        }
        _layouts[root] = null;
    }

    private static Tensor Flatten(Tensor rows)
    {
        long[] s = rows.shape;
        return rows.reshape(s[0], s[1], 1, -1).permute(1, 2, 0, 3);
    }

    // Pulls the roots' Jacobians back to the parameters: every row of every example is a cotangent.
    private Tensor ToParameters()
    {
        using DisposeScope scope = NewDisposeScope();
        for (int r = 0; r < _jacobians.Length; r++)
        {
            ToRows(r);
        }
        long examples = _jacobians.Max(j => j?.shape[0] ?? 1), rows = _jacobians.First(j => j is not null)!.shape[2];
        var cotangents = new Dictionary<int, Tensor>();
        for (int r = 0; r < _jacobians.Length; r++)
        {
            if (_jacobians[r] is { } jacobian)
            {
                long[] shape = program.Variables[group.Roots[r].Variable].Type.Shape;
                // (G, 1, K, P) → (K · G, root's shape)
                cotangents[group.Roots[r].Variable] = jacobian.expand(examples, 1, rows, jacobian.shape[3]).permute(2, 0, 1, 3).reshape([rows * examples, .. shape]);
            }
        }
        ReversePass.Run(program, parameterValues, cotangents, e => !program.Variables[e.Output].Dependence.HasFlag(Dependence.Data));
        Tensor[] parts = group.Parameters.Select(p => program.Parameters[p]).Select(v => cotangents.TryGetValue(v, out Tensor? own)
            ? own.reshape(rows, examples, 1, -1).permute(1, 2, 0, 3)
            : zeros([examples, 1, rows, program.Variables[v].Type.Count], program.Variables[v].Type.DType)).ToArray();
        return (parts.Length == 1 ? parts[0].contiguous() : cat(parts, 3)).MoveToOuterDisposeScope();
    }
}
