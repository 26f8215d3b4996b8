using Shoal.Core;

namespace Shoal.Dht.Announcing;

/// <summary>What an earlier run of this program announced.</summary>
/// <param name="Key">Under which key.</param>
/// <param name="Port">Where it accepted connections.</param>
/// <param name="Age">How long ago.</param>
internal readonly record struct RememberedAnnouncement(Hash160 Key, int Port, TimeSpan Age);

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
}
