using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Harness.Content;
using Shoal.Wire;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class SwarmLiarTests
{
    [Fact]
    public void BansAPeer_WhenAPieceOfItsOwnIsCorrupt()
    {
        var bench = new SwarmBench(pieces: 1).Open();
        var liar = bench.Connect();
        var other = bench.Connect();

        bench.GiveAll(isBad: a => a.Block == 1);
        bench.StoreAll();

        Assert.Equal([(liar, CloseReason.Corrupt)], bench.Effects.Closed);
        Assert.Equal(4, bench.RequestsTo(other).Count);
    }

    [Fact]
    public void BansTheLiarAndOnlyTheLiar_AndKeepsTheGoodBlocks()
    {
        var bench = new SwarmBench(pieces: 1).Open();
        var (liar, honest) = Share(bench, bad: 2);

        AnswerLeaves(bench, honest);

        Assert.Equal([(liar, CloseReason.Corrupt)], bench.Effects.Closed);
        var again = Assert.Single(bench.RequestsTo(honest).Skip(2));
        Assert.Equal(2, again.Block);
        bench.Give(again);
        bench.StoreAll();
        Assert.True(bench.Swarm.IsComplete);
    }

    [Fact]
    public void TakesTheWholePieceFromOne_WhenNobodyKnowsTheLeaves()
    {
        var bench = new SwarmBench(pieces: 1).Open();
        var (liar, honest) = Share(bench, bad: 2);
        foreach (var (peer, request) in bench.Effects.HashRequests.ToList()) bench.Handle(new SwarmEvent.HashesRejected(peer, request));
        var before = bench.Effects.Requests.Count;

        bench.Pass(3);

        var again = bench.Effects.Requests.Skip(before).ToList();
        Assert.Equal(4, again.Count);
        Assert.Single(again.Select(a => a.Peer).Distinct());
        Assert.Empty(bench.Effects.Closed);
        bench.GiveAll(isBad: a => a.Peer == liar);
        bench.StoreAll();
        bench.GiveAll();
        bench.StoreAll();
        Assert.True(bench.Swarm.IsComplete);
        Assert.DoesNotContain((honest, CloseReason.Corrupt), bench.Effects.Closed);
    }

    [Fact]
    public void BlamesNobody_ForLeavesThatDoNotLeadToThePiece()
    {
        var bench = new SwarmBench(pieces: 1).Open();
        var (_, honest) = Share(bench, bad: 2);
        var (peer, request) = bench.Effects.HashRequests[0];

        bench.Handle(new SwarmEvent.HashesReceived(peer, request, new byte[4 * Hash256.Length]));
        bench.Handle(new SwarmEvent.HashesReceived(peer, request, []));

        Assert.Empty(bench.Effects.Closed);
        AnswerLeaves(bench, honest);
        Assert.Single(bench.Effects.Closed);
    }

    [Fact]
    public void HearsNoMoreFromALiar_AndTakesItsBlocksFromOthers()
    {
        var bench = new SwarmBench(pieces: 2).Open();
        var liar = bench.Connect();
        var late = bench.RequestsTo(liar).Last();
        Assert.True(late.Buffer.TryClaim(late.Block));
        var honest = bench.Connect();
        bench.GiveAll(isBad: _ => true, which: a => a.Piece != late.Piece);
        bench.StoreAll();

        bench.Handle(new SwarmEvent.BlocksReceived(liar, late.Piece, late.Block, 1, SwarmBench.BlockLength));
        for (var i = 0; i < 3; i++)
        {
            bench.GiveAll();
            bench.StoreAll();
        }

        Assert.Equal([(liar, CloseReason.Corrupt), (honest, CloseReason.NothingToDo)], bench.Effects.Closed);
        Assert.True(bench.Swarm.IsComplete);
    }

    [Fact]
    public void RefusesALiarThatComesBack()
    {
        var bench = new SwarmBench(pieces: 1).Open();
        bench.Connect(id: 7);
        bench.GiveAll(isBad: _ => true);
        bench.StoreAll();

        var again = bench.Connect(id: 7, incoming: true, endPoint: SwarmBench.At(200, 4321));
        var neighbour = bench.Connect(id: 8, endPoint: SwarmBench.At(1, 9001));

        Assert.Contains((again, CloseReason.Corrupt), bench.Effects.Closed);
        Assert.Equal([neighbour], bench.Swarm.Peers.Select(p => p.Key));
    }

    [Fact]
    public void BansAPeer_WhoseHashesDoNotProve()
    {
        var bench = new SwarmBench(pieces: 3);
        bench.Open(layers: bench.Torrent.Layers(known: false));
        var peer = bench.Connect();
        var (_, request) = Assert.Single(bench.Effects.HashRequests);

        bench.Handle(new SwarmEvent.HashesReceived(peer, request, new byte[request.Range.TotalHashes * Hash256.Length]));

        Assert.Equal([(peer, CloseReason.Corrupt)], bench.Effects.Closed);
    }

    /// <summary>Two peers give half of a piece each, the first a bad block.</summary>
    private static (PeerKey Liar, PeerKey Honest) Share(SwarmBench bench, int bad)
    {
        var liar = bench.Connect();
        var honest = bench.Connect();
        var asked = bench.RequestsTo(liar);
        foreach (var one in asked.Take(2)) bench.Reject(one);
        foreach (var one in bench.RequestsTo(honest)) bench.Give(one);
        foreach (var one in asked.Skip(2)) bench.Give(one, bad: one.Block == bad);
        bench.StoreAll();
        return (liar, honest);
    }

    private static void AnswerLeaves(SwarmBench bench, PeerKey peer)
    {
        var (_, request) = bench.Effects.HashRequests[0];
        bench.Handle(new SwarmEvent.HashesReceived(peer, request, bench.Torrent.Leaves(new PieceIndex(0))));
    }

    [Fact]
    public void FindsTheLiarOfV1_ByComparing()
    {
        var bench = new SwarmBench(torrent: SeededTorrent.OfV1(1, SwarmBench.PieceLength, SwarmBench.PieceLength)).Open();
        var (liar, honest) = Share(bench, bad: 2);
        Assert.Empty(bench.Effects.HashRequests);
        Assert.Empty(bench.Effects.Closed); // nobody knows yet whose fault it was

        bench.Pass(1);
        bench.GiveAll(); // from one of them, and right this time
        bench.StoreAll();

        Assert.Contains((liar, CloseReason.Corrupt), bench.Effects.Closed);
        Assert.DoesNotContain((honest, CloseReason.Corrupt), bench.Effects.Closed);
        Assert.True(bench.Swarm.IsComplete);
    }
}
