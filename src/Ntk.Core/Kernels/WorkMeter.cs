using System.Diagnostics;

namespace Ntk.Core.Kernels;

/// <summary>A part of the work on a kernel.</summary>
internal enum WorkKind
{
    /// <summary>Everything else: preparing, joining, padding.</summary>
    Other,
    /// <summary>The model evaluated.</summary>
    Forward,
    /// <summary>An equation's cotangent pulled back.</summary>
    PullBack,
    /// <summary>A group's term made of its uses.</summary>
    Term,
    /// <summary>A group's terms contracted.</summary>
    Contraction,
    /// <summary>A block scaled, arranged and written.</summary>
    Write,
}

/// <summary>Measures how long each part of a kernel's computation takes; a part within another is not counted twice. One computation, one thread.</summary>
internal sealed class WorkMeter
{
    private readonly Dictionary<(WorkKind Kind, int Index), long> _ticks = [];
    private (WorkKind Kind, int Index) _current;
    private long _since = Stopwatch.GetTimestamp();

    /// <summary>Starts a part, which ends when the result is disposed.</summary>
    /// <param name="kind">What kind of work.</param>
    /// <param name="index">The equation's or group's index; 0 where there is but one.</param>
    public Part Start(WorkKind kind, int index = 0)
    {
        (WorkKind, int) outer = _current;
        Switch((kind, index));
        return new Part(this, outer);
    }

    /// <summary>Seconds by kind and index.</summary>
    public IEnumerable<(WorkKind Kind, int Index, double Seconds)> Measured => _ticks.Select(t => (t.Key.Kind, t.Key.Index, t.Value / (double)Stopwatch.Frequency));

    /// <summary>Seconds of one part.</summary>
    public double Seconds(WorkKind kind, int index = 0) => _ticks.GetValueOrDefault((kind, index)) / (double)Stopwatch.Frequency;

    private void Switch((WorkKind, int) next)
    {
        long now = Stopwatch.GetTimestamp();
        _ticks[_current] = _ticks.GetValueOrDefault(_current) + now - _since;
        _current = next;
        _since = now;
    }

    /// <summary>A part under way.</summary>
    internal readonly struct Part(WorkMeter meter, (WorkKind, int) outer) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => meter?.Switch(outer);
    }
}

/// <summary>Measuring where somebody wants to know, nothing where nobody does.</summary>
internal static class WorkMeterExtensions
{
    /// <summary>Starts a part of a meter that may be absent.</summary>
    public static WorkMeter.Part Measure(this WorkMeter? meter, WorkKind kind, int index = 0) => meter?.Start(kind, index) ?? default;
}
