using Shoal.Core;

namespace Shoal.Dht.Announcing;

/// <summary>How often all region rounds together ask the same address: global ones at their pace, nearer ones freely.</summary>
internal sealed class AskingPace
{
    private const int MinToForget = 1024;

    /// <summary>Others' nodes shut out whoever asks more than five times a second over ten seconds, as libtorrent's do by default.</summary>
    private static readonly TimeSpan Plain = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan OwnKind = TimeSpan.FromMilliseconds(20);

    private readonly Dictionary<NetEndPoint, TimeSpan> _nextAt = [];
    private int _forgetAt = MinToForget;

    /// <summary>How many addresses it remembers.</summary>
    public int Count => _nextAt.Count;

    public bool Allows(NetEndPoint endPoint, TimeSpan now) => !_nextAt.TryGetValue(endPoint.WithPort(0), out var at) || now >= at;

    public void Asked(NetEndPoint endPoint, bool isOwnKind, TimeSpan now)
    {
        if (endPoint.Scope != NetworkScope.Global) return;

        // an announcement follows its token at once, and counts all the same
        var address = endPoint.WithPort(0);
        var last = _nextAt.GetValueOrDefault(address);
        _nextAt[address] = (last > now ? last : now) + (isOwnKind ? OwnKind : Plain);
        if (_nextAt.Count < _forgetAt) return;

        foreach (var (idle, at) in _nextAt)
            if (now >= at) _nextAt.Remove(idle);
        _forgetAt = Math.Max(MinToForget, 2 * _nextAt.Count);
    }
}
