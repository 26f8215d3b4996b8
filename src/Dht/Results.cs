using Shoal.Core;
using Shoal.Dht.Items;

namespace Shoal.Dht;

/// <summary>How far an announcement came.</summary>
/// <param name="Nodes">How many nodes took it, this one not counted.</param>
/// <param name="Elapsed">From its beginning until the last of them confirmed.</param>
public readonly record struct AnnounceResult(int Nodes, TimeSpan Elapsed);

/// <summary>Whether an announcement was found by an independent lookup after it.</summary>
/// <param name="IsFound">Whether an answer named our own address and port.</param>
/// <param name="Hops">How many queries in a row led to it, or how many were followed in vain.</param>
/// <param name="Elapsed">From the beginning of that lookup.</param>
public readonly record struct CheckResult(bool IsFound, int Hops, TimeSpan Elapsed);

/// <summary>What a lookup came to.</summary>
/// <param name="Contacts">How many contacts answered.</param>
/// <param name="Peers">How many different peers were found.</param>
/// <param name="Elapsed">From its beginning to its end.</param>
public sealed record FindResult(int Contacts, int Peers, TimeSpan Elapsed)
{
    /// <summary>The contacts closest to the key that answered, closest first; at most eight for each address of ours.</summary>
    public IReadOnlyList<LookupContact> Closest { get; init; } = [];

    /// <summary>How many queries it took.</summary>
    public int Queries { get; init; }

    /// <summary>How many queries in a row led to whoever was asked last.</summary>
    public int Hops { get; init; }

    /// <summary>Whether suspiciously many nodes crowd around the key, so that all around them were asked too.</summary>
    public bool IsCrowded { get; init; }

    /// <summary>An estimate of how many have everything (BEP 33); null where nobody said or nobody was asked.</summary>
    public double? Seeds { get; init; }

    /// <summary>An estimate of how many have it in part.</summary>
    public double? Downloaders { get; init; }
}

/// <summary>Somebody who answered a lookup.</summary>
public readonly record struct LookupContact(NodeId Id, NetEndPoint EndPoint, int Hops);

/// <summary>What a lookup of an item came to.</summary>
/// <param name="Item">The newest of those that prove themselves; null if there is none.</param>
/// <param name="Copies">How many nodes had it in that version.</param>
/// <param name="Contacts">How many contacts answered.</param>
/// <param name="Elapsed">From its beginning to its end.</param>
public sealed record GetItemResult(DhtItem? Item, int Copies, int Contacts, TimeSpan Elapsed);

/// <summary>How far an item came.</summary>
/// <param name="Nodes">How many nodes took it.</param>
/// <param name="Conflicts">How many refused it since they hold another version than was expected, or a newer one.</param>
/// <param name="Elapsed">From its beginning to its end.</param>
public sealed record PutItemResult(int Nodes, int Conflicts, TimeSpan Elapsed);

/// <summary>Somebody answered a ping.</summary>
/// <param name="Id">Its node ID.</param>
/// <param name="Elapsed">The round trip.</param>
/// <param name="Version">What its program calls itself: two letters, then two numbers, by custom; empty if it does not say.</param>
/// <param name="ExternalAddress">Where it sees us, if it says.</param>
public sealed record PingResult(NodeId Id, TimeSpan Elapsed, string Version, NetEndPoint? ExternalAddress);
