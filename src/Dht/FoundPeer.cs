using Shoal.Core;
using Shoal.Dht.Routing;

namespace Shoal.Dht;

/// <summary>A peer that somebody announced under the key that was looked up.</summary>
/// <param name="EndPoint">Where it accepts connections.</param>
/// <param name="Contact">Who said so; null if it was announced to this very node.</param>
/// <param name="Hops">How many queries in a row led to whoever said so; 0 if it was announced to this node.</param>
/// <param name="Elapsed">Since the lookup began.</param>
public readonly record struct FoundPeer(NetEndPoint EndPoint, NetEndPoint? Contact, int Hops, TimeSpan Elapsed);

/// <summary>How far an announcement came.</summary>
/// <param name="Nodes">How many nodes took it, this one not counted.</param>
/// <param name="Elapsed">From its beginning until the last of them confirmed.</param>
public readonly record struct AnnounceResult(int Nodes, TimeSpan Elapsed);

/// <summary>What a lookup came to.</summary>
/// <param name="Contacts">How many contacts answered.</param>
/// <param name="Peers">How many different peers were found.</param>
/// <param name="Elapsed">From its beginning to its end.</param>
public readonly record struct FindResult(int Contacts, int Peers, TimeSpan Elapsed);
