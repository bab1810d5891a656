using Ntk.Core.Autodiff;
using Ntk.Core.Kernels.Structure;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>
/// Puts the terms of several passes over small tiles together to the term of a block of examples: passes are fastest where their values stay in the cache,
/// contractions where many examples meet.
/// </summary>
/// <param name="examples">How many examples the block holds.</param>
internal sealed class TermBlock(long examples)
{
    private Tensor? _jacobian;
    private FactoredUse? _factors;
    private Tensor? _room;

    /// <summary>The term of the whole block, which now belongs to a scope.</summary>
    public Term Take(DisposeScope scope)
    {
        if (_jacobian is { } jacobian)
        {
            scope.Attach(jacobian);
            return new JacobianTerm(jacobian);
        }
        FactoredUse factors = _factors ?? throw new InvalidOperationException("a block without terms");
        scope.Attach(new[] { factors.Activation, factors.Cotangent, factors.Mask }.OfType<Tensor>());
        return new FactoredTerm(factors);
    }

    /// <summary>Where the Jacobian of a pass may be written, so that <see cref="Place(Term, long, long)"/> need not copy it; null where it shall be made elsewhere.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="dtype">Its type.</param>
    /// <param name="start">The pass's first example.</param>
    /// <param name="count">Its number of examples.</param>
    public Tensor? Room(long[] shape, ScalarType dtype, long start, long count)
    {
        if (shape[0] != count)
        {
            return null;
        }
        _jacobian ??= empty([examples, .. shape[1..]], dtype).DetachFromDisposeScope();
        return _room = _jacobian.narrow(0, start, count);
    }

    /// <summary>Takes the term of one pass.</summary>
    /// <param name="part">The term, of at least two examples unless it is the last.</param>
    /// <param name="start">The pass's first example.</param>
    /// <param name="count">Its number of examples.</param>
    public void Place(Term part, long start, long count)
    {
        if (part is JacobianTerm jacobian)
        {
            if (!ReferenceEquals(jacobian.Data, _room))
            {
                _jacobian = Place(_jacobian, jacobian.Data, 0, start, count);
            }
            return;
        }
        FactoredUse use = ((FactoredTerm)part).Use;
        _factors = use with
        {
            Activation = Place(_factors?.Activation, use.Activation, 0, start, count),
            Cotangent = Place(_factors?.Cotangent, use.Cotangent, 1, start, count),
            Mask = use.Mask is { } mask ? Place(_factors?.Mask, mask, 0, start, count) : null,
        };
    }

    // What all examples share comes with every pass, once.
    private Tensor Place(Tensor? whole, Tensor part, int axis, long start, long count)
    {
        long[] shape = part.shape;
        if (whole is null)
        {
            if (shape[axis] == 1 && count > 1)
            {
                return part.clone().DetachFromDisposeScope();
            }
            // Contractions read example by example.
            using Tensor first = empty([examples, .. shape[..axis], .. shape[(axis + 1)..]], part.dtype);
            whole = first.MoveAxis(0, axis).DetachFromDisposeScope();
        }
        if (whole.shape[axis] == examples)
        {
            using Tensor place = whole.narrow(axis, start, count);
            place.copy_(part);
        }
        return whole;
    }
}
