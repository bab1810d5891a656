namespace NtkPs;

/// <summary>A slot for the newest report: writers never wait, the reader sees no more than it asks for.</summary>
/// <remarks>Generic so that loading this type does not load the core.</remarks>
internal sealed class LatestValue<T> : IProgress<T>
{
    private readonly object _gate = new();
    private T _value = default!;
    private bool _fresh;

    /// <inheritdoc/>
    public void Report(T value)
    {
        lock (_gate)
        {
            (_value, _fresh) = (value, true);
        }
    }

    /// <summary>Takes the newest report, if one came since the last call.</summary>
    public bool TryTake(out T value)
    {
        lock (_gate)
        {
            value = _value;
            bool fresh = _fresh;
            _fresh = false;
            return fresh;
        }
    }
}
