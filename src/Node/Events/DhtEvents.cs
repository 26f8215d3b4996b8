namespace Shoal.Node.Events;

/// <summary>What the DHT looks like to whoever holds the store. Counts are since its start.</summary>
/// <param name="Nodes">One for each address of ours.</param>
/// <param name="OwnKeys">Keys that it announces.</param>
/// <param name="Queries">By their name on the wire.</param>
/// <param name="Answers">Received.</param>
/// <param name="Errors">Received instead of an answer.</param>
/// <param name="Timeouts">Queries that nobody answered.</param>
/// <param name="Refused">Queries of those who ask too much.</param>
/// <param name="Malformed">Datagrams that were no message, or no answer to anything that was asked.</param>
/// <param name="Dropped">Datagrams that came faster than they could be read.</param>
public sealed record DhtStatusEvent(
    IReadOnlyList<DhtNodeItem> Nodes, int OwnKeys, IReadOnlyDictionary<string, DhtTrafficItem> Queries, long Answers, long Errors, long Timeouts, long Refused, long Malformed,
    long Dropped, long BytesSent, long BytesReceived) : ShoalEvent;

/// <summary>A node of the DHT at one address of ours.</summary>
/// <param name="External">Where others see it, as most say; null before they agree.</param>
/// <param name="Buckets">Of its routing table, farthest first.</param>
/// <param name="Keys">Under which others have announced to it.</param>
/// <param name="Peers">That others have announced to it.</param>
/// <param name="Items">That others have put.</param>
/// <param name="NetworkSize">About how many nodes there are; null before the first lookup.</param>
public sealed record DhtNodeItem(
    string Id, string Address, string? External, int Good, int Questionable, IReadOnlyList<DhtBucketItem> Buckets, IReadOnlyList<DhtContactItem> Contacts, int Keys, int Peers,
    int Items, double? NetworkSize);

/// <param name="Bits">How many leading bits its contacts share with our node ID; the last bucket holds those that share more, too.</param>
public sealed record DhtBucketItem(int Bits, int Good, int Questionable, int Capacity);

public sealed record DhtContactItem(string Id, string Address, bool Good);

public sealed record DhtTrafficItem(long Received, long Sent);

/// <summary>One of the contacts closest to a key that answered.</summary>
/// <param name="Bits">How many leading bits of its ID are those of the key.</param>
/// <param name="Distance">Its ID XOR the key, 40 digits.</param>
/// <param name="Hops">How many queries in a row led to it.</param>
public sealed record ContactEvent(string Id, string Address, int Bits, string Distance, int Hops) : ShoalEvent;

/// <summary>A lookup is over.</summary>
/// <param name="Contacts">How many answered.</param>
/// <param name="Peers">How many different ones were found.</param>
/// <param name="Seeds">An estimate of how many have everything (BEP 33); null where nobody said.</param>
/// <param name="Downloaders">An estimate of how many have it in part.</param>
/// <param name="Crowded">Whether suspiciously many nodes are around the key.</param>
public sealed record LookupEvent(
    string Key, int Contacts, int Peers, int Queries, int Hops, double Seconds, double? Seeds, double? Downloaders, bool Crowded) : ShoalEvent;

/// <summary>A node of the DHT answered a ping.</summary>
/// <param name="Version">What its program calls itself; null if it does not say.</param>
/// <param name="External">Where it sees us; null if it does not say.</param>
public sealed record PongEvent(string Address, string Id, double Ms, string? Version, string? External) : ShoalEvent;

/// <summary>So many nodes took an item. The last three are null for an immutable one.</summary>
/// <param name="Conflicts">How many refused it for another version.</param>
public sealed record StoredEvent(string Target, int Nodes, int Conflicts, string? PublicKey, long? Sequence, string? Salt, double Seconds) : ShoalEvent;

/// <summary>An item was found. Key and sequence number are null for an immutable one.</summary>
/// <param name="Value">If it is a string of printable text.</param>
/// <param name="BencodedHex">All of it, as it is stored.</param>
/// <param name="Copies">How many nodes had it in this version.</param>
public sealed record ValueEvent(string Target, string? Value, string BencodedHex, string? PublicKey, long? Sequence, int Copies, double Seconds) : ShoalEvent;
