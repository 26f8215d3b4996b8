namespace Shoal.Node.Commands;

/// <summary>Lets something through at most every so often.</summary>
internal sealed class Pace(TimeProvider clock, TimeSpan interval)
{
    private readonly Lock _lock = new();
    private long? _last;

    public bool IsDue()
    {
        lock (_lock)
        {
            var now = clock.GetTimestamp();
            if (_last is { } last && clock.GetElapsedTime(last, now) < interval) return false;

            _last = now;
            return true;
        }
    }
}
