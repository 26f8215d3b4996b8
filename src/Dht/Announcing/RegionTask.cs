using Shoal.Dht.Krpc;

namespace Shoal.Dht.Announcing;

/// <summary>What a node of a region was asked, and who takes the answer.</summary>
internal abstract class RegionTask(RegionNode node, IReadOnlyList<RegionKey> keys)
{
    public RegionNode Node => node;

    public IReadOnlyList<RegionKey> Keys => keys;

    /// <summary>What it is sent with.</summary>
    public byte[] Token { get; set; } = [];

    public abstract void Take(RegionRound round, in KrpcMessage answer, Turn turn);
}

internal sealed class VisitTask(RegionNode node) : RegionTask(node, [])
{
    public override void Take(RegionRound round, in KrpcMessage answer, Turn turn) => round.Visited(Node, answer);
}

internal sealed class ManyTask(RegionNode node, IReadOnlyList<RegionKey> keys) : RegionTask(node, keys)
{
    public override void Take(RegionRound round, in KrpcMessage answer, Turn turn) => round.Told(Node, Keys, answer);
}

internal sealed class TokenTask(RegionNode node, RegionKey key) : RegionTask(node, [key])
{
    public override void Take(RegionRound round, in KrpcMessage answer, Turn turn) => round.GaveToken(Node, Keys[0], answer, turn);
}

internal sealed class AnnounceTask(RegionNode node, RegionKey key) : RegionTask(node, [key])
{
    public override void Take(RegionRound round, in KrpcMessage answer, Turn turn) => round.Announced(Keys[0], answer);
}
