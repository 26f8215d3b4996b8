using Shoal.Core;
using Shoal.Dht.Lookups;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Announcing;

/// <summary>A key that we announce until it is withdrawn.</summary>
internal sealed class OwnAnnouncement(Hash160 key, int port, TimeSpan now)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private TimeSpan _pause = FirstPause;
    private TimeSpan _lastAt = now - FirstPause;

    public Hash160 Key => key;

    public int Port { get; set; } = port;

    public TimeSpan DueAt { get; set; } = now;

    /// <summary>How many nodes took it in the last round.</summary>
    public int Nodes { get; private set; }

    public AnnounceRound? Round { get; set; }

    public void Ended(int nodes, int reachable, TimeSpan now, Random random)
    {
        Nodes = nodes;
        Round = null;
        _lastAt = now;
        DueAt = now + Interval * (0.8 + 0.2 * random.NextDouble());
        if (nodes >= RoutingTable.K) _pause = FirstPause;
        else if (nodes < reachable) TryHasten();
    }

    /// <summary>There are contacts that may take it, and too few have: repeats it soon, though not more often than a growing pause allows. False if it is due sooner anyway.</summary>
    public bool TryHasten()
    {
        var soon = _lastAt + _pause;
        if (Round is not null || Nodes >= RoutingTable.K || soon >= DueAt) return false;

        DueAt = soon;
        _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        return true;
    }
}

/// <summary>One announcing of one key: a lookup, then announce_peer to the closest that gave tokens.</summary>
internal sealed class AnnounceRound(OwnAnnouncement announcement, TimeSpan now)
{
    private readonly Queue<Candidate> _targets = new();

    public OwnAnnouncement Announcement => announcement;

    public TimeSpan StartedAt => now;

    public int Waiting { get; private set; }

    public int Accepted { get; private set; }

    public bool Ended { get; set; }

    /// <summary>Nobody left to ask, nobody to wait for.</summary>
    public bool IsSettled => Waiting == 0 && (_targets.Count == 0 || Accepted >= RoutingTable.K);

    public void Begin(IEnumerable<Candidate> closest)
    {
        foreach (var candidate in closest.Take(2 * RoutingTable.K)) _targets.Enqueue(candidate);
    }

    /// <summary>The next to be told, as long as eight are not reached or on their way.</summary>
    public bool TryNext(out Candidate next)
    {
        next = null!;
        if (Accepted + Waiting >= RoutingTable.K || !_targets.TryDequeue(out var target)) return false;

        next = target;
        Waiting++;
        return true;
    }

    public void Answered(bool accepted, bool wasSlow)
    {
        if (!wasSlow) Waiting--;
        if (accepted) Accepted++;
    }

    public void Slow() => Waiting--;
}
