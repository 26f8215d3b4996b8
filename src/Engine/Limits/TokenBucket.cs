namespace Shoal.Engine.Limits;

/// <summary>
/// The arithmetic of a rate: bytes accrue with time, up to what 100 ms bring, so that no more than that ever goes beyond the rate. Counted from the clock's own ticks: rounding each
/// interval to 100 ns would lose a percent where thousands are filled a second.
/// </summary>
/// <param name="frequency">Ticks of the clock in a second.</param>
internal struct TokenBucket(long frequency)
{
    private const double BurstSeconds = 0.1;

    private long _filledAt;

    /// <summary>Bytes a second; 0 for no limit.</summary>
    public long Rate { get; private set; }

    /// <summary>What may go now. Below zero if more went than there was.</summary>
    public double Bytes { get; private set; }

    /// <summary>What of it accrued since <see cref="Settle"/>.</summary>
    public double Fresh { get; private set; }

    /// <summary>A limit where there was none begins empty; another one keeps what has accrued, as far as it holds that.</summary>
    public void SetRate(long rate, long now)
    {
        Fill(now);
        if (Rate == 0) Bytes = 0;
        (Rate, _filledAt) = (rate, now);
        Fill(now);
    }

    public void Fill(long now)
    {
        var elapsed = (now - _filledAt) / (double)frequency;
        _filledAt = now;
        var before = Bytes;
        Bytes = Math.Min(Bytes + elapsed * Rate, Math.Max(1, Rate * BurstSeconds)); // one byte at least, or the slowest would never send any
        Fresh += Bytes - before;
    }

    public void Settle() => Fresh = 0;

    public void Take(int bytes) => Bytes -= bytes;
}
