using Shoal.Core;

namespace Shoal.Discovery.Trackers;

/// <summary>A torrent that is announced to its trackers.</summary>
public sealed record TrackedTorrent
{
    /// <summary>Its names of 20 bytes: of v1, and the truncated one of v2 (BEP 52). A hybrid has both, and is announced under both.</summary>
    public required IReadOnlyList<Hash160> Keys { get; init; }

    /// <summary>Its trackers, by tier (BEP 12).</summary>
    public required IReadOnlyList<IReadOnlyList<TrackerUrl>> Tiers { get; init; }

    /// <summary>Where its peers reach us, TCP; 0 to ask without being listed.</summary>
    public int Port { get; init; }

    /// <summary>How it stands. Called on the service's loop; must return quickly.</summary>
    public required Func<AnnounceCounts> Counts { get; init; }

    /// <summary>Told of peers. Called on the service's loop; must return quickly.</summary>
    public required Action<IReadOnlyList<NetEndPoint>> OnPeers { get; init; }

    /// <summary>Another name for us than the node's, so that it may come and go without ending what the node is counted for; null for the node's.</summary>
    public PeerId? PeerId { get; init; }
}
