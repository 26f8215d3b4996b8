namespace Shoal.Engine;

public enum SwarmPhase
{
    /// <summary>Only the infohash is known.</summary>
    Metadata,

    /// <summary>The metadata is known; the content is not open yet.</summary>
    Opening,
    Downloading,

    /// <summary>All that is wanted is there.</summary>
    Complete,
}
