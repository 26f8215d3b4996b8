using Shoal.Core;

namespace Shoal.Discovery.Trackers;

/// <summary>What a tracker is told, and asked (BEP 3, BEP 15).</summary>
public sealed record AnnounceRequest
{
    /// <summary>The infohash: 20 bytes, of v1 or truncated.</summary>
    public required Hash160 Torrent { get; init; }

    public required PeerId PeerId { get; init; }

    /// <summary>Where we accept peers, TCP; 0 if we do not, and then we are not to be listed.</summary>
    public int Port { get; init; }

    public AnnounceCounts Counts { get; init; }

    public AnnounceEvent Event { get; init; }

    /// <summary>How many peers we would like at most.</summary>
    public int Wanted { get; init; }

    /// <summary>Tells the tracker that we are who we were, though our address changed; peers never learn it.</summary>
    public uint Key { get; init; }

    /// <summary>What the tracker called us in its last reply; empty for nothing. HTTP only.</summary>
    public ReadOnlyMemory<byte> TrackerId { get; init; }
}
