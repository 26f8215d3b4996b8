namespace Shoal.Engine;

/// <summary>Counts work under way, so that stopping can wait for it and no more begins.</summary>
internal sealed class Outstanding
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private bool _closed;

    public bool TryEnter()
    {
        lock (_lock)
        {
            if (_closed) return false;

            _count++;
            return true;
        }
    }

    public void Leave()
    {
        lock (_lock)
        {
            if (--_count == 0 && _closed) _idle.TrySetResult();
        }
    }

    public Task WaitAsync()
    {
        lock (_lock)
        {
            _closed = true;
            if (_count == 0) _idle.TrySetResult();
        }

        return _idle.Task;
    }
}
