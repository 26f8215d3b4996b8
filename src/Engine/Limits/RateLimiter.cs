namespace Shoal.Engine.Limits;

/// <summary>
/// A limit that connections draw bytes from, first come, first served. What is drawn counts against every limit above it as well, all at once or not at all. No more than 100 ms of its
/// rate goes beyond the rate. Without a limit anywhere above, everything is granted at once and nothing is counted. A leaf: any thread may call.
/// </summary>
public sealed class RateLimiter : IDisposable
{
    private const int GrantsPerSecond = 80; // to one connection: 12.5 ms of the rate
    private const int MaxGrant = 512 * 1024;
    private const int MaxGrantAmongOthers = 32 * 1024; // what every connection asks for at least while it has much to move, so that all get as much
    private const int Worthwhile = 16 * 1024;

    private readonly RateLimiter? _above;
    private readonly LimitQueue _queue;
    private TokenBucket _bucket;
    private long _rate;

    /// <param name="bytesPerSecond">0 for no limit.</param>
    public RateLimiter(long bytesPerSecond, TimeProvider clock)
        : this(bytesPerSecond, new LimitQueue(clock), null)
    {
    }

    /// <param name="bytesPerSecond">0 for no limit of its own.</param>
    /// <param name="above">Also holds for what is drawn here; outlives it.</param>
    public RateLimiter(long bytesPerSecond, RateLimiter above)
        : this(bytesPerSecond, above._queue, above)
    {
    }

    private RateLimiter(long bytesPerSecond, LimitQueue queue, RateLimiter? above)
    {
        (_queue, _above) = (queue, above);
        _bucket = new TokenBucket(queue.Frequency);
        BytesPerSecond = bytesPerSecond;
    }

    /// <summary>Of this limit alone; 0 for none. May be changed at any time, and holds from then on.</summary>
    public long BytesPerSecond
    {
        get => Volatile.Read(ref _rate);
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            _queue.Change(this, value);
        }
    }

    /// <summary>Whether this limit or one above it holds.</summary>
    public bool IsLimited => Narrowest > 0;

    /// <summary>The lowest of this limit and those above, in bytes a second; 0 if none holds.</summary>
    public long Narrowest
    {
        get
        {
            var least = 0L;
            for (var at = this; at is not null; at = at._above)
            {
                if (at.BytesPerSecond is > 0 and var rate && (least == 0 || rate < least)) least = rate;
            }

            return least;
        }
    }

    /// <summary>Of its tree, how many wait that this limit holds back; they go before whoever comes now.</summary>
    internal int HeldBack { get; set; }

    /// <summary>How many wait for bytes of this limit, whatever holds them back.</summary>
    private int Waiting { get; set; }

    /// <summary>How many waited when a beat began, and which: until the next, what is left is shared among so many, and what accrues waits for it.</summary>
    private (int Count, long Beat) Contenders { get; set; }

    /// <summary>Waits until some bytes may go, at least one and at most as many as wanted.</summary>
    /// <exception cref="OperationCanceledException">Nothing was taken.</exception>
    public ValueTask<int> TakeAsync(int wanted, CancellationToken ct = default) => wanted > 0 && IsLimited ? _queue.TakeAsync(this, wanted, ct) : new(wanted);

    /// <summary>Counts bytes that went already, or gives back (below zero) what was granted and not used.</summary>
    public void Charge(int bytes)
    {
        if (bytes != 0 && IsLimited) _queue.Charge(this, bytes);
    }

    /// <summary>Of the uppermost limit: lets everybody go who waits.</summary>
    public void Dispose()
    {
        if (_above is null) _queue.Dispose();
    }

    /// <summary>Under the lock: takes what can be had now, a fair part of it for one who waits among others.</summary>
    /// <param name="isWaiting">Whether it waited for its turn, which has come.</param>
    /// <param name="beat">The number of the last beat.</param>
    /// <param name="heldBackBy">Which limit has too little left for it, or others who are first.</param>
    internal bool TryTake(int wanted, bool isWaiting, long beat, long now, out int granted, out RateLimiter heldBackBy)
    {
        granted = 0;
        var (most, least) = Bounds(wanted);
        var grant = (double)most;
        for (var at = this; at is not null; at = at._above)
        {
            if (at._rate == 0) continue;

            var isContended = at.Contenders.Beat == beat && at.Contenders.Count > 1;
            at._bucket.Fill(now);
            var left = at._bucket.Bytes - (isContended ? at._bucket.Fresh : 0);
            heldBackBy = at;
            if (at.HeldBack > 0 || left < least) return false;

            grant = Math.Min(grant, isContended ? Math.Clamp(left / (isWaiting ? at.Waiting : at.Contenders.Count), least, MaxGrantAmongOthers) : left);
        }

        granted = (int)grant;
        Spend(granted);
        heldBackBy = this;
        return true;
    }

    /// <summary>Under the lock.</summary>
    internal void Spend(int bytes)
    {
        for (var at = this; at is not null; at = at._above)
        {
            if (at._rate > 0) at._bucket.Take(bytes);
        }
    }

    /// <summary>Under the lock: one more waits, or one less.</summary>
    internal void CountWaiting(int change)
    {
        for (var at = this; at is not null; at = at._above) at.Waiting += change;
    }

    /// <summary>Under the lock: a beat begins with somebody waiting.</summary>
    internal void Contend(long beat, long now)
    {
        for (var at = this; at is not null && at.Contenders.Beat != beat; at = at._above)
        {
            at.Contenders = (at.Waiting, beat);
            at._bucket.Fill(now);
            at._bucket.Settle();
        }
    }

    /// <summary>Under the lock.</summary>
    internal void SetRate(long rate, long now)
    {
        _bucket.SetRate(rate, now);
        Volatile.Write(ref _rate, rate);
    }

    /// <summary>The most that one grant may be, so that everybody moves, and the least that is worth a system call.</summary>
    private (int Most, int Least) Bounds(int wanted)
    {
        var share = Narrowest is > 0 and var rate ? (int)Math.Clamp(rate / GrantsPerSecond, 1, MaxGrant) : int.MaxValue;
        return (Math.Min(wanted, share), Math.Min(wanted, Math.Min(share, Worthwhile)));
    }
}
