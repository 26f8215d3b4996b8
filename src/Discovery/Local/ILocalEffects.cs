using Shoal.Core;

namespace Shoal.Discovery.Local;

/// <summary>What local discovery wants done, or tells. Every call only notes or enqueues.</summary>
internal interface ILocalEffects
{
    /// <summary>To the groups, on every interface.</summary>
    void Send(Announcement announcement);

    /// <summary>A peer of a torrent that is joined; the same one again with every announcement.</summary>
    void PeerHeard(Hash160 torrent, NetEndPoint peer);

    /// <summary>Somebody whose DHT node answers; again with every announcement.</summary>
    void NodeHeard(NetEndPoint node);
}
