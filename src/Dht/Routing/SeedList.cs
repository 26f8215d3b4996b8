using Shoal.Core;

namespace Shoal.Dht.Routing;

/// <summary>
/// Addresses to begin from while the table is empty: configured ones for good, others as long as there is room. All are tried at once,
/// again and again with growing pauses.
/// </summary>
internal sealed class SeedList
{
    public const int MaxTried = 48;

    private const int MaxHints = 256;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly List<NetEndPoint> _configured = [];
    private readonly List<NetEndPoint> _hints = [];
    private TimeSpan _pause = FirstPause;

    public TimeSpan RetryAt { get; private set; } = TimeSpan.MaxValue;

    public IEnumerable<NetEndPoint> EndPoints => _configured.Concat(Enumerable.Reverse(_hints)).Take(MaxTried);

    /// <summary>A few to try although we know others: the far side of a network that was cut in two can only be found again by asking it.</summary>
    public IEnumerable<NetEndPoint> Sample(Random random)
    {
        foreach (var endPoint in _configured.Take(RoutingTable.K)) yield return endPoint;
        for (var i = Math.Min(_hints.Count, RoutingTable.K / 2); i > 0; i--) yield return _hints[random.Next(_hints.Count)];
    }

    public void Add(NetEndPoint endPoint, bool configured, TimeSpan now)
    {
        if (_configured.Contains(endPoint)) return;

        _hints.Remove(endPoint);
        if (configured && _configured.Count < MaxTried) _configured.Add(endPoint);
        else
        {
            if (_hints.Count >= MaxHints) _hints.RemoveAt(0);
            _hints.Add(endPoint);
        }

        if (RetryAt == TimeSpan.MaxValue) Restart(now);
    }

    /// <summary>The table has lost its last contact, or there is something to begin from at last.</summary>
    public void Restart(TimeSpan now)
    {
        _pause = FirstPause;
        RetryAt = now + _pause;
    }

    public void Retried(TimeSpan now)
    {
        _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        RetryAt = now + _pause;
    }
}
