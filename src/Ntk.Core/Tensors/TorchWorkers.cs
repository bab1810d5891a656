using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace Ntk.Core.Tensors;

/// <summary>
/// Threads on which torch's operations run one-threaded, for those so small that waking a second thread takes longer than they do. As many as torch has threads, so that
/// as many small kernels are computed at once; started on first use, kept for the process.
/// </summary>
internal static class TorchWorkers
{
    private static readonly Lazy<BlockingCollection<Action>> Queue = new(Start);

    [ThreadStatic]
    private static bool _isWorker;

    /// <summary>Runs <paramref name="body"/> on one of them, in a dispose scope of its own, and waits for it.</summary>
    public static void Run(Action body)
    {
        if (_isWorker)
        {
            body();
            return;
        }
        ExceptionDispatchInfo? failure = null;
        using var done = new ManualResetEventSlim();
        Queue.Value.Add(() =>
        {
            try
            {
                using var scope = NewDisposeScope();
                body();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
            finally
            {
                done.Set();
            }
        });
        done.Wait();
        failure?.Throw();
    }

    private static BlockingCollection<Action> Start()
    {
        var queue = new BlockingCollection<Action>();
        int threads = get_num_threads();
        using var ready = new CountdownEvent(threads);
        for (int i = 0; i < threads; i++)
        {
            new Thread(() =>
            {
                _isWorker = true;
                set_num_threads(1);
                using var _ = no_grad();
                ready.Signal();
                foreach (Action work in queue.GetConsumingEnumerable())
                {
                    work();
                }
            }) { IsBackground = true, Name = "Ntk worker" }.Start();
        }
        ready.Wait();
        // The setting is each thread's own, but the last one made is what later threads start with.
        set_num_threads(threads);
        return queue;
    }
}
