using Shoal.Core;
using Shoal.Dht.Routing;

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
internal sealed class Candidate(NodeId? id, NetEndPoint endPoint, int hops, int path)
{
    public NodeId? Id { get; } = id;

    public NetEndPoint EndPoint { get; } = endPoint;

    /// <summary>How many queries in a row lead to its answer.</summary>
    public int Hops { get; } = hops;

    /// <summary>Which of the lookup's disjoint paths it belongs to: that of whoever told of it first.</summary>
    public int Path { get; } = path;

    public CandidateState State { get; set; }

    public byte[]? Token { get; set; }

    /// <summary>Whether its ID may be its own at its address (BEP 42).</summary>
    public bool HasValidId => Id is { } id && NodeIdRule.Accepts(id, EndPoint);

    public bool IsOpen => State is CandidateState.Fresh or CandidateState.Waiting;
}
