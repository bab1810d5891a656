using System.Collections.Concurrent;
using System.Diagnostics;
using System.Management.Automation;
using System.Runtime.ExceptionServices;
using Ntk;
using Ntk.Core.Kernels;

namespace NtkPs;

/// <summary>The base of the module's cmdlets: work off the pipeline thread, progress and warnings from it, cancellation, errors.</summary>
public abstract class NtkCmdlet : PSCmdlet, IDisposable
{
    private const int TickMilliseconds = 100;
    private const int QuietMilliseconds = 500;
    private const int ProgressId = 6208720; // apart from scripts' own 0, 1, 2 …

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<Action> _messages = new();

    /// <summary>Runs work on a thread of its own while this one, which alone may write, shows how far it is.</summary>
    /// <exception cref="PipelineStoppedException">It was stopped (Ctrl+C).</exception>
    private protected T Work<T>(string activity, Func<IProgress<NtkProgress>, CancellationToken, T> work)
    {
        var progress = new LatestValue<NtkProgress>();
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        using var done = new ManualResetEventSlim();
        var thread = new Thread(() =>
        {
            try
            {
                result = work(progress, _stop.Token);
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e); // thrown again on the pipeline thread
            }
            done.Set();
        })
        { IsBackground = true, Name = $"Ntk {MyInvocation.MyCommand?.Name}" };
        thread.Start();
        bool shown = false;
        try
        {
            var watch = Stopwatch.StartNew();
            while (!done.Wait(TickMilliseconds))
            {
                Flush();
                if (watch.ElapsedMilliseconds >= QuietMilliseconds && progress.TryTake(out NtkProgress latest))
                {
                    shown = true;
                    WriteProgress(Record(activity, latest, watch.Elapsed));
                }
            }
        }
        finally
        {
            // Whatever ended the wait, nothing goes on behind the prompt.
            if (!done.IsSet)
            {
                _stop.Cancel();
            }
            thread.Join();
        }
        if (Stopping)
        {
            throw new PipelineStoppedException();
        }
        Flush();
        if (shown)
        {
            WriteProgress(new ProgressRecord(ProgressId, activity, "Done") { RecordType = ProgressRecordType.Completed });
        }
        if (failure?.SourceException is { } error and not NtkException && Errors.IsOurs(error))
        {
            throw Errors.Of(activity, error);
        }
        failure?.Throw();
        return result;
    }

    /// <summary>Runs work that reports no progress.</summary>
    private protected T Work<T>(string activity, Func<CancellationToken, T> work) => Work(activity, (_, cancellation) => work(cancellation));

    /// <summary>Runs work on this thread, for work that calls back into the session.</summary>
    /// <exception cref="PipelineStoppedException">It was stopped (Ctrl+C).</exception>
    private protected T WorkHere<T>(Func<CancellationToken, T> work)
    {
        try
        {
            T result = work(_stop.Token);
            Flush();
            return result;
        }
        catch (OperationCanceledException) when (Stopping)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>Takes a warning from any thread; it is shown at the next tick.</summary>
    private protected void QueueWarning(string message) => _messages.Enqueue(() => WriteWarning(message));

    /// <summary>Takes a message for -Verbose from any thread.</summary>
    private protected void QueueVerbose(string message) => _messages.Enqueue(() => WriteVerbose(message));

    /// <summary>Whether messages for -Verbose are shown: what is only told there need not be measured otherwise.</summary>
    private protected bool IsVerbose => MyInvocation.BoundParameters.TryGetValue("Verbose", out object? given) && given is SwitchParameter asked ? asked
        : SessionState.PSVariable.GetValue("VerbosePreference") is ActionPreference preference and not (ActionPreference.SilentlyContinue or ActionPreference.Ignore);

    /// <summary>Runs a step whose errors end the command: what it does not depend on which pipeline item is at hand.</summary>
    private protected void Terminating(Action step)
    {
        try
        {
            step();
        }
        catch (Exception e) when (Errors.IsOurs(e))
        {
            ThrowTerminatingError(Errors.Record(Errors.Of(MyInvocation.MyCommand.Name, e)));
        }
    }

    /// <summary>Runs a step for one of several items: its errors are reported and the rest goes on; for an only item they end the command.</summary>
    private protected void ForItem(bool one, Action step)
    {
        if (one)
        {
            Terminating(step);
            return;
        }
        try
        {
            step();
        }
        catch (Exception e) when (Errors.IsOurs(e))
        {
            WriteError(Errors.Record(Errors.Of(MyInvocation.MyCommand.Name, e)));
        }
    }

    /// <summary>Whether a parameter was given, be it as $null.</summary>
    private protected bool IsBound(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    /// <inheritdoc/>
    protected override void StopProcessing()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It had ended by itself.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the command holds.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stop.Dispose();
        }
    }

    private void Flush()
    {
        while (_messages.TryDequeue(out Action? write))
        {
            write();
        }
    }

    private static ProgressRecord Record(string activity, NtkProgress progress, TimeSpan elapsed)
    {
        double share = progress.Total > 0 ? Math.Clamp((double)progress.Done / progress.Total, 0, 1) : 0;
        string status = progress.Total > 0 ? $"{progress.Activity} {progress.Done:N0} of {progress.Total:N0}" : progress.Activity;
        return new ProgressRecord(ProgressId, activity, string.IsNullOrEmpty(status) ? activity : status)
        {
            PercentComplete = progress.Total > 0 ? (int)(100 * share) : -1,
            SecondsRemaining = share > 0 ? (int)(elapsed.TotalSeconds * (1 - share) / share) : -1,
        };
    }
}
