using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Ntk.Core.Tensors;

/// <summary>
/// Threads on which torch's operations run one-threaded: many equal operations that are too small to be divided well go side by side instead. Started on
/// first use, as many as torch has threads, kept for the process.
/// </summary>
internal static class TorchWorkers
{
    private static readonly Lazy<BlockingCollection<Action>> Queue = new(Start);

    [ThreadStatic]
    private static bool _isWorker;

    /// <summary>Runs <paramref name="body"/> on one worker and waits for it: where operations are so small that waking a second thread takes longer than they do.</summary>
    public static void Run(Action body)
    {
        if (_isWorker)
        {
            body();
            return;
        }
        For(1, _ => body());
    }

    /// <summary>Runs <paramref name="body"/> for 0 … <paramref name="count"/> − 1, each in a dispose scope of its own, and waits for all.</summary>
    public static void For(long count, Action<long> body, CancellationToken cancellation = default)
    {
        if (_isWorker)
        {
            // A worker that waited for workers could wait for itself.
            for (long i = 0; i < count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                using DisposeScope scope = NewDisposeScope();
                body(i);
            }
            return;
        }
        BlockingCollection<Action> queue = Queue.Value;
        int workers = (int)Math.Min(count, get_num_threads());
        long next = -1;
        Exception? failure = null;
        using var done = new CountdownEvent(workers);
        void Work()
        {
            try
            {
                for (long i = Interlocked.Increment(ref next); i < count && failure is null && !cancellation.IsCancellationRequested; i = Interlocked.Increment(ref next))
                {
                    using DisposeScope scope = NewDisposeScope();
                    body(i);
                }
            }
            catch (Exception e)
            {
                failure = e;
            }
            finally
            {
                done.Signal();
            }
        }
        for (int i = 0; i < workers; i++)
        {
            queue.Add(Work, CancellationToken.None);
        }
        done.Wait(CancellationToken.None);
        cancellation.ThrowIfCancellationRequested();
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    private static BlockingCollection<Action> Start()
    {
        var queue = new BlockingCollection<Action>();
        int threads = get_num_threads();
        using var ready = new CountdownEvent(threads);
        for (int i = 0; i < threads; i++)
        {
            var thread = new Thread(() =>
            {
                _isWorker = true;
                set_num_threads(1);
                using var _ = no_grad();
                ready.Signal();
                foreach (Action work in queue.GetConsumingEnumerable())
                {
                    work();
                }
            }) { IsBackground = true, Name = "Ntk worker" };
            thread.Start();
        }
        ready.Wait();
        // The setting is each thread's own, but the last one made is what later threads start with.
        set_num_threads(threads);
        return queue;
    }
}
