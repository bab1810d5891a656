using System.Diagnostics;
using System.Management.Automation;
using System.Text;

namespace NtkPs.Shell;

/// <summary>Progress records as one line on standard error's terminal, erased before anything else is written; nothing where that is not a terminal.</summary>
internal sealed class ProgressLine
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>The latest record of each activity that goes on, outer ones first.</summary>
    private readonly List<ProgressRecord> _records = [];
    private long _drawnAt;
    private bool _drawn;

    /// <summary>Takes a record; draws at most every 100 ms. Call it under the console's lock, as all others.</summary>
    public void Update(ProgressRecord record)
    {
        if (!Terminal.ErrorIsTerminal)
        {
            return;
        }
        int index = _records.FindIndex(known => known.ActivityId == record.ActivityId);
        if (record.RecordType == ProgressRecordType.Completed)
        {
            if (index >= 0)
            {
                _records.RemoveAt(index);
            }
            Erase();
            return;
        }
        if (index >= 0)
        {
            _records[index] = record;
        }
        else
        {
            _records.Add(record);
        }
        if (Stopwatch.GetElapsedTime(_drawnAt) >= Interval)
        {
            Draw();
        }
    }

    /// <summary>Takes the line away, so that something else can be written there.</summary>
    public void Erase()
    {
        if (_drawn)
        {
            Console.Error.Write(Terminal.EraseLine);
            _drawn = false;
        }
    }

    /// <summary>Forgets all activities: their pipeline is over.</summary>
    public void Clear()
    {
        Erase();
        _records.Clear();
    }

    private void Draw()
    {
        var line = new StringBuilder();
        foreach (ProgressRecord record in _records)
        {
            line.Append(line.Length > 0 ? " > " : "").Append(record.Activity);
            if (record.PercentComplete is >= 0 and <= 100)
            {
                line.Append($" {record.PercentComplete} %");
            }
            if (!string.IsNullOrWhiteSpace(record.StatusDescription))
            {
                line.Append(' ').Append(record.StatusDescription);
            }
            if (!string.IsNullOrWhiteSpace(record.CurrentOperation))
            {
                line.Append(' ').Append(record.CurrentOperation);
            }
            if (record.SecondsRemaining >= 0)
            {
                line.Append($" ({TimeSpan.FromSeconds(record.SecondsRemaining):c} left)");
            }
        }
        line.Replace('\n', ' ').Replace('\r', ' ');
        int width = Math.Max(10, Terminal.Width - 1);
        if (line.Length > width)
        {
            line.Length = width;
        }
        Console.Error.Write(Terminal.EraseLine + line);
        _drawn = true;
        _drawnAt = Stopwatch.GetTimestamp();
    }
}
