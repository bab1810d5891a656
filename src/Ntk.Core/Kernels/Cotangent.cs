using Ntk.Core.Autodiff;
using Ntk.Core.Kernels.Structure;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>
/// The cotangent of a variable during a pass, in as small a form as is exact: what all examples share (K, shape of one example), the same times a mask of
/// each example (the variable's shape), or in full (K, variable's shape).
/// </summary>
/// <param name="Rows">The rows.</param>
/// <param name="Shared">Whether all examples share the rows.</param>
/// <param name="Mask">What each example multiplies the shared rows by; null for nothing.</param>
/// <param name="Owned">Whether nothing else reads the rows' memory, so that more may be added in place.</param>
internal sealed record Cotangent(Tensor Rows, bool Shared, Tensor? Mask = null, bool Owned = false)
{
    /// <summary>The form.</summary>
    public CotangentForm Form => !Shared ? CotangentForm.Full : Mask is null ? CotangentForm.Shared : CotangentForm.Masked;

    /// <summary>The rows in full, each example its own.</summary>
    public Tensor Full(BatchAxis? axis, long examples)
    {
        if (!Shared)
        {
            return Rows;
        }
        Tensor spread = Examples.Spread(Rows, axis!.Value, examples);
        return Mask is null ? spread : spread * Mask;
    }

    /// <summary>Frees the tensors.</summary>
    public void Release()
    {
        Rows.Dispose();
        Mask?.Dispose();
    }
}
