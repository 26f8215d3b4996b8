using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Engine.WebSeeds;
using Shoal.Wire;
using Xunit;

namespace Shoal.Unit.Engine;

public sealed class SwarmWebSeedTests
{
    private static readonly Uri Url = new("http://a.example/pub/"), Other = new("http://b.example/pub/");

    [Fact]
    public void AsksAWebSeed_WhenNobodyElseGives()
    {
        var bench = Open();
        Assert.Empty(bench.Effects.WebSeeds);
        bench.Pass(3);
        Assert.Equal([Url], bench.Effects.WebSeeds);

        var seed = Connect(bench, Url);
        bench.GiveAll();
        bench.StoreAll();
        bench.GiveAll();
        bench.StoreAll();

        Assert.True(bench.Swarm.IsComplete);
        Assert.Contains((seed, CloseReason.NothingToDo), bench.Effects.Closed);
    }

    [Fact]
    public void AsksForPiecesInARow()
    {
        var bench = Open(pieces: 40);
        bench.Pass(3);
        var seed = Connect(bench, Url);

        var pieces = bench.PiecesAsked(seed);

        Assert.True(pieces.Count >= 8);
        Assert.True(pieces.Zip(pieces.Skip(1)).Count(p => p.Second != p.First + 1) <= 1, string.Join(' ', pieces));
    }

    [Fact]
    public void AsksNoWebSeed_WhenPeersGiveEnough()
    {
        var bench = Open(options: new SwarmOptions { WebSeedsBelowPeers = 2 });
        bench.Connect();
        bench.Connect();

        bench.Pass(2);

        Assert.Empty(bench.Effects.WebSeeds);
    }

    [Fact]
    public void StopsAsking_OncePeersGiveEnough()
    {
        var bench = Open(pieces: 200, options: new SwarmOptions { WebSeedsBelowPeers = 1 });
        bench.Pass(3);
        var seed = Connect(bench, Url);
        bench.Connect();
        bench.Pass(0.1);
        var before = bench.RequestsTo(seed).Count;

        bench.GiveAll(which: a => a.Peer == seed);

        Assert.Equal(before, bench.RequestsTo(seed).Count);
    }

    [Fact]
    public void AsksAWebSeedBesideASlowPeer()
    {
        var bench = Open();
        bench.Connect();

        bench.Pass(3);

        Assert.Equal([Url], bench.Effects.WebSeeds);
    }

    [Fact]
    public void TriesAFailingOneLaterAndLater()
    {
        var bench = Open();
        var times = new List<TimeSpan>();
        for (var i = 0; i < 5; i++)
        {
            while (bench.Effects.WebSeeds.Count == 0) bench.Pass(0.1);
            times.Add(bench.Now);
            bench.Effects.WebSeeds.Clear();
            bench.Handle(new SwarmEvent.WebSeedEnded(new PeerKey(100 + i), Url, WebSeedEnd.Later, WasUseful: false, TimeSpan.Zero));
        }

        var gaps = times.Zip(times.Skip(1), (a, b) => b - a).ToList();
        Assert.Equal(gaps.Order(), gaps);
        Assert.True(gaps[^1] > gaps[0] * 4);
    }

    [Fact]
    public void WaitsAsLongAsTheServerAsks()
    {
        var bench = Open();
        bench.Pass(3);
        bench.Handle(new SwarmEvent.WebSeedEnded(Connect(bench, Url), Url, WebSeedEnd.Later, WasUseful: true, TimeSpan.FromSeconds(60)));
        bench.Effects.WebSeeds.Clear();

        bench.Pass(55);
        Assert.Empty(bench.Effects.WebSeeds);
        bench.Pass(10);

        Assert.Equal([Url], bench.Effects.WebSeeds);
    }

    [Fact]
    public void NeverAgainAsksOneThatHasNotWhatIsWanted()
    {
        var bench = Open();
        bench.Pass(3);
        bench.Handle(new SwarmEvent.WebSeedEnded(Connect(bench, Url), Url, WebSeedEnd.Never, WasUseful: false, TimeSpan.Zero));
        bench.Effects.WebSeeds.Clear();

        bench.Pass(700);

        Assert.Empty(bench.Effects.WebSeeds);
        Assert.Empty(bench.Swarm.Peers);
    }

    [Fact]
    public void BansAWebSeedThatLies_AndNoOther()
    {
        var bench = Open(pieces: 2);
        bench.Handle(new SwarmEvent.WebSeedsKnown([Other]));
        bench.Pass(3);
        var (liar, honest) = (Connect(bench, Url), Connect(bench, Other));

        for (var i = 0; i < 10 && !bench.Swarm.IsComplete; i++)
        {
            bench.GiveAll(isBad: a => a.Peer == liar);
            bench.StoreAll();
            bench.Pass(1);
        }

        Assert.Contains((liar, CloseReason.Corrupt), bench.Effects.Closed);
        Assert.DoesNotContain((honest, CloseReason.Corrupt), bench.Effects.Closed);
        Assert.True(bench.Swarm.IsComplete);
    }

    [Fact]
    public void IsNoPeerToSpeakOf()
    {
        var bench = Open();
        bench.Pass(3);
        Connect(bench, Url);
        var peer = bench.Connect("....");
        bench.Extend(peer, pex: true);

        bench.Handle(new SwarmEvent.KeptAlive(peer));
        bench.Pass(170);
        bench.Handle(new SwarmEvent.KeptAlive(peer));
        bench.Pass(170);

        Assert.Empty(bench.Effects.Told);
        Assert.Empty(bench.Effects.Closed);
    }

    private static SwarmBench Open(int pieces = 4, SwarmOptions? options = null)
    {
        var bench = new SwarmBench(pieces, options);
        bench.Handle(new SwarmEvent.WebSeedsKnown([Url]));
        return bench.Open();
    }

    private static PeerKey Connect(SwarmBench bench, Uri url)
    {
        var key = new PeerKey(1000 + url.Host[0]);
        bench.Handle(new SwarmEvent.WebSeedConnected(key, url));
        return key;
    }
}
