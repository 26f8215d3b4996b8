namespace Shoal.Engine.Limits;

/// <summary>Bytes per second over the last second of ticks, or over what there was of it since bytes began to come.</summary>
internal sealed class RateMeter
{
    private const int Slots = 10; // of a tick of 100 ms

    private readonly Queue<(TimeSpan From, long Bytes)> _slots = new(Slots + 1);
    private TimeSpan? _last;
    private long _since;
    private long _sum;

    public long Total { get; private set; }

    public double BytesPerSecond { get; private set; }

    public void Add(long bytes)
    {
        Total += bytes;
        _since += bytes;
    }

    public void Tick(TimeSpan now)
    {
        if (_last is { } last && now > last)
        {
            if (_sum == 0) _slots.Clear(); // a pause is no part of the rate that follows it
            _slots.Enqueue((last, _since));
            _sum += _since;
            if (_slots.Count > Slots) _sum -= _slots.Dequeue().Bytes;
            BytesPerSecond = _sum / (now - _slots.Peek().From).TotalSeconds;
        }

        _last = now;
        _since = 0;
    }
}
