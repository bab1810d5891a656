using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Kernels;

/// <summary>A traced model with values of what depends on the file's parameters alone, computed at most once.</summary>
internal sealed class PreparedModel(TracedModel? model, string? obstacle)
{
    private readonly object _lock = new();
    private Tensor?[]? _fileValues;

    /// <summary>Whether the model could be made ready so.</summary>
    public bool IsPossible => model is not null;

    /// <summary>The traced model.</summary>
    public TracedModel Model => model ?? throw new InvalidOperationException(obstacle);

    /// <summary>Why the examples could not be shown to be independent; null where they were, or where nobody asked.</summary>
    public string? Obstacle => obstacle;

    /// <summary>Values of the variables that depend on parameters alone.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="areTheFiles">Whether they are the file's own.</param>
    /// <param name="cancellation">Stops between equations.</param>
    public Tensor?[] Values(Tensor[] parameters, bool areTheFiles, CancellationToken cancellation)
    {
        if (!areTheFiles)
        {
            return TilePass.EvaluateParameters(Model.Program, parameters, cancellation);
        }
        lock (_lock)
        {
            return _fileValues ??= TilePass.EvaluateParameters(Model.Program, parameters, cancellation);
        }
    }
}
