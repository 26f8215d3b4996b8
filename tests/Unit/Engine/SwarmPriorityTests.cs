using Shoal.Core.Geometry;
using Shoal.Engine;
using Xunit;

namespace Shoal.Unit.Engine;

/// <summary>Wishes while a swarm runs. The peers keep one piece's requests, so that what comes next is seen.</summary>
public sealed class SwarmPriorityTests
{
    private static PieceRange Range(int first, int count = 1) => new(new PieceIndex(first), count);

    private static PeerKey Slow(SwarmBench bench, string? has = null)
    {
        var peer = bench.Connect(has, unchoked: false);
        bench.Extend(peer, queue: 4);
        return peer;
    }

    private static void Unchoke(SwarmBench bench, PeerKey peer) => bench.Handle(new SwarmEvent.ChokeChanged(peer, false));

    private static void Run(SwarmBench bench)
    {
        for (var i = 0; i < 40; i++)
        {
            bench.GiveAll();
            bench.StoreAll();
            bench.Pass(0.1);
        }
    }

    [Fact]
    public void BeginsWithWhatIsNeededByATime()
    {
        var bench = new SwarmBench(pieces: 8).Open();
        var peer = Slow(bench);
        bench.Handle(new SwarmEvent.Preferred(Range(6, 2), TimeSpan.FromSeconds(9)));
        bench.Handle(new SwarmEvent.Preferred(Range(3), TimeSpan.FromSeconds(5)));

        Unchoke(bench, peer);
        Run(bench);

        Assert.Equal([3, 6, 7], bench.PiecesAsked(peer).Take(3));
        Assert.Equal(1, bench.Effects.Completions);
    }

    [Fact]
    public void AllHelpWithWhatIsNeededByATime()
    {
        var bench = new SwarmBench(pieces: 8).Open();
        bench.Handle(new SwarmEvent.Preferred(Range(4), TimeSpan.FromSeconds(5)));
        PeerKey first = Slow(bench), second = Slow(bench);
        bench.Extend(first, queue: 2);

        Unchoke(bench, first);
        Unchoke(bench, second);

        Assert.Equal([4], bench.PiecesAsked(first));
        Assert.Equal(4, bench.PiecesAsked(second)[0]);
    }

    [Fact]
    public void FetchesInOrder_WhenToldTo()
    {
        var bench = new SwarmBench(pieces: 8).Open();
        bench.Handle(new SwarmEvent.OrderChosen(true));
        var peer = Slow(bench);

        Unchoke(bench, peer);
        Run(bench);

        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], bench.PiecesAsked(peer));
    }

    [Fact]
    public void BeginsWithWhatIsWantedMost()
    {
        var bench = new SwarmBench(pieces: 8).Open();
        bench.Handle(new SwarmEvent.Prioritized(Range(5), PiecePriority.High));
        bench.Handle(new SwarmEvent.Prioritized(Range(0, 5), PiecePriority.Low));
        var peer = Slow(bench);

        Unchoke(bench, peer);
        Run(bench);

        Assert.Equal(5, bench.PiecesAsked(peer)[0]);
        Assert.Equal([6, 7], bench.PiecesAsked(peer).Skip(1).Take(2).Order());
    }

    [Fact]
    public void IsComplete_WhenTheRestIsNotWantedAnyMore()
    {
        var bench = new SwarmBench(pieces: 2).Open(".x");
        var seed = Slow(bench);
        Unchoke(bench, seed);

        bench.Handle(new SwarmEvent.Prioritized(Range(0), PiecePriority.None));

        Assert.True(bench.Swarm.IsComplete);
        Assert.Equal(1, bench.Effects.Completions);
        Assert.Equal(4, bench.Effects.Cancels.Count);
        Assert.Equal(0, bench.Buffers.Leased);
        Assert.Empty(bench.Peer(seed).Owed);
    }

    [Fact]
    public void FetchesMore_WhenMoreIsWanted()
    {
        var bench = new SwarmBench(pieces: 4).Open("x...");
        bench.Handle(new SwarmEvent.Prioritized(Range(0, 4), PiecePriority.None));
        var peer = Slow(bench, ".xx.");
        Unchoke(bench, peer);
        Assert.Empty(bench.Effects.Requests);

        bench.Handle(new SwarmEvent.Prioritized(Range(2), PiecePriority.Normal));

        Assert.Equal([2], bench.PiecesAsked(peer));
    }
}
