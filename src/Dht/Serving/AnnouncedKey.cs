using System.Runtime.InteropServices;
using Shoal.Core;

namespace Shoal.Dht.Serving;

/// <summary>A peer as it announced itself, and what a scrape needs of it.</summary>
internal readonly record struct AnnouncedPeer(NetEndPoint EndPoint, TimeSpan At, uint FilterPlaces, bool IsSeed);

/// <summary>The peers of one key, the one that was silent longest first.</summary>
internal sealed class AnnouncedKey(Hash160 key) : KeyEntry(key)
{
    private readonly List<AnnouncedPeer> _peers = new(1);

    public int Count => _peers.Count;

    public ReadOnlySpan<AnnouncedPeer> Peers => CollectionsMarshal.AsSpan(_peers);

    public AnnouncedPeer Oldest => _peers[0];

    /// <summary>Which one an announcement renews: a global address is one peer whatever its port (BEP 33), a near one is with it.</summary>
    public int IndexOf(NetEndPoint peer)
    {
        var isGlobal = peer.Scope == NetworkScope.Global;
        var peers = Peers;
        for (var i = 0; i < peers.Length; i++)
            if (isGlobal ? peers[i].EndPoint.SameAddress(peer) : peers[i].EndPoint == peer) return i;
        return -1;
    }

    public void Add(AnnouncedPeer peer) => _peers.Add(peer);

    public void RemoveAt(int index) => _peers.RemoveAt(index);
}
