using Shoal.Core;

namespace Shoal.Dht.Serving;

/// <summary>
/// Peers that others announced to us, by key: bounded in keys and in peers to a key, forgotten after half an hour without a word.
/// A full key lets its oldest peer go; a full store takes no new key until one has expired.
/// </summary>
internal sealed class PeerStore(int maxKeys, int maxPeersPerKey, Random random)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);

    private readonly Dictionary<Hash160, List<Stored>> _keys = [];
    private TimeSpan _sweepAt;

    public int Keys => _keys.Count;

    public int Peers { get; private set; }

    public bool TryAdd(Hash160 key, NetEndPoint peer, TimeSpan now)
    {
        if (!_keys.TryGetValue(key, out var peers))
        {
            if (_keys.Count >= maxKeys) return false;
            _keys.Add(key, peers = new List<Stored>(1));
        }

        var known = IndexOf(peers, peer);
        if (known >= 0) peers.RemoveAt(known);
        else if (peers.Count >= maxPeersPerKey) peers.RemoveAt(0);
        else Peers++;

        peers.Add(new Stored(peer, now));
        return true;
    }

    /// <summary>Peers of a key that <paramref name="asker"/> can use, a random sample if they do not all fit; how many.</summary>
    public int Sample(Hash160 key, NetworkScope asker, TimeSpan now, Span<NetEndPoint> sample)
    {
        if (!_keys.TryGetValue(key, out var peers)) return 0;

        var seen = 0;
        foreach (var peer in peers)
        {
            if (now - peer.At >= Lifetime || !peer.EndPoint.IsUsableFrom(asker)) continue;

            var slot = seen < sample.Length ? seen : random.Next(seen + 1);
            if (slot < sample.Length) sample[slot] = peer.EndPoint;
            seen++;
        }

        return Math.Min(seen, sample.Length);
    }

    public void Tick(TimeSpan now)
    {
        if (now < _sweepAt) return;

        _sweepAt = now + SweepEvery;
        foreach (var (key, peers) in _keys)
        {
            Peers -= peers.RemoveAll(p => now - p.At >= Lifetime);
            if (peers.Count == 0) _keys.Remove(key);
        }
    }

    private static int IndexOf(List<Stored> peers, NetEndPoint peer)
    {
        for (var i = 0; i < peers.Count; i++)
            if (peers[i].EndPoint == peer) return i;
        return -1;
    }

    private readonly record struct Stored(NetEndPoint EndPoint, TimeSpan At);
}
