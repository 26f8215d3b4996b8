using Shoal.Core;

namespace Shoal.Dht.Lookups;

internal enum CandidateState
{
    /// <summary>Heard of, not asked.</summary>
    Fresh,
    Waiting,

    /// <summary>Its time is up and others go ahead, but a late answer still counts.</summary>
    Slow,
    Answered,
    Failed,
}

/// <summary>Somebody a lookup heard of. Without an ID it is a seed: an address to begin from.</summary>
internal sealed class Candidate(NodeId? id, NetEndPoint endPoint, int hops)
{
    public NodeId? Id { get; } = id;

    public NetEndPoint EndPoint { get; } = endPoint;

    /// <summary>How many queries in a row lead to its answer.</summary>
    public int Hops { get; } = hops;

    public CandidateState State { get; set; }

    public byte[]? Token { get; set; }
}
