namespace Ntk;

/// <summary>The spectrum of a kernel of examples with themselves.</summary>
/// <param name="Name">The kernel's name; null where it has none.</param>
/// <param name="Count">The number of eigenvalues: examples, times outputs where the output axes were not traced.</param>
/// <param name="Eigenvalues">The eigenvalues, largest first.</param>
/// <param name="Trace">Their sum.</param>
/// <param name="ConditionNumber">The largest eigenvalue's magnitude over the smallest's; infinite for a singular kernel.</param>
/// <param name="Rank">The eigenvalues above the rounding of the kernel's elements.</param>
/// <param name="EffectiveRank">exp of the entropy of the eigenvalues as shares of the trace (Roy and Vetterli, EUSIPCO 2007).</param>
/// <param name="ParticipationRatio">(Σλ)² / Σλ²: how many directions hold the kernel's weight.</param>
/// <param name="Slope">The power law λᵢ ∝ i^slope, fitted to log λ over log i for the eigenvalues that <paramref name="Rank"/> counts; NaN for fewer than two.</param>
/// <param name="Model">The model whose kernel it is, where the kernel was computed in this session.</param>
public sealed record NtkSpectrum(string? Name, int Count, double[] Eigenvalues, double Trace, double ConditionNumber, int Rank, double EffectiveRank, double ParticipationRatio, double Slope, string? Model = null)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{(string.IsNullOrEmpty(Name) ? "" : $"{Name}: ")}{Count} eigenvalues {Eigenvalues[0]:G4} … {Eigenvalues[^1]:G4}, condition number {ConditionNumber:G4}, effective rank {EffectiveRank:G4}";
}

/// <summary>How far two kernels of the same examples are apart: before and after training, of two models.</summary>
/// <param name="Name">The second kernel's name; null where it has none.</param>
/// <param name="Count">The number of examples, times outputs where the output axes were not traced.</param>
/// <param name="CentredAlignment">Centred kernel alignment (Cortes, Mohri, Rostamizadeh, JMLR 2012; linear CKA): 1 for kernels that differ by a factor and a shift of the features.</param>
/// <param name="Alignment">⟨K, K′⟩ / (|K| |K′|), not centred; 1 less this is the kernel distance of Fort et al., arXiv 2010.15110.</param>
/// <param name="RelativeDistance">|K′ − K| / |K|, Frobenius norms.</param>
/// <param name="NormRatio">|K′| / |K|.</param>
/// <param name="EigenspaceOverlap">|Uᵀ U′|² / k for the leading k eigenvectors of each: 1 for the same space, about k / N for spaces that know nothing of each other.</param>
/// <param name="EigenspaceSize">k.</param>
public sealed record NtkKernelComparison(string? Name, int Count, double CentredAlignment, double Alignment, double RelativeDistance, double NormRatio, double EigenspaceOverlap, int EigenspaceSize)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{(string.IsNullOrEmpty(Name) ? "" : $"{Name}: ")}centred alignment {CentredAlignment:G4}, relative distance {RelativeDistance:G4}, overlap of the top {EigenspaceSize} eigenvectors {EigenspaceOverlap:G4}";
}

/// <summary>How well a kernel's leading eigenvectors hold the targets: what gradient descent learns first, and what it learns at all.</summary>
/// <param name="Name">The kernel's name; null where it has none.</param>
/// <param name="Count">The number of eigenvectors.</param>
/// <param name="KernelTargetAlignment">⟨K, Y Yᵀ⟩ / (|K| |Y Yᵀ|) (Cristianini et al., NIPS 2001).</param>
/// <param name="CentredAlignment">The same of the centred kernel and targets (Cortes, Mohri, Rostamizadeh, JMLR 2012).</param>
/// <param name="TargetDimension">The fewest leading eigenvectors that hold nine tenths of the targets' squared norm.</param>
/// <param name="Eigenvalues">The eigenvalues, largest first.</param>
/// <param name="EigenvectorAlignment">|uᵢᵀ Y|² / |Y|² for each eigenvector; they sum to 1.</param>
/// <param name="CumulativeAlignment">The sum of these up to each eigenvector.</param>
public sealed record NtkAlignment(string? Name, int Count, double KernelTargetAlignment, double CentredAlignment, int TargetDimension, double[] Eigenvalues, double[] EigenvectorAlignment, double[] CumulativeAlignment)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{(string.IsNullOrEmpty(Name) ? "" : $"{Name}: ")}kernel-target alignment {KernelTargetAlignment:G4} (centred {CentredAlignment:G4}), 90 % of the targets in {TargetDimension} of {Count} eigenvectors";
}
