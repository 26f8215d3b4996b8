using Shoal.Core;

namespace Shoal.Discovery.Trackers;

/// <summary>What a node tells trackers of itself.</summary>
public sealed record TrackerServiceOptions
{
    public required PeerId PeerId { get; init; }

    /// <summary>How many peers are asked for at once.</summary>
    public int Wanted { get; init; } = 50;

    /// <summary>Announces under way at once; those beyond wait their turn.</summary>
    public int MaxAsking { get; init; } = 64;

    /// <summary>How long trackers are told that we leave, in all, when the service ends.</summary>
    public TimeSpan StopWithin { get; init; } = TimeSpan.FromSeconds(1);
}
