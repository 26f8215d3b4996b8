namespace Shoal.Engine.Limits;

/// <summary>
/// A bucket of bytes that all connections draw from, first come, first served. Holds at most 100 ms of its rate, so a burst is never larger. Without a rate it
/// grants everything at once. A leaf: any thread may call.
/// </summary>
public sealed class RateLimiter : IDisposable
{
    private const double BurstSeconds = 0.1;
    private static readonly TimeSpan Refill = TimeSpan.FromMilliseconds(5);

    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private readonly LinkedList<(int Wanted, TaskCompletionSource<int> Granted)> _waiting = new();
    private long _last;
    private double _tokens;
    private bool _ticking;
    private bool _isOver;

    /// <param name="bytesPerSecond">0 for no limit.</param>
    public RateLimiter(long bytesPerSecond, TimeProvider clock)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytesPerSecond);
        (BytesPerSecond, _clock) = (bytesPerSecond, clock);
        _last = clock.GetTimestamp();
        _timer = clock.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public long BytesPerSecond { get; }

    public bool IsLimited => BytesPerSecond > 0;

    /// <summary>Waits until some bytes may go, at least one and at most as many as wanted.</summary>
    /// <exception cref="OperationCanceledException">Nothing was taken.</exception>
    public ValueTask<int> TakeAsync(int wanted, CancellationToken ct = default)
    {
        if (!IsLimited) return new(wanted);

        LinkedListNode<(int Wanted, TaskCompletionSource<int> Granted)> node;
        lock (_lock)
        {
            if (_isOver) return new(wanted);

            Fill();
            if (_waiting.Count == 0 && TryGrant(wanted, out var granted)) return new(granted);

            var source = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            node = _waiting.AddLast((wanted, source));
            if (!_ticking)
            {
                _ticking = true;
                _timer.Change(Refill, Refill);
            }

        }

        return new(ct.CanBeCanceled ? WaitAsync(node, ct) : node.Value.Granted.Task);
    }

    /// <summary>Counts bytes that went already, or gives back (below zero) what was granted and not used.</summary>
    public void Charge(int bytes)
    {
        if (!IsLimited) return;

        lock (_lock) _tokens -= bytes;
    }

    /// <summary>Lets everybody go who waits.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_lock)
        {
            _isOver = true;
            foreach (var (wanted, granted) in _waiting) granted.TrySetResult(wanted);
            _waiting.Clear();
        }
    }

    private async Task<int> WaitAsync(LinkedListNode<(int Wanted, TaskCompletionSource<int> Granted)> node, CancellationToken ct)
    {
        using var giveUp = ct.UnsafeRegister(_ => GiveUp(node, ct), null);
        return await node.Value.Granted.Task;
    }

    private void GiveUp(LinkedListNode<(int Wanted, TaskCompletionSource<int> Granted)> node, CancellationToken ct)
    {
        lock (_lock)
        {
            if (node.List is null) return; // granted already

            _waiting.Remove(node);
            node.Value.Granted.TrySetCanceled(ct);
        }
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            Fill();
            while (_waiting.First is { Value: var first } && TryGrant(first.Wanted, out var granted))
            {
                _waiting.RemoveFirst();
                first.Granted.TrySetResult(granted);
            }

            if (_waiting.Count > 0 || _isOver) return;

            _ticking = false;
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Grants a share at a time, so that every waiting connection moves.</summary>
    private bool TryGrant(int wanted, out int granted)
    {
        var share = Math.Clamp((int)(BytesPerSecond * BurstSeconds / 8), 1, 64 * 1024);
        granted = Math.Min(wanted, share);
        if (_tokens < granted) return false;

        _tokens -= granted;
        return true;
    }

    private void Fill()
    {
        var now = _clock.GetTimestamp();
        var elapsed = _clock.GetElapsedTime(_last, now).TotalSeconds;
        _last = now;
        _tokens = Math.Min(_tokens + elapsed * BytesPerSecond, BytesPerSecond * BurstSeconds);
    }
}
