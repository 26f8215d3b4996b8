namespace Shoal.Storage.Workers;

internal sealed class FuncWork<T>(Func<WorkerScratch, T> work, CancellationToken ct) : WorkItem
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => _done.Task;

    public override void Run(WorkerScratch scratch)
    {
        try
        {
            ct.ThrowIfCancellationRequested();
            _done.SetResult(work(scratch));
        }
        catch (OperationCanceledException e)
        {
            _done.SetCanceled(e.CancellationToken);
        }
        catch (Exception e)
        {
            _done.SetException(e);
        }
    }
}
