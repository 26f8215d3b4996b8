namespace Shoal.Dht.Announcing;

/// <summary>What has been announced since the start.</summary>
internal sealed class AnnounceTotals
{
    /// <summary>Keys, each time.</summary>
    public long Announced { get; set; }

    /// <summary>Rounds for many keys of a region.</summary>
    public long Regions { get; set; }

    /// <summary>Announcements that were looked for afterwards, and found.</summary>
    public long Findable { get; set; }

    public long NotFindable { get; set; }

    /// <summary>Queries that looking for them took.</summary>
    public long CheckQueries { get; set; }
}
