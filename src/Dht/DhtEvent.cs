using Shoal.Core;

namespace Shoal.Dht;

/// <summary>What the core tells its shell.</summary>
internal abstract record DhtEvent;

internal sealed record PeerFound(int Task, FoundPeer Peer) : DhtEvent;

internal sealed record FindEnded(int Task, FindResult Result) : DhtEvent;

internal sealed record GetItemEnded(int Task, GetItemResult Result) : DhtEvent;

internal sealed record PutItemEnded(int Task, PutItemResult Result) : DhtEvent;

/// <param name="Task">Which ping.</param>
/// <param name="Result">Null if nobody answered.</param>
internal sealed record PingEnded(int Task, PingResult? Result) : DhtEvent;

/// <summary>One round of an announcement is over.</summary>
internal sealed record Announced(Hash160 Key, AnnounceResult Result) : DhtEvent;

/// <summary>An announcement was looked for afterwards.</summary>
internal sealed record AnnouncementChecked(Hash160 Key, CheckResult Result) : DhtEvent;
