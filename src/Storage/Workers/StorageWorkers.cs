namespace Shoal.Storage.Workers;

/// <summary>
/// A few threads, started by hand because they block on disks, fed by one bounded queue; when it is full the caller waits.
/// Work never waits for other work, so the queue always drains.
/// </summary>
internal sealed class StorageWorkers : IDisposable
{
    private readonly Queue<WorkItem> _queue = new();
    private readonly SemaphoreSlim _room;
    private readonly Thread[] _threads;
    private bool _stopping;

    public StorageWorkers(int count, int queueLength)
    {
        _room = new SemaphoreSlim(queueLength);
        _threads = new Thread[count];
        for (var i = 0; i < count; i++)
        {
            _threads[i] = new Thread(Loop) { IsBackground = true, Name = "shoal storage" };
            _threads[i].Start();
        }
    }

    /// <summary>Queues work if there is room now.</summary>
    public bool TryPost(WorkItem item)
    {
        if (!_room.Wait(0)) return false;

        Enqueue(item);
        return true;
    }

    /// <summary>Queues work once there is room; the token ends only the wait for it.</summary>
    public async ValueTask PostAsync(WorkItem item, CancellationToken ct)
    {
        await _room.WaitAsync(ct);
        Enqueue(item);
    }

    public async Task<T> RunAsync<T>(Func<WorkerScratch, T> work, CancellationToken ct)
    {
        var item = new FuncWork<T>(work, ct);
        await PostAsync(item, ct);
        return await item.Task;
    }

    public Task RunAsync(Action<WorkerScratch> work, CancellationToken ct) => RunAsync<object?>(
        scratch =>
        {
            work(scratch);
            return null;
        },
        ct);

    /// <summary>Runs the same work over many things on all workers. The first failure ends it; it returns when nothing of it runs any more.</summary>
    public async Task ForEachAsync<T>(IEnumerable<T> things, Action<T, WorkerScratch> work, CancellationToken ct)
    {
        var batch = new WorkBatch<T>(work, ct);
        try
        {
            foreach (var thing in things)
            {
                if (batch.HasFailed) break;
                await _room.WaitAsync(ct);
                Enqueue(batch.Next(thing));
            }
        }
        catch (Exception e)
        {
            batch.Fail(e); // what was queued still has to end before the caller may go on
        }

        await batch.FinishAsync();
    }

    /// <summary>Ends the threads after what is queued; joins them.</summary>
    public void Dispose()
    {
        lock (_queue)
        {
            _stopping = true;
            Monitor.PulseAll(_queue);
        }

        foreach (var thread in _threads) thread.Join();
    }

    private void Enqueue(WorkItem item)
    {
        lock (_queue)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            _queue.Enqueue(item);
            Monitor.Pulse(_queue);
        }
    }

    private void Loop()
    {
        var scratch = new WorkerScratch();
        while (true)
        {
            WorkItem? item;
            lock (_queue)
            {
                while (!_queue.TryDequeue(out item))
                {
                    if (_stopping) return;
                    Monitor.Wait(_queue);
                }
            }

            _room.Release();
            item.Run(scratch);
        }
    }
}
