using Shoal.Core;

namespace Shoal.Harness.Trackers;

/// <summary>An announce as a tracker saw it.</summary>
/// <param name="From">Where it came from, with the port that it names.</param>
/// <param name="Event">The word of BEP 3; empty for none.</param>
/// <param name="Options">The whole of the query, or what followed a datagram's fixed part (BEP 41).</param>
public sealed record SeenAnnounce(Hash160 Torrent, NetEndPoint From, string Event, long Left, long Uploaded, long Downloaded, int Wanted, string Key, string Options);
