namespace Shoal.Engine.Limits;

/// <summary>
/// Those who wait for bytes of a tree of limits, in the order in which they came. Every 5 ms, or as often as the machine's timer can, whoever can go is let go; who is held back by a limit of
/// one torrent is passed over by the others. Guards the whole tree with one lock.
/// </summary>
internal sealed class LimitQueue : IDisposable
{
    private const int MaxSpare = 256;
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(5);

    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();
    private readonly LinkedList<LimitWaiter> _waiting = new();
    private readonly Stack<LimitWaiter> _spare = new();
    private long _beat;
    private bool _isBeating;
    private bool _isOver;

    public LimitQueue(TimeProvider clock)
    {
        _clock = clock;
        _timer = clock.CreateTimer(_ => OnBeat(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public long Frequency => _clock.TimestampFrequency;

    public ValueTask<int> TakeAsync(RateLimiter limiter, int wanted, CancellationToken ct)
    {
        LimitWaiter waiter;
        lock (_lock)
        {
            if (_isOver) return new(wanted);
            if (limiter.TryTake(wanted, isWaiting: false, _beat, _clock.GetTimestamp(), out var granted, out var heldBackBy)) return new(granted);

            waiter = _spare.TryPop(out var spare) ? spare : new LimitWaiter(this);
            waiter.Begin(limiter, wanted, ct);
            _waiting.AddLast(waiter.Node);
            limiter.CountWaiting(1);
            HoldBack(waiter, heldBackBy);
            if (!_isBeating)
            {
                _isBeating = true;
                _timer.Change(Beat, Beat);
            }
        }

        return waiter.WaitAsync(); // outside the lock: if it is cancelled already, that says so at once
    }

    public void Charge(RateLimiter limiter, int bytes)
    {
        lock (_lock) limiter.Spend(bytes);
    }

    public void Change(RateLimiter limiter, long rate)
    {
        lock (_lock)
        {
            limiter.SetRate(rate, _clock.GetTimestamp());
            LetGo();
        }
    }

    public void GiveUp(LimitWaiter waiter)
    {
        lock (_lock)
        {
            if (waiter.Node.List is null) return; // granted already

            Remove(waiter);
            waiter.Cancel();
        }
    }

    /// <summary>Its grant was taken, or it was told that there is none.</summary>
    public void Return(LimitWaiter waiter)
    {
        lock (_lock)
        {
            if (_spare.Count < MaxSpare) _spare.Push(waiter);
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        lock (_lock)
        {
            _isOver = true;
            while (_waiting.First is { Value: var waiter })
            {
                Remove(waiter);
                waiter.Grant(waiter.Wanted);
            }
        }
    }

    private void OnBeat()
    {
        lock (_lock)
        {
            LetGo();
            if (_waiting.Count > 0 || _isOver) return;

            _isBeating = false;
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private void LetGo()
    {
        var now = _clock.GetTimestamp();
        _beat++;
        for (var node = _waiting.First; node is not null; node = node.Next)
        {
            HoldBack(node.Value, null);
            node.Value.Limiter.Contend(_beat, now);
        }

        for (var node = _waiting.First; node is not null;)
        {
            var waiter = node.Value;
            node = node.Next;
            if (waiter.Limiter.TryTake(waiter.Wanted, isWaiting: true, _beat, now, out var granted, out var heldBackBy))
            {
                Remove(waiter);
                waiter.Grant(granted);
            }
            else
            {
                HoldBack(waiter, heldBackBy);
            }
        }
    }

    private void Remove(LimitWaiter waiter)
    {
        HoldBack(waiter, null);
        waiter.Limiter.CountWaiting(-1);
        _waiting.Remove(waiter.Node);
    }

    private static void HoldBack(LimitWaiter waiter, RateLimiter? by)
    {
        if (waiter.HeldBackBy is { } before) before.HeldBack--;
        if (by is not null) by.HeldBack++;
        waiter.HeldBackBy = by;
    }
}
