using System.Net;
using Shoal.Core;
using Shoal.Core.Geometry;
using Shoal.Engine;
using Shoal.Engine.Peers;
using Shoal.Wire;
using Shoal.Wire.Extensions;
using Xunit;

namespace Shoal.Unit.Engine;

/// <summary>What peers say of themselves beyond what they have: what they want, lose, allow, and how welcome they are.</summary>
public sealed class SwarmStandingTests
{
    [Fact]
    public void SaysThatItWantsNothing_WhenItHasAll_AndThatItDoesAgain()
    {
        var bench = new SwarmBench(pieces: 1).Open();
        bench.Connect("x");
        var downloader = bench.Connect(".");
        Assert.All(bench.Effects.Introductions, i => Assert.False(i.Introduction.UploadOnly));

        bench.GiveAll();
        bench.StoreAll();
        bench.Pass(0.2);
        Assert.Contains((downloader, true), bench.Effects.UploadOnly);
        bench.Connect(".");
        Assert.True(bench.Effects.Introductions[^1].Introduction.UploadOnly);
        bench.Handle(new SwarmEvent.PieceLost(new PieceIndex(0)));
        bench.Pass(0.2);

        Assert.Contains((downloader, false), bench.Effects.UploadOnly);
    }

    [Fact]
    public void ClosesAPeerThatWantsNothing_WhenItWantsNothingEither()
    {
        var bench = new SwarmBench().Open("xxxx");
        var byHandshake = bench.Connect("x...");
        var byMessage = bench.Connect("x...");
        bench.Connect("x...");

        bench.Extend(byHandshake, new ExtensionHandshake { UploadOnly = true });
        bench.Handle(new SwarmEvent.UploadOnlyChanged(byMessage, true));

        Assert.Equal([(byHandshake, CloseReason.NothingToDo), (byMessage, CloseReason.NothingToDo)], bench.Effects.Closed);
    }

    [Fact]
    public void KeepsAPeerThatWantsNothing_WhileItWantsMore()
    {
        var bench = new SwarmBench().Open();
        var peer = bench.Connect("x...");

        bench.Extend(peer, new ExtensionHandshake { UploadOnly = true });

        Assert.Empty(bench.Effects.Closed);
        Assert.Equal([0], bench.PiecesAsked(peer));
    }

    [Fact]
    public void TriesSeedsAgain_WhenItWantsSomethingAgain()
    {
        var bench = new SwarmBench();
        bench.Handle(new SwarmEvent.PeersFound([SwarmBench.At(60)], true));
        bench.Handle(new SwarmEvent.ContentOpened(bench.Torrent.Info, bench.Torrent.Layers(), bench.Torrent.None, Fetch: false));
        var seed = bench.Connect(endPoint: SwarmBench.At(60));
        bench.Disconnect(seed, CloseReason.NothingToDo);
        bench.Pass(10);
        bench.Effects.Connects.Clear();

        bench.Open();

        Assert.Equal([SwarmBench.At(60)], bench.Effects.Connects);
    }

    [Fact]
    public void SaysThatItLostAPiece_ToWhomTakesIt()
    {
        var bench = new SwarmBench().Open("xxxx");
        var told = bench.Connect("....");
        bench.Extend(told, new ExtensionHandshake { DontHaveId = 7 });
        bench.Connect("....");

        bench.Handle(new SwarmEvent.PieceLost(new PieceIndex(2)));

        Assert.Equal([(told, 2)], bench.Effects.DontHaves);
    }

    [Fact]
    public void AsksForNoPieceThatAPeerLost()
    {
        var bench = new SwarmBench(pieces: 4).Open("xx..");
        var seed = bench.Connect(unchoked: false);
        var partial = bench.Connect("..xx", unchoked: false);

        bench.Handle(new SwarmEvent.PeerLost(seed, 2));
        bench.Handle(new SwarmEvent.PeerLost(partial, 3));
        bench.Handle(new SwarmEvent.ChokeChanged(seed, false));
        bench.Handle(new SwarmEvent.ChokeChanged(partial, false));

        Assert.Equal([3], bench.PiecesAsked(seed));
        Assert.Equal([2], bench.PiecesAsked(partial));
        Assert.False(bench.Peer(seed).IsSeed);
        bench.Disconnect(seed);
        bench.Disconnect(partial);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(-1)]
    public void ClosesAPeer_ThatLosesOrAllowsAPieceThereIsNot(int piece)
    {
        var bench = new SwarmBench().Open();
        var (losing, allowing) = (bench.Connect("x..."), bench.Connect("x..."));

        bench.Handle(new SwarmEvent.PeerLost(losing, piece));
        bench.Handle(new SwarmEvent.FastAllowed(allowing, piece));

        Assert.Equal([(losing, CloseReason.OutOfRange), (allowing, CloseReason.OutOfRange)], bench.Effects.Closed);
    }

