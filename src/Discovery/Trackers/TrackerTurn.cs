using Shoal.Core;

namespace Shoal.Discovery.Trackers;

/// <summary>An announce that is due: to one tracker, for every key of the torrent.</summary>
/// <param name="IsComplete">Whether the torrent was complete when it was decided on.</param>
internal sealed record TrackerTurn(TrackerTier Tier, TrackerState Tracker, IReadOnlyList<KeyTurn> Keys, bool IsComplete);

/// <summary>What is said of one key.</summary>
internal readonly record struct KeyTurn(Hash160 Key, AnnounceEvent Event, ReadOnlyMemory<byte> TrackerId);

/// <summary>A tracker that has to be told that we leave.</summary>
/// <param name="Keys">Those it may count us for.</param>
/// <param name="OwesCompleted">Those of which it is first told that they are complete.</param>
internal sealed record TrackerFarewell(TrackerState Tracker, IReadOnlyList<Hash160> Keys, IReadOnlyList<Hash160> OwesCompleted);
