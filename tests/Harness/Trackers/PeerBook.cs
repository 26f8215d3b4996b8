using Shoal.Core;

namespace Shoal.Harness.Trackers;

/// <summary>What a tracker keeps: who announced what. Peers without a port are not listed. Its lock is a leaf.</summary>
internal sealed class PeerBook
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Hash160, Dictionary<NetEndPoint, long>> _peers = [];
    private readonly List<SeenAnnounce> _seen = [];

    public IReadOnlyList<SeenAnnounce> Seen
    {
        get
        {
            lock (_lock) return [.. _seen];
        }
    }

    /// <returns>The other peers, of the same address family.</returns>
    public IReadOnlyList<NetEndPoint> Announce(SeenAnnounce announce)
    {
        lock (_lock)
        {
            _seen.Add(announce);
            if (!_peers.TryGetValue(announce.Torrent, out var peers)) _peers[announce.Torrent] = peers = [];
            if (announce.Event == "stopped") peers.Remove(announce.From);
            else if (announce.From.Port != 0) peers[announce.From] = announce.Left;
            return [.. peers.Keys.Where(p => p != announce.From && p.IsV6 == announce.From.IsV6)];
        }
    }

    public (int Seeds, int Downloaders) Count(Hash160 torrent)
    {
        lock (_lock)
        {
            var peers = _peers.GetValueOrDefault(torrent) ?? [];
            return (peers.Values.Count(left => left == 0), peers.Values.Count(left => left > 0));
        }
    }
}
