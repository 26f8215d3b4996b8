using Shoal.Core;

namespace Shoal.Discovery.Trackers;

/// <summary>What is known of one tracker of one torrent. Owned by its schedule.</summary>
internal sealed class TrackerState(TrackerUrl url, int tier)
{
    public TrackerUrl Url => url;

    public int Tier => tier;

    /// <summary>In a row.</summary>
    public int Failures { get; set; }

    /// <summary>It failed, and is left alone until then.</summary>
    public TimeSpan NotBefore { get; set; } = TimeSpan.MinValue;

    /// <summary>The keys that it was told of, and so counts us for.</summary>
    public HashSet<Hash160> Started { get; } = [];

    /// <summary>The keys of which it has yet to hear that they are complete.</summary>
    public HashSet<Hash160> OwesCompleted { get; } = [];

    /// <summary>What it calls us, by key (<c>tracker id</c>).</summary>
    public Dictionary<Hash160, ReadOnlyMemory<byte>> Ids { get; } = [];

    public bool HasWorked { get; set; }

    /// <summary>Its last reply; null before the first.</summary>
    public AnnounceReply? Last { get; set; }

    /// <summary>Of its last reply that said so, or a scrape.</summary>
    public int? Seeds { get; set; }

    public int? Downloaders { get; set; }

    /// <summary>In its last reply.</summary>
    public int PeersGiven { get; set; }

    /// <summary>The announce under way; null for none.</summary>
    public TrackerTurn? UnderWay { get; set; }
}
