using System.Threading.Tasks.Sources;
using Shoal.Storage.Workers;

namespace Shoal.Storage.Content;

/// <summary>A work item whose task can be awaited once, without allocating; whoever awaits it gives the item back by that.</summary>
internal abstract class PooledWork<T> : WorkItem, IValueTaskSource<T>
{
    private ManualResetValueTaskSourceCore<T> _core = new() { RunContinuationsAsynchronously = true };

    public ValueTask<T> Task => new(this, _core.Version);

    public sealed override void Run(WorkerScratch scratch)
    {
        try
        {
            _core.SetResult(Work(scratch));
        }
        catch (Exception e)
        {
            _core.SetException(e);
        }
    }

    public T GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            Return();
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    protected abstract T Work(WorkerScratch scratch);

    protected abstract void Return();
}
