namespace Shoal.Engine.Limits;

/// <summary>Bytes per second, smoothed over about a second of ticks; a first estimate counts at once.</summary>
internal sealed class RateMeter
{
    private const double Weight = 0.15; // of a tick of 100 ms

    private long _since;
    private TimeSpan? _last;

    public long Total { get; private set; }

    public double BytesPerSecond { get; private set; }

    public void Add(long bytes)
    {
        Total += bytes;
        _since += bytes;
    }

    public void Tick(TimeSpan now)
    {
        if (_last is not { } last)
        {
            _last = now;
            return;
        }

        var seconds = (now - last).TotalSeconds;
        if (seconds < 0.05) return;

        var sample = _since / seconds;
        var weight = 1 - Math.Pow(1 - Weight, seconds * 10);
        BytesPerSecond = BytesPerSecond == 0 ? sample : BytesPerSecond + weight * (sample - BytesPerSecond);
        if (BytesPerSecond < 1) BytesPerSecond = 0;
        _since = 0;
        _last = now;
    }
}
