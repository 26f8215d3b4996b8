using Shoal.Core;

namespace Shoal.Dht.Routing;

internal enum ContactState
{
    Good,
    Questionable,
    Bad,
}

/// <summary>A remote participant that has answered us at least once (BEP 5).</summary>
internal sealed class Contact(NodeId id, NetEndPoint endPoint, TimeSpan now)
{
    public static readonly TimeSpan GoodFor = TimeSpan.FromMinutes(15); // BEP 5

    /// <summary>Queries in a row without an answer that make it bad.</summary>
    public const int BadAfter = 2;

    public NodeId Id { get; } = id;

    public NetEndPoint EndPoint { get; } = endPoint;

    /// <summary>Whether its ID may be its own at this address (BEP 42).</summary>
    public bool HasValidId { get; } = NodeIdRule.Accepts(id, endPoint);

    /// <summary>When it last answered or asked us.</summary>
    public TimeSpan LastSeen { get; private set; } = now;

    public TimeSpan LastTried { get; set; } = now;

    public int Failures { get; private set; }

    public bool IsUsable => Failures < BadAfter;

    public ContactState State(TimeSpan now) =>
        !IsUsable ? ContactState.Bad
        : now - LastSeen < GoodFor ? ContactState.Good
        : ContactState.Questionable;

    public void Answered(TimeSpan now)
    {
        LastSeen = now;
        Failures = 0;
    }

    public void Asked(TimeSpan now)
    {
        if (Failures == 0) LastSeen = now;
    }

    public void Failed() => Failures++;
}
