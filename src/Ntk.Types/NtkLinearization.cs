namespace Ntk;

/// <summary>An output and its first-order Taylor model in the parameters.</summary>
/// <param name="Output">The output's name.</param>
/// <param name="Value">f(x; θ₀), at the file's parameters.</param>
/// <param name="Linearized">f(x; θ₀) + J(x; θ₀) (θ − θ₀), at the parameters given.</param>
public sealed record NtkLinearization(string Output, NtkTensor Value, NtkTensor Linearized)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Output}: linearized {Linearized.Describe()}";
}
