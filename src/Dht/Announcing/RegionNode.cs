using Shoal.Core;

namespace Shoal.Dht.Announcing;

internal enum RegionNodeState
{
    /// <summary>Heard of.</summary>
    Fresh,
    Visiting,

    /// <summary>Visited in vain so far; welcome if it answers yet.</summary>
    Late,

    /// <summary>Has answered in this round.</summary>
    Live,
    Dead,
}

/// <summary>A node of a region and what it is still to be told.</summary>
internal sealed class RegionNode(NodeId id, NetEndPoint endPoint)
{
    private const int MaxBehind = 2;

    /// <summary>As it was told, until it has answered.</summary>
    public NodeId Id { get; set; } = id;

    /// <summary>Whether it has answered under its ID.</summary>
    public bool IsProven { get; set; }

    public NetEndPoint EndPoint => endPoint;

    public RegionNodeState State { get; set; }

    public bool IsOpen => State is RegionNodeState.Fresh or RegionNodeState.Visiting or RegionNodeState.Live;

    public int Tries { get; set; }

    /// <summary>Whether it takes many keys in a datagram.</summary>
    public bool TakesMany { get; set; }

    public byte[] Token { get; set; } = [];

    public Queue<RegionKey> Keys { get; } = new();

    /// <summary>Answers of it that are waited for.</summary>
    public int Waiting { get; set; }

    /// <summary>Whether it is not too far behind with its answers to be asked another thing.</summary>
    public bool KeepsUp => Waiting < (TakesMany ? MaxBehind : 2 * MaxBehind);
}

/// <summary>A key of a region round: whom it was given to, and how many took it.</summary>
internal sealed class RegionKey(OwnAnnouncement announcement)
{
    public OwnAnnouncement Announcement => announcement;

    public Hash160 Key => announcement.Key;

    public List<RegionNode> Given { get; } = [];

    public int Waiting { get; set; }

    public int Accepted { get; set; }
}
