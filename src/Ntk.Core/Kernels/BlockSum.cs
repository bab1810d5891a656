using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>Sums blocks of the kernel over groups of parameters, across scopes.</summary>
internal sealed class BlockSum : IDisposable
{
    /// <summary>The sum; null when nothing was added.</summary>
    public Tensor? Total { get; private set; }

    /// <summary>Adds a block, which may be a view that repeats elements.</summary>
    public void Add(Tensor block)
    {
        if (Total is null)
        {
            Total = block.contiguous().DetachFromDisposeScope();
        }
        else
        {
            Total.add_(block);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Total?.Dispose();
}