    [Fact]
    public void AsksForAllowedPieces_WhileItIsChoked()
    {
        var bench = new SwarmBench(pieces: 6).Open();
        var peer = bench.Connect("xxx...", unchoked: false);
        Assert.Empty(bench.Effects.Requests);

        bench.Handle(new SwarmEvent.FastAllowed(peer, 1));
        bench.Handle(new SwarmEvent.FastAllowed(peer, 5));
        Assert.Equal([1], bench.PiecesAsked(peer));
        bench.Handle(new SwarmEvent.PeerHas(peer, 5));
        bench.GiveAll();
        bench.StoreAll();

        Assert.Equal([1, 5], bench.PiecesAsked(peer));
    }

    [Fact]
    public void AsksNoMoreForAnAllowedPiece_ThatIsRefused()
    {
        var bench = new SwarmBench().Open();
        var peer = bench.Connect(unchoked: false);
        bench.Handle(new SwarmEvent.FastAllowed(peer, 1));
        var asked = bench.RequestsTo(peer);

        foreach (var one in asked) bench.Reject(one);
        bench.Pass(20);

        Assert.Equal(4, asked.Count);
        Assert.Equal(4, bench.RequestsTo(peer).Count);
    }

    [Fact]
    public void AllowsANewPeerAFewPieces_OfThoseItHasAndOthersToo()
    {
        var bench = new SwarmBench(pieces: 40).Open(new string('x', 30) + new string('.', 10));
        bench.Connect(endPoint: SwarmBench.At(200));
        bench.Connect(new string('x', 20) + new string('.', 20));
        var newcomer = bench.Connect(new string('.', 40));
        bench.Connect(new string('x', 10) + new string('.', 30));
        bench.Connect(new string('.', 40), fast: false);

        var set = AllowedFast.SetOf(SwarmBench.At(3), bench.Torrent.InfoHash.Truncated, 40, 10).Select(p => p.Value).Where(p => p < 20);

        Assert.Equal(set.Select(p => (newcomer, p)), bench.Effects.AllowedFast);
        Assert.NotEmpty(bench.Effects.AllowedFast);
    }

    [Fact]
    public void AllowsNothingThatNobodyElseHas()
    {
        var bench = new SwarmBench(pieces: 40).Open(new string('x', 40));

        for (var i = 0; i < 3; i++) bench.Connect(new string('.', 40));

        Assert.Empty(bench.Effects.AllowedFast);
    }

    [Fact]
    public void AllowsNothing_WhenItGivesNothing()
    {
        var bench = new SwarmBench(pieces: 40, options: new SwarmOptions { Upload = false }).Open(new string('x', 40));
        for (var i = 0; i < 2; i++) bench.Connect(new string('x', 39) + ".");

        bench.Connect(new string('.', 40));

        Assert.Empty(bench.Effects.AllowedFast);
    }

    [Fact]
    public void TakesAMoreWelcomePeer_InPlaceOfTheLeastWelcome()
    {
        var (ours, bench) = (Global(1, 9000), new SwarmBench(options: new SwarmOptions { MaxPeers = 2 }).Open("xxxx"));
        var ranked = Enumerable.Range(2, 40).Select(i => Global((byte)i, 5000)).OrderBy(e => PeerPriority.Of(ours, e)).ToList();
        Come(bench, 1, ranked[10], ours);
        Come(bench, 2, ranked[20], ours);

        Come(bench, 3, ranked[5], ours);
        Assert.Equal([(new PeerKey(3), CloseReason.TooMany)], bench.Effects.Closed);
        Come(bench, 4, ranked[15], ours);

        Assert.Equal((new PeerKey(1), CloseReason.TooMany), bench.Effects.Closed[^1]);
        Assert.Equal([2, 4], bench.Swarm.Peers.Select(p => p.Key.Value).Order());
    }

    private static void Come(SwarmBench bench, int key, NetEndPoint from, NetEndPoint ours) => bench.Handle(new SwarmEvent.PeerConnected(
        new PeerKey(key), from, new Handshake(Handshake.ExtensionBit | Handshake.FastBit, bench.Torrent.InfoHash.Truncated, SwarmBench.Name((byte)key)), Incoming: true, ours));

    private static NetEndPoint Global(byte network, int port) => new(new IPAddress([93, network, 216, 34]), port);
}
