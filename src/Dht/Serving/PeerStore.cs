using Shoal.Core;

namespace Shoal.Dht.Serving;

/// <summary>
/// Peers that others announced to us, by key (BEP 5, 33): bounded in keys, in peers to a key and in peers altogether, forgotten after half an hour without a word.
/// A full key lets its oldest peer go, a full store its farthest key; no range of addresses holds more than a quarter of it.
/// </summary>
internal sealed class PeerStore(Hash160 self, DhtNodeOptions options, Random random)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan SweepEvery = TimeSpan.FromMinutes(1);

    private readonly NearestKeys<AnnouncedKey> _keys = new(self, options.MaxStoredKeys, random);
    private readonly RangeQuota _quota = new(options.SourceSlots, Math.Max(1, options.MaxStoredPeers / 4), random);
    private TimeSpan _sweepAt;

    public int Keys => _keys.Count;

    public int Peers { get; private set; }

    /// <summary>Our own ID, which decides what goes first.</summary>
    public Hash160 Self
    {
        get => _keys.Self;
        set => _keys.Self = value;
    }

    /// <summary>One of the keys; which, means nothing.</summary>
    public Hash160 Key(int index) => _keys[index].Key;

    /// <summary>Takes an announcement, or renews one; false if there is no room for it.</summary>
    public bool TryAdd(Hash160 key, NetEndPoint peer, bool isSeed, TimeSpan now)
    {
        if (!_keys.TryGet(key, out var entry)) return TryAddKey(key, peer, isSeed, now);

        var known = entry.IndexOf(peer);
        if (known >= 0)
        {
            var renewed = entry.Peers[known] with { EndPoint = peer, At = now, IsSeed = isSeed };
            entry.RemoveAt(known);
            entry.Add(renewed);
            return true;
        }

        if (!_quota.TryTake(peer)) return false;

        if (entry.Count >= options.MaxPeersPerKey || (Peers >= options.MaxStoredPeers && _keys.Farthest == entry)) RemoveOldest(entry);
        else if (Peers >= options.MaxStoredPeers) Remove(_keys.Farthest);
        Add(entry, peer, isSeed, now);
        return true;
    }

    /// <summary>Peers of a key that <paramref name="asker"/> can use, beginning anywhere among them; how many.</summary>
    public int Sample(Hash160 key, NetworkScope asker, TimeSpan now, Span<NetEndPoint> sample, bool noSeeds = false)
    {
        if (sample.IsEmpty || !_keys.TryGet(key, out var entry)) return 0;

        var count = 0;
        var peers = entry.Peers;
        var start = peers.Length > 1 ? random.Next(peers.Length) : 0;
        for (var i = 0; i < peers.Length && count < sample.Length; i++)
        {
            ref readonly var peer = ref peers[start + i < peers.Length ? start + i : start + i - peers.Length];
            if (IsTold(peer, asker, now) && !(noSeeds && peer.IsSeed)) sample[count++] = peer.EndPoint;
        }

        return count;
    }

    /// <summary>The filters of a key (BEP 33); false if there is nobody in either.</summary>
    public bool TryScrape(Hash160 key, NetworkScope asker, TimeSpan now, Span<byte> seeds, Span<byte> peers)
    {
        if (!_keys.TryGet(key, out var entry)) return false;

        var any = false;
        seeds.Clear();
        peers.Clear();
        foreach (ref readonly var peer in entry.Peers)
        {
            if (!IsTold(peer, asker, now)) continue;

            ScrapeFilter.Set(peer.IsSeed ? seeds : peers, peer.FilterPlaces);
            any = true;
        }

        return any;
    }

    public void Tick(TimeSpan now)
    {
        if (now < _sweepAt) return;

        _sweepAt = now + SweepEvery;
        for (var i = _keys.Count - 1; i >= 0; i--)
        {
            var entry = _keys[i];
            while (entry.Count > 0 && now - entry.Oldest.At >= Lifetime) RemoveOldest(entry);
            if (entry.Count == 0) _keys.Remove(entry);
        }
    }

    private static bool IsTold(in AnnouncedPeer peer, NetworkScope asker, TimeSpan now) =>
        now - peer.At < Lifetime && peer.EndPoint.IsUsableFrom(asker);

    private bool TryAddKey(Hash160 key, NetEndPoint peer, bool isSeed, TimeSpan now)
    {
        var isFull = _keys.IsFull || Peers >= options.MaxStoredPeers;
        if ((isFull && !_keys.IsNearer(key)) || !_quota.TryTake(peer)) return false;
        if (isFull) Remove(_keys.Farthest);

        var entry = new AnnouncedKey(key);
        _keys.Add(entry);
        Add(entry, peer, isSeed, now);
        return true;
    }

    private void Add(AnnouncedKey entry, NetEndPoint peer, bool isSeed, TimeSpan now)
    {
        entry.Add(new AnnouncedPeer(peer, now, ScrapeFilter.Places(peer), isSeed));
        Peers++;
    }

    private void RemoveOldest(AnnouncedKey entry)
    {
        _quota.GiveBack(entry.Oldest.EndPoint);
        entry.RemoveAt(0);
        Peers--;
    }

    private void Remove(AnnouncedKey entry)
    {
        foreach (ref readonly var peer in entry.Peers) _quota.GiveBack(peer.EndPoint);
        Peers -= entry.Count;
        _keys.Remove(entry);
    }
}
