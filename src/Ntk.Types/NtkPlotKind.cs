namespace Ntk;

/// <summary>What <c>Export-NtkPlot</c> draws.</summary>
public enum NtkPlotKind
{
    /// <summary>A kernel in colours.</summary>
    Heatmap,
    /// <summary>Eigenvalues over their rank.</summary>
    Spectrum,
    /// <summary>Outputs, or the loss, over training time.</summary>
    Dynamics,
    /// <summary>Each parameter's or layer's share of the kernel, or how many numbers it has.</summary>
    Parameters,
    /// <summary>The training examples that drive predictions.</summary>
    Influence,
}
