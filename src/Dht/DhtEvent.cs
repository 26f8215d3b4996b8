using Shoal.Core;
using Shoal.Dht.Lookups;

namespace Shoal.Dht;

/// <summary>What the core tells its shell.</summary>
internal abstract record DhtEvent;

internal sealed record PeerFound(int Lookup, FoundPeer Peer) : DhtEvent;

/// <param name="Lookup">Its number.</param>
/// <param name="Answered">How many contacts answered it.</param>
internal sealed record LookupEnded(int Lookup, int Answered) : DhtEvent;

/// <summary>One round of an announcement is over.</summary>
internal sealed record Announced(Hash160 Key, AnnounceResult Result) : DhtEvent;
