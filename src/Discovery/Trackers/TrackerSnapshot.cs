namespace Shoal.Discovery.Trackers;

/// <summary>How one tracker of a torrent stands. Immutable.</summary>
/// <param name="Url">As it was written; may hold a key of the user's.</param>
/// <param name="Tier">From 0.</param>
/// <param name="State">What came of the last announce.</param>
/// <param name="Message">Why it failed, or what the tracker wants people to know; null for nothing.</param>
/// <param name="Seeds">As the tracker counts; null if it has not said.</param>
/// <param name="Downloaders">Likewise.</param>
/// <param name="Peers">Endpoints in its last reply.</param>
/// <param name="NextAnnounce">When it is announced to again; null while it is not its turn.</param>
public sealed record TrackerSnapshot(string Url, int Tier, TrackerStanding State, string? Message, int? Seeds, int? Downloaders, int Peers, DateTimeOffset? NextAnnounce);

/// <summary>What came of the last announce to a tracker.</summary>
public enum TrackerStanding
{
    NotAsked,
    Works,
    Failed,
}
