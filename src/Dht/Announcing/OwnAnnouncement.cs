using Shoal.Core;
using Shoal.Dht.Routing;

namespace Shoal.Dht.Announcing;

/// <summary>
/// A key that we announce until it is withdrawn. Once enough nodes have it, it is repeated when the sweep comes by: a hand that goes around the key space once an
/// interval. So neighbours in the key space fall due together, and all of them evenly over the interval.
/// </summary>
internal sealed class OwnAnnouncement(Hash160 key, int port, TimeSpan now, bool isSeed = false)
{
    /// <summary>Others forget it after half an hour (BEP 5 leaves that open); with what the sweep adds it is repeated every 4 to 19 minutes.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(15);

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private TimeSpan _pause = FirstPause;
    private bool _hasChanged;

    public Hash160 Key => key;

    public int Port { get; private set; } = port;

    /// <summary>Whether we have everything (BEP 33).</summary>
    public bool IsSeed { get; private set; } = isSeed;

    public TimeSpan DueAt { get; set; } = now;

    /// <summary>When it was announced last; long ago if never.</summary>
    public TimeSpan LastAt { get; private set; } = now - FirstPause;

    /// <summary>How many nodes took it in the last round.</summary>
    public int Nodes { get; private set; }

    public bool IsRunning { get; set; }

    /// <summary>Whether it has been announced before.</summary>
    public bool IsRepeated { get; private set; }

    /// <summary>What is announced is another from now on, and due at once, or after the round that runs. False if it is the same.</summary>
    public bool TryChange(int newPort, bool newIsSeed, TimeSpan now)
    {
        if ((Port, IsSeed) == (newPort, newIsSeed)) return false;

        (Port, IsSeed) = (newPort, newIsSeed);
        if (IsRunning) _hasChanged = true;
        else DueAt = now;
        return true;
    }

    /// <summary>An earlier run of this program has announced it, so long ago.</summary>
    public void Restore(TimeSpan age, double shift, TimeSpan now)
    {
        (Nodes, LastAt, IsRepeated) = (RoutingTable.K, now - age, true);
        DueAt = NextSweep(now - age, shift);
    }

    public void Ended(int nodes, int reachable, double shift, TimeSpan now)
    {
        (Nodes, LastAt, IsRunning, IsRepeated) = (nodes, now, false, true);
        DueAt = NextSweep(now, shift);
        if (nodes >= RoutingTable.K) _pause = FirstPause;
        else if (nodes < reachable) TryHasten();
        if (!_hasChanged) return;

        _hasChanged = false;
        DueAt = now;
    }

    /// <summary>Nobody could find it.</summary>
    public bool Missed()
    {
        Nodes = 0;
        return TryHasten();
    }

    /// <summary>There are contacts that may take it, and too few have: repeats it soon, though not more often than a growing pause allows. False if it is due sooner anyway.</summary>
    public bool TryHasten()
    {
        var soon = LastAt + _pause;
        if (IsRunning || Nodes >= RoutingTable.K || soon >= DueAt) return false;

        DueAt = soon;
        _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        return true;
    }

    /// <summary>When the sweep passes the key next, though not within the first quarter of an interval.</summary>
    private TimeSpan NextSweep(TimeSpan last, double shift)
    {
        const double TooSoon = 0.25;
        var hand = last / Interval + shift;
        var ahead = key.Fraction - hand;
        ahead -= Math.Floor(ahead);
        return last + Interval * (ahead < TooSoon ? ahead + 1 : ahead);
    }
}
