namespace Shoal.Storage.Workers;

/// <summary>Counts the parts of one task that runs on many workers.</summary>
internal sealed class WorkBatch<T>(Action<T, WorkerScratch> work, CancellationToken ct)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _failure;
    private int _open = 1; // the batch itself, until it is finished

    public bool HasFailed => Volatile.Read(ref _failure) is not null;

    public WorkItem Next(T thing)
    {
        Interlocked.Increment(ref _open);
        return new Part(this, thing);
    }

    public void Fail(Exception e) => Interlocked.CompareExchange(ref _failure, e, null);

    public async Task FinishAsync()
    {
        Close();
        await _done.Task;
        if (_failure is null) ct.ThrowIfCancellationRequested();
        else System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(_failure);
    }

    private void Close()
    {
        if (Interlocked.Decrement(ref _open) == 0) _done.SetResult();
    }

    private sealed class Part(WorkBatch<T> batch, T thing) : WorkItem
    {
        public override void Run(WorkerScratch scratch)
        {
            try
            {
                if (!batch.HasFailed && !batch.Token.IsCancellationRequested) batch.Work(thing, scratch);
            }
            catch (Exception e)
            {
                batch.Fail(e);
            }
            finally
            {
                batch.Close();
            }
        }
    }

    private CancellationToken Token => ct;

    private void Work(T thing, WorkerScratch scratch) => work(thing, scratch);
}
