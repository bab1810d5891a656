using Ntk.Core.Kernels.Structure;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>What a tile of examples contributes to the kernel through one group of parameters, before it meets the other side.</summary>
internal abstract record Term : IDisposable
{
    /// <summary>The part of some examples; a term that all examples share is its own part.</summary>
    public abstract Term Narrow(long start, long count);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Takes the tensors out of the scope that made them into a longer one, which frees them however it ends.</summary>
    public abstract Term Keep(DisposeScope scope);

    /// <summary>The terms of several examples as one.</summary>
    public static Term Join(IReadOnlyList<Term> terms) => terms[0] is JacobianTerm
        ? new JacobianTerm(cat(terms.Select(t => ((JacobianTerm)t).Data).ToArray(), 0))
        : FactoredTerm.Join(terms.Select(t => ((FactoredTerm)t).Use).ToArray());

    private protected static Tensor Moved(Tensor tensor, DisposeScope scope)
    {
        scope.Attach(tensor.DetachFromDisposeScope());
        return tensor;
    }

    private protected static Tensor Part(Tensor tensor, int axis, long start, long count) => tensor.shape[axis] == 1 ? tensor.alias() : tensor.narrow(axis, start, count);
}

/// <summary>The explicit Jacobian: (G, P1, K, P2), the parameters' scalars before and behind the rows.</summary>
internal sealed record JacobianTerm(Tensor Data) : Term
{
    /// <inheritdoc/>
    public override Term Narrow(long start, long count) => new JacobianTerm(Part(Data, 0, start, count));

    /// <inheritdoc/>
    public override void Dispose() => Data.Dispose();

    /// <inheritdoc/>
    public override Term Keep(DisposeScope scope) => new JacobianTerm(Moved(Data, scope));
}

/// <summary>The factors of a Jacobian that is not written out.</summary>
internal sealed record FactoredTerm(FactoredUse Use) : Term
{
    /// <inheritdoc/>
    public override Term Narrow(long start, long count) =>
        new FactoredTerm(Use with { Activation = Part(Use.Activation, 0, start, count), Cotangent = Part(Use.Cotangent, 1, start, count), Mask = Use.Mask is { } mask ? Part(mask, 0, start, count) : null });

    /// <inheritdoc/>
    public override void Dispose()
    {
        Use.Activation.Dispose();
        Use.Cotangent.Dispose();
        Use.Mask?.Dispose();
    }

    /// <inheritdoc/>
    public override Term Keep(DisposeScope scope) =>
        new FactoredTerm(Use with { Activation = Moved(Use.Activation, scope), Cotangent = Moved(Use.Cotangent, scope), Mask = Use.Mask is { } mask ? Moved(mask, scope) : null });

    internal static FactoredTerm Join(FactoredUse[] uses) => new(uses[0] with
    {
        Activation = cat(Array.ConvertAll(uses, u => u.Activation), 0),
        Cotangent = cat(Array.ConvertAll(uses, u => u.Cotangent), 1),
        Mask = uses[0].Mask is null ? null : cat(Array.ConvertAll(uses, u => u.Mask!), 0),
    });

    /// <summary>Several uses of one parameter as one with more positions.</summary>
    public static FactoredUse Stack(IReadOnlyList<FactoredUse> uses)
    {
        if (uses.Count == 1)
        {
            return uses[0];
        }
        bool lookup = uses[0].Shape.IsLookup;
        long examples = uses.Max(u => Math.Max(u.Activation.shape[0], u.Cotangent.shape[1]));
        Tensor activation = cat(uses.Select(u => Widen(u.Activation, 0, examples)).ToArray(), lookup ? 1 : 2);
        Tensor cotangent = cat(uses.Select(u => Widen(u.Cotangent, 1, examples)).ToArray(), 3);
        return new FactoredUse(activation, cotangent, uses[0].Layout, uses[0].Shape with { Positions = uses.Sum(u => u.Shape.Positions) });
    }

    private static Tensor Widen(Tensor tensor, int axis, long size)
    {
        long[] shape = tensor.shape;
        shape[axis] = size;
        return tensor.expand(shape);
    }
}
