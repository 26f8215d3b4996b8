using System.Threading.Tasks.Sources;

namespace Shoal.Engine.Limits;

/// <summary>One who waits for bytes, used again and again so that waiting allocates nothing. Its fields belong to the lock of its queue, its result to whoever awaits it.</summary>
internal sealed class LimitWaiter : IValueTaskSource<int>
{
    private readonly LimitQueue _queue;
    private ManualResetValueTaskSourceCore<int> _source = new() { RunContinuationsAsynchronously = true };
    private CancellationToken _ct;
    private CancellationTokenRegistration _givingUp;

    public LimitWaiter(LimitQueue queue) => (_queue, Node, Limiter) = (queue, new LinkedListNode<LimitWaiter>(this), null!);

    public LinkedListNode<LimitWaiter> Node { get; }

    public RateLimiter Limiter { get; private set; }

    public int Wanted { get; private set; }

    public RateLimiter? HeldBackBy { get; set; }

    public void Begin(RateLimiter limiter, int wanted, CancellationToken ct) => (Limiter, Wanted, _ct) = (limiter, wanted, ct);

    /// <summary>Once for each <see cref="Begin"/>, and to be awaited once.</summary>
    public ValueTask<int> WaitAsync()
    {
        var wait = new ValueTask<int>(this, _source.Version);
        _givingUp = _ct.UnsafeRegister(static waiter => ((LimitWaiter)waiter!).GiveUp(), this);
        return wait;
    }

    public void Grant(int bytes) => _source.SetResult(bytes);

    public void Cancel() => _source.SetException(new OperationCanceledException(_ct));

    public int GetResult(short token)
    {
        _givingUp.Dispose(); // waits for one that is under way, so that it never meets the next use
        try
        {
            return _source.GetResult(token);
        }
        finally
        {
            _source.Reset();
            _queue.Return(this);
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) => _source.OnCompleted(continuation, state, token, flags);

    private void GiveUp() => _queue.GiveUp(this);
}
