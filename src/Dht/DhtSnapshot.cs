using System.Net.Sockets;
using Shoal.Core;

namespace Shoal.Dht;

/// <summary>What a <see cref="DhtService"/> looked like at its last tick.</summary>
public sealed record DhtSnapshot
{
    public required NodeId Id { get; init; }

    public required IReadOnlyList<DhtFamilySnapshot> Families { get; init; }

    /// <summary>Keys that we announce.</summary>
    public required int OwnKeys { get; init; }

    public required DhtCounters Counters { get; init; }

    public required long BytesSent { get; init; }

    public required long BytesReceived { get; init; }

    /// <summary>Datagrams that found the mailbox full.</summary>
    public required long Dropped { get; init; }

    public int Good => Families.Sum(f => f.Good);

    public int Questionable => Families.Sum(f => f.Questionable);

    public int StoredKeys => Families.Sum(f => f.StoredKeys);
}

public sealed record DhtFamilySnapshot
{
    public required AddressFamily Family { get; init; }

    /// <summary>Good and questionable ones.</summary>
    public required IReadOnlyList<DhtContact> Contacts { get; init; }

    /// <summary>How many contacts each bucket holds, farthest first.</summary>
    public required IReadOnlyList<int> Buckets { get; init; }

    public required int Good { get; init; }

    public required int Questionable { get; init; }

    /// <summary>Keys under which others have announced to us.</summary>
    public required int StoredKeys { get; init; }

    public required int StoredPeers { get; init; }
}

public readonly record struct DhtContact(NodeId Id, NetEndPoint EndPoint, bool IsGood);
