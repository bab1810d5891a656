using Ntk.Core.Autodiff;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>Into what parts a kernel is divided.</summary>
public enum KernelParts
{
    /// <summary>One kernel, the sum over all parameters.</summary>
    Sum,
    /// <summary>Each parameter's own share.</summary>
    Parameter,
    /// <summary>The share of each layer: of parameters whose names agree up to the last slash.</summary>
    Layer,
}

/// <summary>Which of the kernels asked for takes which parameter's share.</summary>
/// <param name="Names">The kernels' names; null for the output's.</param>
/// <param name="OfParameter">For each parameter its kernel; −1 where it is not summed over.</param>
internal sealed record KernelShares(IReadOnlyList<string?> Names, int[] OfParameter)
{
    /// <summary>The kernels of a selection of parameters.</summary>
    public static KernelShares Of(IReadOnlyList<NtkParameter> parameters, bool[] selected, KernelParts parts)
    {
        if (parts == KernelParts.Sum)
        {
            return new KernelShares([null], Array.ConvertAll(selected, s => s ? 0 : -1));
        }
        var names = new List<string?>();
        var shares = new int[selected.Length];
        for (int p = 0; p < shares.Length; p++)
        {
            string name = parameters[p].Name;
            string own = parts == KernelParts.Layer && name.LastIndexOf('/') is > 0 and int slash ? name[..slash] : ParameterSelection.Bare(name);
            int known = parts == KernelParts.Layer ? names.IndexOf(own) : -1;
            shares[p] = !selected[p] ? -1 : known >= 0 ? known : names.Count;
            if (shares[p] == names.Count)
            {
                names.Add(own);
            }
        }
        return new KernelShares(names, shares);
    }

    /// <summary>Whether all of a group goes to one kernel.</summary>
    public bool KeepsWhole(ParameterGroup group) => group.Parameters.All(p => OfParameter[p] == OfParameter[group.Parameters[0]]);

    /// <summary>Two terms of a group in parts, each pair with its kernel; a term's parts with themselves where it is one term.</summary>
    public IEnumerable<(int Share, Term Left, Term Right)> Split(Program program, ParameterGroup group, Term left, Term right) => ReferenceEquals(left, right)
        ? Split(program, group, left).Select(s => (s.Share, s.Term, s.Term))
        : Split(program, group, left).Zip(Split(program, group, right), (l, r) => (l.Share, l.Term, r.Term));

    private IEnumerable<(int Share, Term Term)> Split(Program program, ParameterGroup group, Term term)
    {
        if (KeepsWhole(group))
        {
            yield return (OfParameter[group.Parameters[0]], term);
            yield break;
        }
        // Parameters that meet data only together are written out side by side.
        Tensor data = ((JacobianTerm)term).Data;
        long start = 0;
        foreach (int p in group.Parameters)
        {
            long size = program.Variables[program.Parameters[p]].Type.Count;
            yield return (OfParameter[p], new JacobianTerm(data.narrow(3, start, size)));
            start += size;
        }
    }
}

/// <summary>The sums of a block of each kernel asked for.</summary>
internal sealed class KernelSums(int kernels) : IDisposable
{
    private readonly BlockSum[] _sums = Enumerable.Range(0, kernels).Select(_ => new BlockSum()).ToArray();

    /// <summary>The sum of one kernel.</summary>
    public BlockSum this[int kernel] => _sums[kernel];

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_sums, s => s.Dispose());
}
