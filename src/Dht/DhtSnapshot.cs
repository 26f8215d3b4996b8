using Shoal.Core;

namespace Shoal.Dht;

/// <summary>What a <see cref="DhtService"/> looked like at its last tick.</summary>
public sealed record DhtSnapshot
{
    /// <summary>One for each address of ours (BEP 45).</summary>
    public required IReadOnlyList<DhtNodeSnapshot> Nodes { get; init; }

    /// <summary>Keys that we announce.</summary>
    public required int OwnKeys { get; init; }

    public required DhtCounters Counters { get; init; }

    /// <summary>Queries by their name on the wire, those that we have no name for as <c>unknown</c>.</summary>
    public required IReadOnlyDictionary<string, DhtTraffic> Queries { get; init; }

    public required long BytesSent { get; init; }

    public required long BytesReceived { get; init; }

    /// <summary>Datagrams that found the queue of their address full.</summary>
    public required long Dropped { get; init; }

    public int Good => Nodes.Sum(n => n.Good);

    public int Questionable => Nodes.Sum(n => n.Questionable);

    public int StoredKeys => Nodes.Sum(n => n.StoredKeys);
}

/// <summary>How many messages of a kind went each way.</summary>
public readonly record struct DhtTraffic(long Received, long Sent);

/// <summary>A node at one address of ours.</summary>
public sealed record DhtNodeSnapshot
{
    public required NodeId Id { get; init; }

    /// <summary>Where it listens.</summary>
    public required NetEndPoint LocalEndPoint { get; init; }

    /// <summary>Where others see it, as most say (BEP 42); null before they agree.</summary>
    public required NetEndPoint? ExternalEndPoint { get; init; }

    /// <summary>Good and questionable ones.</summary>
    public required IReadOnlyList<DhtContact> Contacts { get; init; }

    /// <summary>Each bucket, farthest first.</summary>
    public required IReadOnlyList<DhtBucket> Buckets { get; init; }

    public required int Good { get; init; }

    public required int Questionable { get; init; }

    /// <summary>Keys under which others have announced to us.</summary>
    public required int StoredKeys { get; init; }

    public required int StoredPeers { get; init; }

    /// <summary>Items that others have put (BEP 44).</summary>
    public required int StoredItems { get; init; }

    /// <summary>About how many nodes the network has; null before the first lookup.</summary>
    public required double? NetworkSize { get; init; }
}

public readonly record struct DhtContact(NodeId Id, NetEndPoint EndPoint, bool IsGood);

/// <summary>A range of the key space in the routing table.</summary>
/// <param name="Good">Contacts heard of in the last 15 minutes.</param>
/// <param name="Questionable">Contacts to be pinged.</param>
/// <param name="Capacity">How many it may hold.</param>
public readonly record struct DhtBucket(int Good, int Questionable, int Capacity);
