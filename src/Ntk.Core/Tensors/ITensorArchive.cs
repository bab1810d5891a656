namespace Ntk.Core.Tensors;

/// <summary>A file of named tensors, read one by one.</summary>
public interface ITensorArchive : IDisposable
{
    /// <summary>The tensors' names, in the file's order.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>Reads a tensor.</summary>
    /// <exception cref="NtkException">No such tensor, a damaged one, or one of other things than numbers.</exception>
    NtkTensor Read(string name);
}
