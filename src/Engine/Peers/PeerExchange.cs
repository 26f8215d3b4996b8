using Shoal.Core;
using Shoal.Wire;
using Shoal.Wire.Extensions;

namespace Shoal.Engine.Peers;

/// <summary>
/// Peers tell each other of the peers they are connected to (BEP 11). Invariants: nobody is told of a peer whose listening endpoint is unknown, or whose address reaches less
/// far than his own; a private torrent tells and believes nothing (BEP 27), and until it is known whether it is one, what was told is held back.
/// </summary>
/// <param name="peers">Those connected, as they come and go.</param>
/// <param name="hear">Takes endpoints to try.</param>
internal sealed class PeerExchange(ISwarmEffects effects, IReadOnlyCollection<Peer> peers, Action<IReadOnlyList<NetEndPoint>> hear)
{
    /// <summary>A new peer is told soon: a large swarm grows by it.</summary>
    public static readonly TimeSpan FirstAfter = TimeSpan.FromSeconds(3);

    private const int Most = 50; // BEP 11: added, and dropped, of one message
    private const int MostGone = 25; // BEP 11, "underpopulated lists"
    private const int MostTooSoon = 10;
    private const int MostBelieved = 500; // of one peer: it alone must not fill the list of those to try
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(60); // BEP 11
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(45); // what is said each minute may come in a burst
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly Queue<(int Number, PexPeer Peer)> _gone = new();
    private int _lastGone;

    /// <summary>Tells whoever is due.</summary>
    /// <param name="isPrivate">Null while it is unknown.</param>
    public void Tick(bool? isPrivate, TimeSpan now)
    {
        if (isPrivate is not { } known) return;

        List<PexPeer>? all = null;
        foreach (var peer in peers)
        {
            Release(peer, known);
            if (known || peer.Extensions is not { PexId: > 0 } || now < peer.Pex.NextAt) continue;

            var message = Compose(peer, all ??= [.. peers.Select(Describe).OfType<PexPeer>()]);
            peer.Pex.NextAt = now + (message is null ? LookAgain : Interval);
            if (message is not null) effects.SendPeers(peer.Key, message);
        }
    }

    /// <param name="isPrivate">Null while it is unknown.</param>
    /// <returns>Why to close the peer; <see cref="CloseReason.None"/> to go on.</returns>
    public CloseReason OnMessage(Peer peer, PexMessage message, bool? isPrivate, TimeSpan now)
    {
        var record = peer.Pex;
        if (record.HeardAt is { } last && now - last < ShortestInterval) return ++record.TooSoon > MostTooSoon ? CloseReason.TooTalkative : CloseReason.None;

        record.HeardAt = now;
        if (isPrivate == true) return CloseReason.None;

        record.Held = Believe(peer, message);
        if (isPrivate is { } known) Release(peer, known);
        return CloseReason.None;
    }

    /// <summary>A peer is gone with which all was well: where few are connected, others are told of it once all the same.</summary>
    public void OnParted(Peer peer)
    {
        if (Describe(peer) is not { } gone) return;

        _gone.Enqueue((++_lastGone, gone));
        if (_gone.Count > MostGone) _gone.Dequeue();
    }

    private void Release(Peer peer, bool isPrivate)
    {
        if (peer.Pex.Held.Count == 0) return;

        if (!isPrivate) hear(peer.Pex.Held);
        peer.Pex.Held = [];
    }

    /// <summary>Endpoints that reach as far as whoever told of them, one of each global address.</summary>
    private static List<NetEndPoint> Believe(Peer peer, PexMessage message)
    {
        var seen = new HashSet<NetEndPoint>();
        var believed = new List<NetEndPoint>();
        foreach (var (endPoint, _) in message.Added)
        {
            if (peer.Pex.Believed >= MostBelieved) break;
            if (!endPoint.IsUsableFrom(peer.EndPoint.Scope) || !seen.Add(endPoint.Scope == NetworkScope.Global ? endPoint.WithPort(0) : endPoint)) continue;

            believed.Add(endPoint);
            peer.Pex.Believed++;
        }

        return believed;
    }

    /// <returns>Null if there is nothing to say.</returns>
    private PexMessage? Compose(Peer peer, List<PexPeer> all)
    {
        var told = peer.Pex.Told;
        var live = new HashSet<NetEndPoint>();
        var added = new List<PexPeer>();
        for (var i = 0; i < all.Count; i++)
        {
            var other = all[(i + peer.Key.Value) % all.Count]; // not all of a crowd are sent to the same fifty
            if (IsFor(peer, other) && live.Add(other.EndPoint) && added.Count < Most && !told.Contains(other.EndPoint)) added.Add(other);
        }

        foreach (var (number, gone) in _gone)
        {
            if (number <= peer.Pex.LastGone || all.Count >= MostGone || added.Count >= Most) continue;

            peer.Pex.LastGone = number;
            if (IsFor(peer, gone) && !live.Contains(gone.EndPoint) && !told.Contains(gone.EndPoint) && added.TrueForAll(a => a.EndPoint != gone.EndPoint)) added.Add(gone);
        }

        List<NetEndPoint> dropped = [.. told.Where(e => !live.Contains(e)).Take(Most)];
        if (added.Count == 0 && dropped.Count == 0) return null;

        told.ExceptWith(dropped);
        told.UnionWith(added.Select(a => a.EndPoint));
        return new PexMessage { Added = added, Dropped = dropped };
    }

    private static bool IsFor(Peer peer, PexPeer other) => other.EndPoint.IsUsableFrom(peer.EndPoint.Scope) && other.EndPoint != peer.Home && other.EndPoint != peer.EndPoint;

    private static PexPeer? Describe(Peer peer)
    {
        if (peer.Home is not { } home) return null;

        var flags = (peer.OnlyGives ? PexFlags.UploadOnly : 0) | (peer.IsIncoming ? 0 : PexFlags.Reachable) | (peer.Extensions is { PrefersEncryption: true } ? PexFlags.PrefersEncryption : 0);
        return new PexPeer(home, flags);
    }
}
