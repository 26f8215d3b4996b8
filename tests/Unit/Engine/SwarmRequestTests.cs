using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Storage;
using Shoal.Wire;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class SwarmRequestTests
{
    [Fact]
    public void AsksOnlyForWhatThePeerHas()
    {
        var bench = new SwarmBench().Open("x...");

        var peer = bench.Connect("xx.x");

        Assert.Equal([1, 3], bench.PiecesAsked(peer).Order());
        Assert.Equal(8, bench.Effects.Requests.Count);
    }

    [Fact]
    public void AsksNothing_WhenChokedOrOfferedNothing()
    {
        var bench = new SwarmBench().Open("x...");

        bench.Connect("xxxx", unchoked: false);
        bench.Connect("x...");
        bench.Connect("");
        bench.Pass(1);

        Assert.Empty(bench.Effects.Requests);
        Assert.Equal([(new PeerKey(1), true)], bench.Effects.Interests);
    }

    [Fact]
    public void AsksNothing_WhenItOnlyServes()
    {
        var bench = new SwarmBench();
        bench.Handle(new SwarmEvent.ContentOpened(bench.Torrent.Info, bench.Torrent.Layers(), Drawn.Pieces("x..."), Fetch: false));

        bench.Connect();
        bench.Handle(new SwarmEvent.PeersFound([SwarmBench.At(99)], false));
        bench.Pass(1);

        Assert.Empty(bench.Effects.Requests);
        Assert.Empty(bench.Effects.Interests);
        Assert.Empty(bench.Effects.Connects);
    }

    [Fact]
    public void AsksAtOnce_WhenThePeerSaysItHasMore()
    {
        var bench = new SwarmBench().Open();
        var peer = bench.Connect("....");

        bench.Handle(new SwarmEvent.PeerHas(peer, 2));

        Assert.Equal([2], bench.PiecesAsked(peer));
    }

    [Fact]
    public void AsksNoPeerForABlockTwice()
    {
        var bench = new SwarmBench(pieces: 20).Open();

        bench.Connect();
        bench.Connect();
        for (var i = 0; i < 30; i++)
        {
            bench.GiveAll();
            bench.StoreAll();
            bench.Pass(0.1);
        }

        Assert.Equal(1, bench.Effects.Completions);
        Assert.Equal(80, bench.Effects.Requests.Select(r => (r.Peer, r.Piece, r.Block)).Distinct().Count());
        Assert.Equal(80, bench.Effects.Requests.Count);
    }

    [Fact]
    public void AsksOthersAtOnce_WhenAPeerCloses()
    {
        var bench = new SwarmBench(pieces: 2).Open();
        var first = bench.Connect();
        var second = bench.Connect();
        Assert.Empty(bench.RequestsTo(second));

        bench.Disconnect(first);

        Assert.Equal(8, bench.RequestsTo(second).Count);
    }

    [Fact]
    public void AsksOthersAtOnce_WhenAPeerRejects()
    {
        var bench = new SwarmBench(pieces: 1).Open();
        var first = bench.Connect();
        var second = bench.Connect();

        bench.Reject(bench.RequestsTo(first)[2]);

        var asked = Assert.Single(bench.RequestsTo(second));
        Assert.Equal(2, asked.Block);
    }

    [Fact]
    public void LeavesAPeerAloneWithWhatItRefused_ForAWhile()
    {
        var bench = new SwarmBench(pieces: 2).Open();
        var peer = bench.Connect("x.");
        foreach (var asked in bench.RequestsTo(peer)) bench.Reject(asked);
        bench.Pass(2);
        Assert.Equal(4, bench.Effects.Requests.Count);

        bench.Pass(10);

        Assert.Equal(8, bench.Effects.Requests.Count);
    }

    [Fact]
    public void AsksOthersAtOnce_WhenAPeerChokesWithoutTheFastExtension()
    {
        var bench = new SwarmBench(pieces: 1).Open();
        var first = bench.Connect(fast: false);
        var second = bench.Connect();

        bench.Handle(new SwarmEvent.ChokeChanged(first, true));
        bench.Pass(0.1);

        Assert.Equal(4, bench.RequestsTo(second).Count);
        Assert.Empty(bench.Peer(first).Owed);
    }

    [Fact]
    public void AsksAgain_WhenAPeerChokesAndUnchokes()
    {
        var bench = new SwarmBench(pieces: 1).Open();
        var peer = bench.Connect();
        bench.Handle(new SwarmEvent.ChokeChanged(peer, true));
        foreach (var asked in bench.RequestsTo(peer)) bench.Reject(asked);
        Assert.Equal(4, bench.Effects.Requests.Count);

        bench.Handle(new SwarmEvent.ChokeChanged(peer, false));

        Assert.Equal(8, bench.Effects.Requests.Count);
    }

    [Fact]
    public void AsksOthers_WhenAPeerStalls_AndTakesWhatComesFirst()
    {
        var bench = new SwarmBench(pieces: 1).Open();
        var staller = bench.Connect();
        var other = bench.Connect();

        bench.Pass(3.5);
        var asked = bench.RequestsTo(other);
        Assert.Equal(4, asked.Count);
        bench.Give(bench.RequestsTo(staller)[0]);
        bench.Give(asked.Single(a => a.Block == 0));

        Assert.Contains((other, 0, 0), bench.Effects.Cancels);
        Assert.Equal(SwarmBench.BlockLength, bench.Swarm.Wasted);
    }

    [Fact]
    public void HoldsNoMemory_WhenAStallerNeverAnswers()
    {
        var bench = new SwarmBench(pieces: 1).Open();
        var staller = bench.Connect();
        var other = bench.Connect();
        bench.Pass(3.5);

        bench.GiveAll(which: a => a.Peer == other);
        bench.StoreAll();

        Assert.Equal(Enumerable.Range(0, 4).Select(b => (staller, 0, b)), bench.Effects.Cancels.Order(Comparer<(PeerKey, int, int)>.Create((a, b) => a.Item3.CompareTo(b.Item3))).Distinct());
        Assert.Equal(1, bench.Effects.Completions);
        Assert.Equal(0, bench.Buffers.Leased);
    }

    [Fact]
    public void AsksAFastPeerToo_WhenASlowOneOwesTheLastBlocks()
    {
        var bench = new SwarmBench(pieces: 40).Open();
        var slow = bench.Connect("x" + new string('.', 39));
        bench.Give(bench.RequestsTo(slow)[0]);
        var fast = bench.Connect();
        for (var i = 0; i < 30 && bench.Swarm.Have!.Count < 39; i++)
        {
            bench.GiveAll(which: a => a.Peer == fast);
            bench.StoreAll();
            bench.Pass(0.05);
        }

        bench.Pass(0.3);
        bench.GiveAll(which: a => a.Peer == fast);
        bench.StoreAll();

        Assert.True(bench.Swarm.IsComplete);
        Assert.Equal(3, bench.Effects.Cancels.Count(c => c.Peer == slow));
    }

    [Fact]
    public void ForgetsWhatItTookBack_WhenThePeerWillNotAnswer()
    {
        var bench = new SwarmBench(pieces: 1).Open();
        var slow = bench.Connect(fast: false);
        var other = bench.Connect();
        bench.Pass(3.5);

        bench.GiveAll(which: a => a.Peer == other);

        Assert.Empty(bench.Peer(slow).Owed);
    }

    [Fact]
    public void CountsAPieceOnlyWhenItIsProven()
    {
        var bench = new SwarmBench(pieces: 2).Open();
        var peer = bench.Connect();
        var watcher = bench.Connect("..", unchoked: false);

        bench.GiveAll();
        Assert.Equal(0, bench.Swarm.Have!.Count);
        Assert.Empty(bench.Effects.Haves);
        bench.StoreAll();

        Assert.True(bench.Swarm.IsComplete);
        Assert.Equal([(watcher, 0), (watcher, 1)], bench.Effects.Haves.OrderBy(h => h.Piece));
        Assert.Contains((peer, CloseReason.NothingToDo), bench.Effects.Closed);
        Assert.Equal(0, bench.Buffers.Leased);
    }

    [Fact]
    public void TriesAFullDiskOnlyNowAndThen()
    {
        var bench = new SwarmBench(pieces: 1).Open();
        bench.Connect();
        bench.GiveAll();

        bench.Handle(new SwarmEvent.PieceStored(new PieceIndex(0), PutStatus.Failed));
        bench.Pass(4);
        Assert.Equal(4, bench.Effects.Requests.Count);
        bench.Pass(2);

        Assert.Equal(8, bench.Effects.Requests.Count);
    }

    [Fact]
    public void FetchesAgain_WhenAPieceIsLost()
    {
        var bench = new SwarmBench().Open("xxxx");
        var peer = bench.Connect("xx..");

        bench.Handle(new SwarmEvent.PieceLost(new PieceIndex(1)));

        Assert.Equal([1], bench.PiecesAsked(peer));
        Assert.False(bench.Swarm.IsComplete);
    }

    [Fact]
    public void StaysWithinItsMemory_AndSharesWhatIsOpen()
    {
        var bench = new SwarmBench(pieces: 8, budget: 3 * SwarmBench.PieceLength).Open();

        for (var i = 0; i < 4; i++) bench.Connect();

        Assert.Equal(3, bench.Effects.Requests.Select(r => r.Piece).Distinct().Count());
        Assert.Equal(3 * SwarmBench.PieceLength, bench.Buffers.Leased);
    }

    [Fact]
    public void GivesAllMemoryBack_WhenItCloses()
    {
        var bench = new SwarmBench(pieces: 8).Open();
        bench.Connect();

        bench.Swarm.Close();

        Assert.Equal(0, bench.Buffers.Leased);
    }

    [Fact]
    public void BeginsAnew_WhenItIsGivenAnotherCopy()
    {
        var bench = new SwarmBench().Open("xx..");
        var peer = bench.Connect("xxxx");
        Assert.Equal([2, 3], bench.PiecesAsked(peer).Order());
        bench.GiveAll();

        bench.Open(".x.x");
        var stale = bench.Effects.Stores.ToList();
        bench.StoreAll();
        bench.GiveAll();
        bench.StoreAll();

        Assert.Equal(2, stale.Count);
        Assert.True(bench.Swarm.IsComplete);
        Assert.Equal(0, bench.Buffers.Leased);
    }
}
